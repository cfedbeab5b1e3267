import PelmeniTesting
import Testing

@testable import PelmeniCore

/// Long streams, which go through pipes: bytes, ends and resets as with blocks, and nothing leaked.
@Suite(.serialized) struct SpliceTests {
    private static let much = 4 << 20

    /// The spliced bytes, and the faults.
    private func run(
        _ choice: RingChoice, _ plans: [FlowPlan],
        settings: WorkerHarness.Settings = WorkerHarness.Settings(), cuts: Bool = false
    ) throws -> (faults: [String], spliced: UInt64) {
        let seed = UInt64.random(in: 1...UInt64.max)
        let name = "\(choice.rawValue), seed \(seed)"
        guard choice == .simulated else {
            var allowances = FlowJudge.Allowances()
            allowances.cuts = cuts
            let world = try RealWorld(choice, plans, settings: settings, seed: seed)
            let (faults, report) = world.run(seconds: 60, allowances: allowances)
            return (faults.map { name + ": " + $0 }, report?.bytesSpliced ?? 0)
        }
        var setup = SimulationSetup(seed: seed, plans: plans)
        setup.deadlines = settings.deadlines
        setup.pool = settings.pool
        setup.allowances.cuts = cuts
        // Buffers of a fast network, so that receives fill blocks.
        setup.world.sendBuffer = 1 << 20
        setup.world.receiveBuffer = 1 << 20
        let outcome = Simulation.outcome(of: setup)
        return (
            outcome.violations.map { name + ": " + $0 },
            outcome.points[SimulatedPoint.spliced.rawValue]
        )
    }

    private func expectWell(
        _ result: (faults: [String], spliced: UInt64), location: SourceLocation = #_sourceLocation
    ) {
        #expect(
            result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))",
            sourceLocation: location)
        #expect(result.spliced > 0, "nothing was spliced", sourceLocation: location)
    }

    @Test(arguments: RingChoice.granted, [FlowPlan.End.byBoth, .byClient, .byUpstream])
    func bothWays(choice: RingChoice, end: FlowPlan.End) throws {
        expectWell(
            try run(
                choice,
                [
                    FlowPlan(
                        sessions: 3, bytesToUpstream: Self.much, bytesToClient: Self.much,
                        chunk: 256 << 10, end: end)
                ]))
    }

    /// Bytes in a pipe still arrive after the other side's end, and then the end.
    @Test(arguments: RingChoice.granted)
    func aSlowReaderGetsAllBeforeTheEnd(choice: RingChoice) throws {
        expectWell(
            try run(
                choice,
                [
                    FlowPlan(
                        sessions: 4, bytesToUpstream: 10, bytesToClient: Self.much,
                        chunk: 256 << 10, end: .byUpstream, clientReading: .late(300_000_000)),
                    FlowPlan(
                        sessions: 4, bytesToUpstream: Self.much, bytesToClient: 10,
                        chunk: 256 << 10, end: .byBoth, upstreamReading: .late(300_000_000)),
                ]))
    }

    /// One at a time: a reset waits a second for the bytes before it, and no longer.
    @Test(arguments: RingChoice.granted)
    func resets(choice: RingChoice) throws {
        let much = 2 << 20
        func plan(_ up: Int, _ down: Int, _ end: FlowPlan.End) -> FlowPlan {
            FlowPlan(bytesToUpstream: up, bytesToClient: down, chunk: 256 << 10, end: end)
        }
        var plans = [
            plan(much, 10, .clientResets(after: much / 2)),
            plan(much, 10, .clientResets(after: much)),
            plan(10, much, .upstreamResets(after: much / 2)),
            plan(10, much, .upstreamResets(after: much)),
            plan(1 << 20, 1 << 20, .clientResets(after: 1 << 20)),
            plan(1 << 20, 1 << 20, .upstreamResets(after: 1 << 20)),
        ]
        // Reset while its bytes wait in a pipe.
        plans[1].upstreamReading = .late(200_000_000)
        plans[3].clientReading = .late(200_000_000)
        var spliced: UInt64 = 0
        for plan in plans {
            let result = try run(choice, [plan])
            spliced += result.spliced
            #expect(result.faults.isEmpty, "\(result.faults.joined(separator: "\n"))")
        }
        #expect(spliced > 0, "nothing was spliced")
    }

    /// Many more streams than pipes: the others go through blocks.
    @Test(arguments: RingChoice.granted)
    func moreStreamsThanPipes(choice: RingChoice) throws {
        let sessions = 3 * Limits.pipesMax
        expectWell(
            try run(
                choice,
                [
                    FlowPlan(
                        sessions: sessions, bytesToUpstream: 10, bytesToClient: 1 << 20,
                        chunk: 256 << 10, end: .byUpstream, clientReading: .late(100_000_000)),
                    FlowPlan(sessions: 20, bytesToUpstream: 5000, bytesToClient: 5000),
                ]))
    }

    /// The stall deadline ends readers that never read, and frees their pipes.
    @Test(arguments: RingChoice.real)
    func stalledReadersGivePipesBack(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.deadlines.stall = 500_000_000
        let stalled = Limits.pipesMax + 4
        let world = try RealWorld(
            choice,
            [
                FlowPlan(
                    sessions: stalled, bytesToUpstream: 10, bytesToClient: 16 << 20,
                    chunk: 256 << 10, end: .byUpstream, clientReading: .never)
            ], settings: settings, seed: 11)
        let (faults, report) = world.run(seconds: 30)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(report?.causes[.sendStalled] == UInt64(stalled))
        #expect((report?.bytesSpliced ?? 0) > 0)
    }

    /// Many finished streams: each ends for its silence, and in order. Simulated alone: on a busy
    /// machine no silence can be told from a lack of time.
    @Test func aSilentCrowdIsNotReset() throws {
        var settings = WorkerHarness.Settings()
        settings.deadlines.idle = 1_000_000_000
        expectWell(
            try run(
                .simulated,
                [
                    FlowPlan(
                        sessions: 3 * Limits.contentionThreshold, bytesToUpstream: 600_000,
                        bytesToClient: 10, chunk: 1 << 20, end: .byProxy)
                ], settings: settings))
    }

    /// A stop while pipes are full leaves nothing behind.
    @Test(arguments: RingChoice.real)
    func aStopCutsFullPipesOff(choice: RingChoice) throws {
        let world = try RealWorld(
            choice,
            [
                FlowPlan(
                    sessions: 8, bytesToUpstream: 10, bytesToClient: 16 << 20, chunk: 256 << 10,
                    end: .byUpstream, clientReading: .never)
            ], settings: WorkerHarness.Settings(), seed: 12)
        world.harness.start()
        world.move(seconds: 10) { world.harness.bytesSpliced > 0 }
        world.harness.stop()
        var allowances = FlowJudge.Allowances()
        allowances.cuts = true
        let (faults, report) = world.finish(allowances)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect((report?.bytesSpliced ?? 0) > 0)
    }
}
