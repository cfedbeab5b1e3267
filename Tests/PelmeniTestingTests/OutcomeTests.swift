import PelmeniTesting
import Testing

/// The embedder's calls, and their results.
@Suite struct OutcomeTests {
    @Test func theEngineLosesNothing() {
        #expect(Simulation.firstFailure(in: 1...30) == nil)
    }

    @Test func seedsPass() {
        #expect(Simulation.firstFailure(in: [7, 3_011]) == nil)
        let outcome = Simulation.run(seed: 83)
        #expect(outcome.hasPassed)
        #expect(outcome.sessions > 0)
        #expect("\(outcome)".hasPrefix("seed 83: passed, \(outcome.sessions) sessions"))
    }

    @Test func aRunIsTold() {
        var lines: [String] = []
        let outcome = Simulation.run(seed: 4) { lines.append($0) }
        #expect(outcome.hasPassed)
        #expect(lines.count > 100)
        #expect(lines.contains { $0.contains("connects") })
    }

    /// Sessions that a stop cuts off are a failure unless the setup allows them.
    @Test func aFailureNamesItsSeed() {
        var setup = SimulationSetup(
            seed: 4711,
            plans: [FlowPlan(sessions: 20, bytesToUpstream: 90_000, bytesToClient: 90_000)])
        setup.world.stopsAt = 5_002_000_000
        let outcome = Simulation.outcome(of: setup)
        #expect(!outcome.hasPassed)
        #expect(!outcome.violations.isEmpty)
        let text = "\(outcome)"
        #expect(text.hasPrefix("seed 4711: \(outcome.violations[0])"))
        #expect(text.hasSuffix("(to repeat it: Simulation.run(seed: 4711))"))
    }
}
