/// Legs that wait for the same thing, first come first served, chained through their rows.
struct LegQueue {
    private(set) var first: UInt32 = .max
    private var last: UInt32 = .max
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { first == .max }

    mutating func append(_ leg: UInt32, _ legs: UnsafeMutablePointer<Leg>) {
        assert(leg != last, "a leg stands in a list once")
        legs[Int(leg)].next = .max
        if first == .max { first = leg } else { legs[Int(last)].next = leg }
        last = leg
        count &+= 1
    }

    /// The first leg, or `UInt32.max`.
    mutating func popFirst(_ legs: UnsafeMutablePointer<Leg>) -> UInt32 {
        let leg = first
        assert((leg == .max) == (count == 0), "a list counts its legs")
        guard leg != .max else { return leg }
        first = legs[Int(leg)].next
        if first == .max { last = .max }
        legs[Int(leg)].next = .max
        count &-= 1
        return leg
    }

    /// Takes a leg out, wherever it stands. False when it is not in this queue.
    mutating func remove(_ leg: UInt32, _ legs: UnsafeMutablePointer<Leg>) -> Bool {
        var previous = UInt32.max
        var at = first
        while at != .max, at != leg {
            previous = at
            at = legs[Int(at)].next
        }
        guard at == leg else { return false }
        let next = legs[Int(leg)].next
        if previous == .max { first = next } else { legs[Int(previous)].next = next }
        if last == leg { last = previous }
        legs[Int(leg)].next = .max
        count &-= 1
        return true
    }
}
