import Glibc
import HTTPChaos
import PelmeniTesting

/// Runs the seeds, adds up, and prints the outcome.
struct SimulatorRun {
    /// Seeds above which every point has to occur: the rarest come once in some hundred seeds.
    static let seedsForPoints: UInt64 = 5000

    private let options: SimulatorOptions
    private var total = SimulationOutcome(seed: 0)

    init(_ options: SimulatorOptions) { self.options = options }

    /// The exit status.
    mutating func run() -> Int32 {
        SimulatorCrash.watch()
        if let seed = options.replay { return replay(seed) }
        let showsProgress = options.showsProgress || SimulatorOutput.isTerminal
        let began = Self.seconds()
        var shownAt = 0.0
        var failures: UInt64 = 0
        for index in 0..<options.seeds {
            let seed = options.first + index
            if options.onlyHTTP, !HTTPWorld.has(seed: seed) { continue }
            if options.onlyDatagrams, !SimulationSetup.hasMessages(seed: seed) { continue }
            let isHooked =
                HTTPWorld.has(seed: seed) || SimulationSetup.hasHooks(seed: seed)
                || SimulationSetup.hasDrivers(seed: seed)
                || SimulationSetup.hasPairDrivers(seed: seed)
            if isHooked ? options.withoutHooks : options.onlyHooks { continue }
            let outcome = Self.simulate(seed)
            if !outcome.violations.isEmpty {
                tell(outcome, showsProgress)
                guard options.goesOn else { return 1 }
                failures += 1
            }
            add(outcome)
            let time = Self.seconds()
            if showsProgress, time - shownAt > 0.2 {
                shownAt = time
                SimulatorOutput.progress("\(index + 1) of \(options.seeds) seeds")
            }
        }
        if showsProgress { SimulatorOutput.progress("") }
        guard failures == 0 else {
            SimulatorOutput.error("\(failures) of \(options.seeds) seeds failed")
            return 1
        }
        let missed = SimulatedPoint.allCases.filter { total.points[$0.rawValue] == 0 }
        let isWhole =
            !options.onlyHooks && !options.withoutHooks && !options.onlyDatagrams
            && !options.onlyHTTP
        if isWhole, options.seeds >= Self.seedsForPoints, !missed.isEmpty {
            let names = missed.map { "\($0)" }.joined(separator: ", ")
            SimulatorOutput.error("never happened in \(options.seeds) seeds: \(names)")
            return 1
        }
        print(summary(seconds: Self.seconds() - began))
        if options.wantsHash { print("hash \(String(total.hash, radix: 16))") }
        return 0
    }

    private static func simulate(
        _ seed: UInt64, trace: ((String) -> Void)? = nil
    ) -> SimulationOutcome {
        SimulatorCrash.seed = seed
        return Simulation.outcome(of: setup(seed), trace: trace)
    }

    private static func setup(_ seed: UInt64) -> SimulationSetup {
        guard HTTPWorld.has(seed: seed) else { return SimulationSetup(seed: seed) }
        do {
            return try HTTPWorld.setup(seed: seed)
        } catch {
            SimulatorOutput.error("seed \(seed): \(error)")
            exit(2)
        }
    }

    private func replay(_ seed: UInt64) -> Int32 {
        let setup = Self.setup(seed)
        for (plan, upstreams) in zip(setup.world.plans, setup.world.upstreams) {
            print("plan: \(plan), upstreams \(upstreams)")
        }
        for plan in setup.world.messages { print("messages: \(plan)") }
        for (pair, plan) in setup.world.drivers.enumerated() {
            if let plan { print("drivers of pair \(pair): \(plan)") }
        }
        print("pool: \(setup.pool), sessions: \(setup.sessions), cap: \(setup.cap)")
        print("deadlines: \(setup.deadlines)")
        print("faults: \(setup.world.faults)")
        let outcome = Self.simulate(seed) { print($0) }
        for violation in outcome.violations { print("violated: \(violation)") }
        if outcome.violations.isEmpty { print("seed \(seed): all well") }
        return outcome.violations.isEmpty ? 0 : 1
    }

    private func tell(_ outcome: SimulationOutcome, _ showsProgress: Bool) {
        if showsProgress { SimulatorOutput.progress("") }
        for violation in outcome.violations {
            SimulatorOutput.error("seed \(outcome.seed): \(violation)")
        }
        SimulatorOutput.error("replay: pelmeni-simulator --seed \(outcome.seed)")
    }

    private mutating func add(_ outcome: SimulationOutcome) {
        total.sessions += outcome.sessions
        total.bytes += outcome.bytes
        for point in outcome.points.indices { total.points[point] += outcome.points[point] }
        total.fold(outcome.hash)
    }

    private func summary(seconds: Double) -> String {
        let resets = [SimulatedPoint.resetByClient, .resetByUpstream]
            .reduce(0) { $0 + total.points[$1.rawValue] }
        let points = SimulatedPoint.allCases
            .map { "\($0) \(total.points[$0.rawValue])" }
            .joined(separator: ", ")
        let tenths = UInt64(seconds * 10)
        return """
            \(points)
            \(options.seeds) seeds, \(total.sessions) sessions, \(total.bytes) bytes, \(resets) resets \
            in \(tenths / 10).\(tenths % 10) s: all well
            """
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
