typealias DialID = RowID<RowTableName.Dials>

/// What a session knows of its upstreams while it dials one: a row of its own, so that a session
/// that is connected does not keep it.
struct DialRow: QueuedRow {
    typealias Table = RowTableName.Dials

    /// The choice of upstreams.
    var policy = UpstreamPolicy()
    // In the policy's last word.
    var next: DialID = .none
    /// When the current upstream was first dialled.
    var dialledAt: UInt64 = 0
    /// When its last address was dialled.
    var attemptAt: UInt64 = 0
    /// When a busy upstream is dialled again; 0 is never.
    var retryAt: UInt64 = 0
}

extension Legs where R: ~Copyable {
    /// The row of a session that dials.
    @inline(__always)
    func dialRow(_ session: SessionID) -> UnsafeMutablePointer<DialRow> {
        dials.rows.row(sessions[session].dial)
    }

    /// The session has a choice of upstreams from now on, or a new one.
    mutating func beginChoice(_ session: SessionID, _ policy: UpstreamPolicy) {
        if sessions[session].dial.isNone { sessions[session].dial = dials.takeChoice() }
        dialRow(session).pointee = DialRow(policy: policy)
    }

    /// The session has an upstream, or gave up.
    mutating func endChoice(_ session: SessionID) {
        guard !sessions[session].dial.isNone else { return }
        dials.giveBack(sessions[session].dial)
        sessions[session].dial = .none
    }
}
