/// The relay's sessions.
typealias SessionTable = RowTable<RowTableName.Sessions, SessionRow>

/// An accepted leg and the upstream leg linked to it: one row of the relay's table.
struct SessionRow: QueuedRow {
    typealias Table = RowTableName.Sessions

    /// Where a session stands.
    enum Phase: UInt8 {
        case free
        case connecting
        case relaying
        /// One side was reset; the other one is reset once it has what came before.
        case resetting
        /// Waits for its legs' last completions.
        case ending

        /// Which phases may follow.
        func leads(to next: Phase) -> Bool {
            switch self {
            case .free: next == .connecting
            case .connecting: next == .relaying || next == .ending
            case .relaying: next == .resetting || next == .ending
            case .resetting: next == .ending
            case .ending: next == .free
            }
        }
    }

    /// The client's leg; none when it is one of a listener's many clients.
    var client: LegID = .none
    /// The linked upstream leg. While connecting: the first of the attempts, chained by `next`.
    var upstream: LegID = .none
    /// Which upstreams it dials, while it connects.
    var policy = UpstreamPolicy()
    private(set) var phase: Phase = .free
    var kind: PairKind = .streams
    var hasCause = false
    var cause: EndCause = .internal
    /// Legs that are not closed; a client without one counts as one.
    var legs: UInt8 = 0
    /// Any byte at all, in either direction.
    var hasBytes = false
    /// The keepalive is set.
    var hasLateOptions = false
    var pair = PairID(0)
    /// The next free row.
    var next: SessionID = .none

    var openedAt: UInt64 = 0
    /// The last byte in either direction.
    var activeAt: UInt64 = 0
    /// When the current upstream was first dialled.
    var dialledAt: UInt64 = 0
    /// When the last address of it was dialled.
    var attemptAt: UInt64 = 0
    /// When a busy upstream is dialled again; 0 is never.
    var retryAt: UInt64 = 0
    /// When one side ended.
    var endedAt: UInt64 = 0
    /// When a reset is forwarded though bytes are still outstanding; 0 is never.
    var resetAt: UInt64 = 0

    /// The one way from a phase to the next.
    @inline(__always)
    mutating func move(to next: Phase) {
        assert(phase.leads(to: next), "a session goes from \(phase) to \(next)")
        phase = next
    }
}
