/// The engine over a simulated kernel: a run for each seed, judged at its end.
///
/// A seed decides the whole run: the number of clients, the bytes and reads of each side, the
/// kernel's short, late, reordered and refused results, the failing upstreams, and a drain or a
/// stop. The engine is the real one, workers' loop included. The kernel, the clock and both ends
/// are simulated on the calling thread: no socket is opened, and an hour of deadlines passes in
/// milliseconds.
///
/// The same seed and the same version of this package give the same run, to the last byte:
///
///     #expect(Simulation.firstFailure(in: 1...1000) == nil)
public enum Simulation {
    /// Runs one seed to its end.
    ///
    /// - Parameters:
    ///   - seed: decides the run.
    ///   - trace: called with a line for each event of the run, for a seed that failed.
    /// - Returns: the judgement, and counts.
    public static func run(
        seed: UInt64, trace: ((String) -> Void)? = nil
    ) -> SimulationOutcome {
        outcome(of: SimulationSetup(seed: seed), trace: trace)
    }

    /// Runs seeds in order until one fails.
    ///
    /// - Returns: the outcome of the seed that failed, or nil when all of them passed.
    public static func firstFailure(in seeds: some Sequence<UInt64>) -> SimulationOutcome? {
        for seed in seeds {
            let outcome = run(seed: seed)
            if !outcome.hasPassed { return outcome }
        }
        return nil
    }

    /// Runs a test's setup instead of a seed.
    package static func outcome(
        of setup: SimulationSetup, trace: ((String) -> Void)? = nil
    ) -> SimulationOutcome {
        guard let run = SimulationRun(setup) else {
            var outcome = SimulationOutcome(seed: setup.world.seed)
            outcome.violations = ["no memory"]
            return outcome
        }
        return run.outcome(trace: trace)
    }
}
