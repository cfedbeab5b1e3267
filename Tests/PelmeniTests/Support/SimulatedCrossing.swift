import PelmeniCore
import PelmeniTesting
import TestSupport
import Testing

/// A crossing over the simulated ring: its ends follow a plan, and the simulator's judge checks
/// that each message came whole, once, and to its receiver.
struct SimulatedCrossing: Sendable {
    private static let seeds: ClosedRange<UInt64> = 1...8

    let crossing: Crossing

    /// The plan of a pair with datagrams on a side: every message is awaited, and no end loses any.
    func messages(_ change: (inout SimulatedMessagePlan) -> Void) -> SimulatedMessagePlan {
        let kind: PairKind =
            switch (crossing.from.isStream, crossing.to.isStream) {
            case (true, true): .streams
            case (false, false): .datagrams
            case (true, false): .streamToDatagrams
            case (false, true): .datagramsToStream
            }
        var plan = SimulatedMessagePlan(kind: kind)
        plan.listensOnUnix = crossing.from.isUnix
        plan.forwardsToUnix = crossing.to.isUnix
        plan.socketBuffer = 1 << 10
        change(&plan)
        return plan
    }

    /// A mixed crossing whose stream's end, client or upstream, sends messages of these lengths.
    func fromTheStream(
        _ lengths: [Int], _ change: (inout SimulatedMessagePlan) -> Void = { _ in }
    ) -> SimulatedMessagePlan {
        messages {
            $0.lengths = lengths
            if crossing.from.isStream {
                $0.messages = lengths.count
                $0.answers = 0
            } else {
                // One message asks for all of them.
                $0.messages = 1
                $0.answers = lengths.count
                $0.turn = 1
            }
            change(&$0)
        }
    }

    /// A crowd over a pair of streams, each with bytes of its own both ways.
    func streams(_ sessions: Int, bytes: Int) -> FlowPlan {
        var plan = FlowPlan(
            sessions: sessions, bytesToUpstream: bytes, bytesToClient: bytes, start: .client,
            end: .byClient)
        plan.listensOnUnix = crossing.from.isUnix
        plan.forwardsToUnix = crossing.to.isUnix
        return plan
    }

    /// Runs pairs of messages, or of streams, with some seeds and each of some habits of the ring.
    ///
    /// - Parameter pool: one block for each message of the largest crowd, so that none is dropped
    ///   for lack of one.
    func run(
        _ messages: [SimulatedMessagePlan] = [], streams: [FlowPlan] = [],
        pool: PoolLimits = PoolLimits(smallBlocks: 256, bulkBlocks: 8, datagramBlocks: 256),
        _ location: SourceLocation = #_sourceLocation, judge: (Books) -> Void
    ) {
        for seed in Self.seeds {
            var setup = SimulationSetup(seed: seed, plans: streams)
            setup.world.messages = messages
            setup.pool = pool
            setup.world.sendBuffer = 1 << 20
            setup.world.receiveBuffer = 1 << 20
            setup.world.isMultishot = seed % 2 == 0
            setup.world.postsBlocks = seed % 4 < 2
            let outcome = Simulation.outcome(of: setup)
            let list = outcome.violations.joined(separator: "\n")
            #expect(
                outcome.violations.isEmpty, "\(crossing.testDescription), seed \(seed): \(list)",
                sourceLocation: location)
            let books = Books(outcome)
            #expect(books.accepted == books.causes.values.reduce(0, +), sourceLocation: location)
            judge(books)
        }
    }
}
