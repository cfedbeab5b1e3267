/// Sessions that choose an upstream: their clients that wait to be dialled, the number of dials per
/// loop, and the rows of choices.
///
/// On loopback connect(2) runs the whole handshake, the listener's side included: a thousand
/// sessions accepted at once delayed all others by 60 ms and more.
struct DialQueue {
    private var clients = LegQueue()
    /// Dials left in this loop.
    private var budget = Limits.dialsInLoop
    private var choices: RowSlab<DialRow>
    /// Sessions with a choice.
    private(set) var choiceCount = 0

    /// Nil when memory runs out.
    init?(sessions: Int) {
        guard let choices = RowSlab<DialRow>(capacity: sessions) else { return nil }
        self.choices = choices
    }

    /// No copy of the queue may be used afterwards.
    func destroy() { choices.destroy() }

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

    // MARK: Choices

    @inline(__always)
    var rows: RowTable<RowTableName.Dials, DialRow> { choices.rows }

    /// A row for a session that has none.
    mutating func takeChoice() -> DialID {
        let id = choices.allocate()
        assert(!id.isNone, "each session has a row")
        choiceCount &+= 1
        return id
    }

    mutating func giveBack(_ choice: DialID) {
        assert(choiceCount > 0, "a session with a choice is counted")
        choices.giveBack(choice)
        choiceCount &-= 1
    }
}
