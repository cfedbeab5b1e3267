import PelmeniTesting
import Testing

@testable import PelmeniCore

/// The same plans over every ring: no byte lost, doubled or reordered, every end preserved, nothing
/// leaked.
@Suite(.serialized) struct ConformanceTests {
    private static let blockBytes = BlockClass.small.bytes

    private func expectWell(
        _ choice: RingChoice, _ plans: [FlowPlan],
        settings: WorkerHarness.Settings = WorkerHarness.Settings(), seconds: Double = 60,
        refusedFirst: Bool = false, over transport: RealWorld.Transport = .tcp, workers: Int = 1,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        let faults: [String]
        if choice == .simulated {
            var setup = SimulationSetup(seed: seed, plans: plans)
            setup.deadlines = settings.deadlines
            setup.pool = settings.pool
            setup.sessions = settings.sessions
            if refusedFirst { setup.world.upstreams = plans.map { _ in [[.refuses], [.accepts]] } }
            faults = Simulation.outcome(of: setup).violations
        } else {
            let world = try RealWorld(
                choice, plans, settings: settings, seed: seed, refusedFirst: refusedFirst,
                over: transport, workers: workers)
            faults = world.run(seconds: seconds).faults
        }
        let list = faults.joined(separator: "\n")
        #expect(
            faults.isEmpty, "\(choice.rawValue), seed \(seed):\n\(list)", sourceLocation: location)
    }

    // MARK: Sizes, starts, ends

    @Test(arguments: RingChoice.granted, FlowPlan.Start.allCases)
    func sizes(choice: RingChoice, start: FlowPlan.Start) throws {
        let sizes = [0, 1, Self.blockBytes - 1, Self.blockBytes, Self.blockBytes + 1, 300_000]
        var plans: [FlowPlan] = []
        for up in sizes {
            for down in [0, 1, Self.blockBytes] {
                plans.append(
                    FlowPlan(sessions: 1, bytesToUpstream: up, bytesToClient: down, start: start))
                plans.append(
                    FlowPlan(sessions: 1, bytesToUpstream: down, bytesToClient: up, start: start))
            }
        }
        try expectWell(choice, plans)
    }

    private static let ends: [FlowPlan.End] = [
        .byClient, .byUpstream, .byBoth, .clientResets(after: 0), .clientResets(after: 1),
        .clientResets(after: 16384), .clientResets(after: 60_000), .upstreamResets(after: 0),
        .upstreamResets(after: 1), .upstreamResets(after: 16385), .upstreamResets(after: 60_000),
    ]

    @Test(arguments: RingChoice.granted)
    func ends(choice: RingChoice) throws {
        var plans: [FlowPlan] = []
        for end in Self.ends {
            for start in FlowPlan.Start.allCases {
                plans.append(
                    FlowPlan(
                        sessions: 3, bytesToUpstream: 60_000, bytesToClient: 60_000, chunk: 7000,
                        start: start, end: end))
            }
        }
        try expectWell(choice, plans)
    }

    /// One side has ended long before the other one finishes.
    @Test(arguments: RingChoice.granted)
    func halfClose(choice: RingChoice) throws {
        try expectWell(
            choice,
            [
                FlowPlan(sessions: 4, bytesToUpstream: 10, bytesToClient: 900_000, end: .byBoth),
                FlowPlan(sessions: 4, bytesToUpstream: 900_000, bytesToClient: 10, end: .byBoth),
                FlowPlan(
                    sessions: 4, bytesToUpstream: 0, bytesToClient: 200_000, start: .client,
                    end: .byClient),
            ])
    }

    // MARK: Many, and much

    @Test(arguments: RingChoice.granted)
    func aHundredSessions(choice: RingChoice) throws {
        try expectWell(
            choice,
            [
                FlowPlan(sessions: 50, bytesToUpstream: 40_000, bytesToClient: 40_000),
                FlowPlan(sessions: 50, bytesToUpstream: 100, bytesToClient: 16_384, end: .byClient),
            ])
    }

    @Test(arguments: RingChoice.granted)
    func aThousandSessions(choice: RingChoice) throws {
        try expectWell(
            choice,
            [FlowPlan(sessions: 1000, bytesToUpstream: 3000, bytesToClient: 5000, end: .byClient)])
    }

    @Test(arguments: RingChoice.granted)
    func fiftyMebibytes(choice: RingChoice) throws {
        let bytes = choice == .simulated ? 4 << 20 : 50 << 20
        try expectWell(
            choice,
            [
                FlowPlan(
                    bytesToUpstream: bytes / 10, bytesToClient: bytes, chunk: 256 << 10,
                    end: .byUpstream)
            ])
    }

    // MARK: Other sockets

    private static let orderly: [FlowPlan.End] = [.byClient, .byUpstream, .byBoth]

    /// A Unix socket has no reset.
    @Test(arguments: RingChoice.real) func unixSockets(choice: RingChoice) throws {
        let sizes = [(0, 1), (1, 0), (300_000, 20), (20, 300_000), (60_000, 60_000)]
        let plans = Self.orderly.flatMap { end in
            sizes.map { up, down in
                FlowPlan(
                    sessions: 8, bytesToUpstream: up, bytesToClient: down, chunk: 7000, end: end)
            }
        }
        try expectWell(choice, plans, over: .unix)
    }

    /// Two workers watch each listener, and every connection belongs to one of them.
    @Test(arguments: RingChoice.real, [RealWorld.Transport.tcp, .unix])
    func listenersOfTwoWorkers(choice: RingChoice, transport: RealWorld.Transport) throws {
        let plans = Self.orderly.map {
            FlowPlan(sessions: 60, bytesToUpstream: 20_000, bytesToClient: 20_000, end: $0)
        }
        try expectWell(choice, plans, over: transport, workers: 2)
    }

    // MARK: Too little of everything

    @Test(arguments: RingChoice.granted)
    func aPoolOfFourBlocks(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.pool = PoolLimits(smallBlocks: 4, bulkBlocks: 2)
        try expectWell(
            choice, [FlowPlan(sessions: 40, bytesToUpstream: 100_000, bytesToClient: 100_000)],
            settings: settings)
    }

    @Test(arguments: RingChoice.granted)
    func moreClientsThanSessions(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.sessions = 5
        try expectWell(
            choice,
            [
                FlowPlan(sessions: 30, bytesToUpstream: 2000, bytesToClient: 2000),
                FlowPlan(sessions: 30, bytesToUpstream: 2000, bytesToClient: 2000),
            ], settings: settings)
    }

    @Test(arguments: RingChoice.granted)
    func aRefusedUpstreamIsFollowedByTheNext(choice: RingChoice) throws {
        try expectWell(
            choice, [FlowPlan(sessions: 20, bytesToUpstream: 500, bytesToClient: 500)],
            refusedFirst: true)
    }

    /// Resets from both sides in the middle of full transfers, over and over: cancels race with
    /// results.
    @Test(arguments: RingChoice.granted)
    func aStormOfResets(choice: RingChoice) throws {
        let plans = (0..<12).map { index in
            FlowPlan(
                sessions: 25, bytesToUpstream: 200_000, bytesToClient: 200_000,
                end: index % 2 == 0
                    ? .clientResets(after: index * 9001) : .upstreamResets(after: index * 9001))
        }
        try expectWell(choice, plans)
    }

    @Test(arguments: RingChoice.granted)
    func lateReadersGetEverything(choice: RingChoice) throws {
        try expectWell(
            choice,
            [
                FlowPlan(
                    sessions: 10, bytesToUpstream: 10, bytesToClient: 5_000_000,
                    chunk: 256 << 10, end: .byUpstream, clientReading: .late(300_000_000))
            ])
    }
}
