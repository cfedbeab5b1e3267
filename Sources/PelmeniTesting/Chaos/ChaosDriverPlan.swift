internal import PelmeniCore

/// The driver of a simulated pair: it does what the built-in side would do, so that the judge needs
/// no other rules; but in pieces, late, and now and then not at all.
package struct ChaosDriverPlan: Sendable {
    var sides = DrivenSides.upstream
    /// The driver throws, ends sessions, and gives more commands than it may.
    package var isViolent = false
    /// The driver keeps bytes for a while, or leaves them untaken.
    package var holds = false
    /// The messages of a datagram client belong to two sessions in turn.
    package var hasTags = false
    /// One that speaks with both sides, in place of those.
    var ofPair: ChaosPairPlan?

    package init() {}

    init(ofPair plan: ChaosPairPlan) {
        sides = []
        ofPair = plan
    }

    /// - Parameters:
    ///   - messages: of the pair; nil where it has none.
    ///   - isOfClient: the driver's own side is the client's.
    ///   - framing: of the driver's own stream; nil is a socket of datagrams.
    func driver(
        seed: UInt64, _ kernel: SimulatedKernel, _ messages: SimulatedMessagePlan?,
        isOfClient: Bool, framing: Framing?
    ) -> DriverPlan {
        let settings = ChaosDriverSettings(
            plan: self, seed: seed, isOfClient: isOfClient, framing: framing,
            maxFrame: messages?.maxFrame ?? 0,
            tagged: hasTags ? messages : nil,
            points: ChaosPoints(base: kernel.points, books: kernel.chaos.books))
        let isMessage = messages?.kind.hasMessages ?? false
        let table =
            isMessage
            ? DriverTable(ChaosMessages(settings: settings))
            : DriverTable(ChaosStream(settings: settings))
        var plan = DriverPlan(table)
        plan.socket.reportsErrors = seed >> 4 & 1 == 1
        return plan
    }

    /// Whether a chaos driver can speak the framing of a pair's stream: each message of the other
    /// side has to have a form in it, since a driver counts no message as too long.
    static func speaks(_ framing: Framing, in plan: SimulatedMessagePlan) -> Bool {
        let isBetweenStreams = plan.kind == .framedStreams
        return switch framing {
        case .u32be: true
        case .u16be:
            max(plan.sizeMost(isResponse: false), plan.sizeMost(isResponse: true)) <= 0xffff
        case .octetCount, .syslog: isBetweenStreams || !plan.hasEmpty
        case .line, .delimiter: isBetweenStreams
        default: false
        }
    }
}

struct ChaosDriverSettings: Sendable {
    var plan: ChaosDriverPlan
    var seed: UInt64
    /// The driver's own side is the client's.
    var isOfClient: Bool
    var framing: Framing?
    var maxFrame: Int
    /// The messages that have tags.
    var tagged: SimulatedMessagePlan?
    var points: ChaosPoints
}
