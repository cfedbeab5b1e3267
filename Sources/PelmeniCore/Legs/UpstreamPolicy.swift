/// Which upstream of its pair a session dials next: round-robin, each once, upstreams in backoff
/// only in the second round, the addresses of each in order. 11 bytes of a session's row.
struct UpstreamPolicy {
    /// Dialled upstreams, a bit each.
    private var attempted: UInt64 = 0
    /// The session's first upstream, of ``Upstream/upstreamsMax``.
    private var first: UInt8
    /// Upstreams passed over or left so far.
    private var visited: UInt8 = 0
    /// The next address of the current upstream.
    private(set) var address: UInt8 = 0

    init(first: UInt8 = 0) { self.first = first }

    /// The current upstream's number, in a pair of `count`.
    @inline(__always)
    func current(of count: UInt8) -> Int { Int((first &+ visited) % max(1, count)) }

    /// All upstreams were visited twice.
    @inline(__always)
    func isOver(_ count: UInt8) -> Bool { visited >= 2 &* count }

    /// Whether this session still has to dial an address of the upstream.
    func mayDial(_ upstream: Int) -> Bool {
        address > 0 || attempted & (1 << UInt64(upstream)) == 0
    }

    /// Whether an upstream in backoff is left for the second round.
    func passesOver(isBackingOff: Bool, of count: UInt8) -> Bool {
        address == 0 && isBackingOff && visited < count
    }

    mutating func nextAddress(of upstream: Int) -> Int {
        attempted |= 1 << UInt64(upstream)
        defer { address &+= 1 }
        return Int(address)
    }

    /// Dials the current upstream's addresses once more.
    mutating func restart() { address = 0 }

    /// Moves to the next upstream.
    mutating func moveOn() {
        visited &+= 1
        address = 0
    }
}
