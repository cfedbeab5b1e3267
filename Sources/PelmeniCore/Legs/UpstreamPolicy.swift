/// Which upstream of its pair a session dials next: each in turn and once, the resting ones only
/// the second time around, the addresses of each in order.
///
/// Only values, 11 bytes of a session's row.
struct UpstreamPolicy {
    /// Upstreams that were dialled, a bit each.
    private var attempted: UInt64 = 0
    /// The upstream in turn for the session, of ``Upstream/upstreamsMax``.
    private var first: UInt8
    /// Upstreams passed over or left so far.
    private var visited: UInt8 = 0
    /// The next address of the current upstream.
    private(set) var address: UInt8 = 0

    init(first: UInt8 = 0) { self.first = first }

    /// The current upstream's number, in a pair of so many.
    @inline(__always)
    func current(of count: UInt8) -> Int { Int((first &+ visited) % max(1, count)) }

    /// All upstreams were visited twice.
    @inline(__always)
    func isOver(_ count: UInt8) -> Bool { visited >= 2 &* count }

    /// Whether some address of an upstream is still to be dialled by this session.
    func mayDial(_ upstream: Int) -> Bool {
        address > 0 || attempted & (1 << UInt64(upstream)) == 0
    }

    /// Whether an upstream that rests after failures is left for the second time around.
    func passesOver(isBackingOff: Bool, of count: UInt8) -> Bool {
        address == 0 && isBackingOff && visited < count
    }

    /// The number of the address to dial.
    mutating func takeAddress(of upstream: Int) -> Int {
        attempted |= 1 << UInt64(upstream)
        defer { address &+= 1 }
        return Int(address)
    }

    /// The current upstream's addresses are dialled once more.
    mutating func restart() { address = 0 }

    /// The next upstream is the current one.
    mutating func moveOn() {
        visited &+= 1
        address = 0
    }
}
