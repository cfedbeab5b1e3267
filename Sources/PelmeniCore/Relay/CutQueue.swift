/// Message streams that one loop could not cut whole, and the messages that one loop cuts.
struct CutQueue {
    private var sessions = RowQueue<MessageState>()
    /// Messages that this loop may still cut.
    private(set) var budget = RelayLimits.messagesInLoop

    @inline(__always)
    var isEmpty: Bool { sessions.isEmpty }
    var count: Int { sessions.count }

    /// A new loop begins.
    @inline(__always)
    mutating func renew() { budget = RelayLimits.messagesInLoop }

    /// Grants one stream its messages; what it leaves comes back with ``giveBack(_:)``.
    @inline(__always)
    mutating func grant() -> Int {
        let messages = min(RelayLimits.messagesAtOnce, budget)
        budget &-= messages
        return messages
    }

    @inline(__always)
    mutating func giveBack(_ messages: Int) { budget &+= messages }

    mutating func append(_ session: SessionID, _ states: MessageTable) {
        assert(!states[session].isCutting, "a session stands in the queue once")
        states[session].isCutting = true
        sessions.append(session, states)
    }

    /// The next session; there has to be one.
    mutating func popFirst(_ states: MessageTable) -> SessionID {
        let session = sessions.popFirst(states)
        states[session].isCutting = false
        return session
    }

    mutating func remove(_ session: SessionID, _ states: MessageTable) {
        let wasThere = sessions.remove(session, states)
        assert(wasThere, "a session that is cut stands in the queue")
        states[session].isCutting = false
    }
}
