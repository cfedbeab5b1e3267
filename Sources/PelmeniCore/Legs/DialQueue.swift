/// Clients whose sessions wait to be dialled, and the number of dials per loop.
///
/// On loopback connect(2) runs the whole handshake, the listener's side included: a thousand
/// sessions accepted at once delayed all others by 60 ms and more.
struct DialQueue {
    private var clients = LegQueue()
    /// Dials left in this loop.
    private var budget = Limits.dialsInLoop

    @inline(__always)
    var isEmpty: Bool { clients.isEmpty }

    /// A burst of sessions: their legs are read round-robin from the start.
    var isContended: Bool { clients.count >= Limits.contentionThreshold }

    /// A new loop begins.
    @inline(__always)
    mutating func renew() { budget = Limits.dialsInLoop }

    /// Grants a dial to a new session. False when the loop has none left, or other sessions wait.
    @inline(__always)
    mutating func grant() -> Bool {
        guard budget > 0, clients.isEmpty else { return false }
        budget &-= 1
        return true
    }

    mutating func append(_ client: LegID, _ legs: LegTable) {
        assert(legs[client].reading == .idle, "a leg stands in one list")
        legs[client].move(to: .queued)
        clients.append(client, legs)
    }

    /// The next client that this loop may dial for, or none.
    mutating func popFirst(_ legs: LegTable) -> LegID {
        guard budget > 0, !clients.isEmpty else { return .none }
        budget &-= 1
        let client = clients.popFirst(legs)
        legs[client].move(to: .open)
        return client
    }

    /// Takes a client out before its dial.
    mutating func remove(_ client: LegID, _ legs: LegTable) {
        let wasThere = clients.remove(client, legs)
        assert(wasThere, "a queued leg stands in the queue")
        legs[client].move(to: .open)
    }
}
