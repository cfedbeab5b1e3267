/// Slots in reading order, chained through their rows.
struct ReadyList {
    private var first: UInt32 = .max
    private var last: UInt32 = .max
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { first == .max }

    @inline(__always)
    mutating func append(_ slot: UInt32, _ rows: UnsafeMutablePointer<Readiness>) {
        rows[Int(slot)].next = .max
        if first == .max { first = slot } else { rows[Int(last)].next = slot }
        last = slot
        count &+= 1
    }

    /// The first slot, or `UInt32.max`.
    @inline(__always)
    mutating func popFirst(_ rows: UnsafeMutablePointer<Readiness>) -> UInt32 {
        let slot = first
        guard slot != .max else { return slot }
        first = rows[Int(slot)].next
        if first == .max { last = .max }
        count &-= 1
        return slot
    }
}
