/// Sessions whose streams have messages left to cut, first come first served, chained through their
/// rows.
struct UncutQueue {
    private var first: UInt32 = .max
    private var last: UInt32 = .max
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { first == .max }

    mutating func append(_ session: UInt32, _ states: UnsafeMutablePointer<MessageState>) {
        assert(!states[Int(session)].isCutting, "a session stands in the list once")
        states[Int(session)].nextUncut = .max
        states[Int(session)].isCutting = true
        if first == .max { first = session } else { states[Int(last)].nextUncut = session }
        last = session
        count &+= 1
    }

    /// The first session, which waits no more; there has to be one.
    mutating func popFirst(_ states: UnsafeMutablePointer<MessageState>) -> UInt32 {
        assert(count > 0, "somebody waits")
        let session = first
        first = states[Int(session)].nextUncut
        if first == .max { last = .max }
        states[Int(session)].isCutting = false
        count &-= 1
        return session
    }

    /// Takes a session out, wherever it stands.
    mutating func remove(_ session: UInt32, _ states: UnsafeMutablePointer<MessageState>) {
        var previous = UInt32.max
        var at = first
        while at != session {
            guard at != .max else { return }
            previous = at
            at = states[Int(at)].nextUncut
        }
        let next = states[Int(session)].nextUncut
        if previous == .max { first = next } else { states[Int(previous)].nextUncut = next }
        if last == session { last = previous }
        states[Int(session)].isCutting = false
        count &-= 1
    }
}
