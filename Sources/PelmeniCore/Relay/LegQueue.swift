/// Legs that wait for the same thing, first come first served, chained through their rows.
struct LegQueue {
    private(set) var first: LegID = .none
    private var last: LegID = .none
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { first == .none }

    mutating func append(_ leg: LegID, _ legs: LegTable) {
        assert(leg != last, "a leg stands in a list once")
        legs[leg].next = .none
        if first == .none { first = leg } else { legs[last].next = leg }
        last = leg
        count &+= 1
    }

    /// The first leg, or none.
    mutating func popFirst(_ legs: LegTable) -> LegID {
        let leg = first
        assert((leg == .none) == (count == 0), "a list counts its legs")
        guard leg != .none else { return leg }
        first = legs[leg].next
        if first == .none { last = .none }
        legs[leg].next = .none
        count &-= 1
        return leg
    }

    /// Takes a leg out, wherever it stands. False when it is not in this queue.
    mutating func remove(_ leg: LegID, _ legs: LegTable) -> Bool {
        var previous = LegID.none
        var at = first
        while at != .none, at != leg {
            previous = at
            at = legs[at].next
        }
        guard at == leg else { return false }
        let next = legs[leg].next
        if previous == .none { first = next } else { legs[previous].next = next }
        if last == leg { last = previous }
        legs[leg].next = .none
        count &-= 1
        return true
    }
}
