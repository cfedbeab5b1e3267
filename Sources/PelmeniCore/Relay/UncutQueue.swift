/// Sessions whose streams have messages left to cut, first come first served, chained through their
/// rows.
struct UncutQueue {
    private var first: SessionID = .none
    private var last: SessionID = .none
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { first == .none }

    mutating func append(_ session: SessionID, _ states: MessageTable) {
        assert(!states[session].isCutting, "a session stands in the list once")
        states[session].nextUncut = .none
        states[session].isCutting = true
        if first == .none { first = session } else { states[last].nextUncut = session }
        last = session
        count &+= 1
    }

    /// The first session, which waits no more; there has to be one.
    mutating func popFirst(_ states: MessageTable) -> SessionID {
        assert(count > 0, "somebody waits")
        let session = first
        first = states[session].nextUncut
        if first == .none { last = .none }
        states[session].isCutting = false
        count &-= 1
        return session
    }

    /// Takes a session out, wherever it stands.
    mutating func remove(_ session: SessionID, _ states: MessageTable) {
        var previous = SessionID.none
        var at = first
        while at != session {
            guard at != .none else { return }
            previous = at
            at = states[at].nextUncut
        }
        let next = states[session].nextUncut
        if previous == .none { first = next } else { states[previous].nextUncut = next }
        if last == session { last = previous }
        states[session].isCutting = false
        count &-= 1
    }
}
