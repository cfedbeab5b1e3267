/// Which upstream of its pair a session dials next: round-robin, each once, upstreams in backoff
/// only in the second round, the addresses of each one after the other.
struct UpstreamPolicy {
    /// Dialled upstreams, a bit each.
    private var attempted: UInt64 = 0
    /// The upstream's last lookup when one of its addresses was dialled.
    private(set) var lookup: UInt32 = 0
    /// Dialled addresses of the current upstream, a bit each.
    private(set) var addresses: UInt16 = 0
    /// No address of the current upstream is dialled yet.
    private(set) var isFresh = true
    /// The session's first upstream, of ``Upstream/upstreamsMax``.
    private var first: UInt8
    /// Upstreams passed over or left so far.
    private var visited: UInt8 = 0

    init(first: UInt8 = 0) { self.first = first }

    /// The current upstream's number, in a pair of `count`.
    @inline(__always)
    func current(of count: UInt8) -> Int { Int((first &+ visited) % max(1, count)) }

    /// All upstreams were visited twice.
    @inline(__always)
    func isOver(_ count: UInt8) -> Bool { visited >= 2 &* count }

    /// Whether this session still has to dial an address of the upstream.
    func mayDial(_ upstream: Int) -> Bool {
        !isFresh || attempted & (1 << UInt64(upstream)) == 0
    }

    /// Whether an upstream in backoff is left for the second round.
    func passesOver(isBackingOff: Bool, of count: UInt8) -> Bool {
        isFresh && isBackingOff && visited < count
    }

    /// The session dials an address of an upstream.
    mutating func noteDialled(_ address: Int, of upstream: Int) {
        assert(addresses & (1 << UInt16(address)) == 0, "an address is dialled once")
        attempted |= 1 << UInt64(upstream)
        addresses |= 1 << UInt16(address)
        isFresh = false
    }

    /// A lookup gave numbers to other addresses, which are not dialled yet.
    mutating func forget(_ numbers: UInt16, lookup: UInt32) {
        addresses &= ~numbers
        self.lookup = lookup
    }

    /// Dials the current upstream's addresses once more.
    mutating func restart() {
        addresses = 0
        isFresh = true
    }

    /// Moves to the next upstream.
    mutating func moveOn() {
        visited &+= 1
        restart()
    }
}
