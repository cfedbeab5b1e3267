typealias SessionTable = RowTable<RowTableName.Sessions, SessionRow>

/// An accepted leg and its linked upstream leg: 64 bytes, as each idle session has one.
struct SessionRow: QueuedRow {
    typealias Table = RowTableName.Sessions

    enum Phase: UInt8 {
        case free
        case connecting
        case relaying
        /// One side was reset; the other one is reset once the bytes before that are delivered.
        case resetting
        /// Waits for its legs' last completions.
        case ending

        func leads(to next: Phase) -> Bool {
            switch self {
            case .free: next == .connecting
            case .connecting: next == .relaying || next == .ending
            // A pair's driver dials whenever it needs an upstream.
            case .relaying: next == .resetting || next == .ending || next == .connecting
            case .resetting: next == .ending
            case .ending: next == .free
            }
        }
    }

    struct Marks: OptionSet {
        let rawValue: UInt8

        /// The keepalive is set.
        static let lateOptions = Marks(rawValue: 1 << 0)
        /// A notice of the session waits.
        static let noticed = Marks(rawValue: 1 << 1)
        /// A byte has moved in either direction.
        static let hasBytes = Marks(rawValue: 1 << 2)
        /// No client's: it ends once it knows whether an upstream accepts.
        static let probe = Marks(rawValue: 1 << 3)
    }

    /// The client's leg; none for one of a listener's many clients.
    var client: LegID = .none
    /// The linked upstream leg. While connecting: the first of the attempts, chained by `next`.
    var upstream: LegID = .none
    /// Of a session that chooses its upstream.
    var dial: DialID = .none
    private(set) var phase: Phase = .free
    var kind: PairKind = .streams
    var hasCause = false
    var cause: EndCause = .internal
    /// Open legs; a client without one counts as one.
    var legs: UInt8 = 0
    var marks: Marks = []
    var pair = PairID(0)
    /// The next free row.
    var next: SessionID = .none

    var openedAt: UInt64 = 0
    var activeAt: UInt64 = 0
    /// When one side ended.
    var endedAt: UInt64 = 0
    /// When a reset is forwarded even with bytes outstanding; 0 is never.
    var resetAt: UInt64 = 0

    @inline(__always)
    mutating func move(to next: Phase) {
        assert(phase.leads(to: next), "a session goes from \(phase) to \(next)")
        phase = next
    }
}
