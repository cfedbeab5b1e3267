/// All rounds of one scenario, the subjects in turn within each: a passing disturbance of the
/// machine affects all of them.
final class ScenarioRun {
    /// For the rate of an open loop.
    private static let calibrationName = "calibration"

    private var scenario: Scenario
    private let plans: [SubjectPlan]
    private let context: BenchContext
    private let cores: CorePlan
    private let tell: (_ subject: String, _ round: Int) -> Void
    private var results: [SubjectResult]
    private var running: [String: SubjectProcess] = [:]
    private var number: UInt64
    /// Reasons of subjects that could not be started.
    private(set) var refusals: [String: String] = [:]

    /// - Parameters:
    ///   - number: runs with different numbers have unrelated streams.
    ///   - tell: called before each sample.
    init(
        _ scenario: Scenario, _ plans: [SubjectPlan], _ context: BenchContext, cores: CorePlan,
        number: UInt64, tell: @escaping (_ subject: String, _ round: Int) -> Void
    ) {
        self.scenario = scenario
        self.plans = plans
        self.context = context
        self.cores = cores
        self.tell = tell
        self.number = number << 32
        results = plans.map { SubjectResult(subject: $0.subject.name) }
    }

    /// - Returns: the samples so far, when it is interrupted.
    func run() -> ScenarioResult {
        defer { finish() }
        do throws(BenchError) {
            if !isFresh { for index in plans.indices { try start(index) } }
            try chooseRate()
            for round in 1...context.options.rounds {
                for turn in plans.indices {
                    let index = (turn + round - 1) % plans.count
                    try context.interrupt.check()
                    tell(plans[index].subject.name, round)
                    try take(index, round)
                }
            }
        } catch {
            // Only an interrupt comes here: a subject's own error is recorded with it.
        }
        finish()
        let summary = ScenarioSummary(
            scenario: scenario, subjects: plans.map(\.subject),
            counting: Set(plans.filter(\.countsInBest).map(\.subject.name)))
        return summary.result(results.filter { refusals[$0.subject] == nil })
    }

    /// Whether each sample gets a process of its own: memory and full sockets would carry over.
    private var isFresh: Bool { scenario.kind == .idle || scenario.kind == .stalled }

    private func start(_ index: Int) throws(BenchError) {
        let plan = plans[index]
        do throws(BenchError) {
            running[plan.subject.name] = try SubjectProcess(plan, scenario, context, cores: cores)
        } catch {
            switch error {
            case .interrupted: throw error
            case .refused(let reason): refusals[plan.subject.name] = reason
            case .failed, .usage: results[index].failure = "\(error)"
            }
        }
    }

    private func take(_ index: Int, _ round: Int) throws(BenchError) {
        let name = plans[index].subject.name
        guard refusals[name] == nil, results[index].failure == nil else { return }
        if isFresh { try start(index) }
        guard let process = running[name] else { return }
        do throws(BenchError) {
            results[index].samples.append(try sample(process, scenario, round))
        } catch {
            if error == .interrupted { throw error }
            let end = process.problem.map { "; \($0)" } ?? ""
            results[index].failure = "round \(round): \(error)\(end)"
            stop(index)
        }
        if isFresh { stop(index) }
    }

    private func sample(
        _ process: SubjectProcess, _ scenario: Scenario, _ round: Int
    ) throws(BenchError) -> Sample {
        number += 1
        let sampler = Sampler(context: context, scenario: scenario, cores: cores)
        return try sampler.sample(process, round: round, number: number)
    }

    /// Ends a subject, and records the faults of its origins with its last sample.
    private func stop(_ index: Int) {
        guard let process = running.removeValue(forKey: plans[index].subject.name) else { return }
        let errors = process.finish()
        guard !errors.isEmpty else { return }
        if let last = results[index].samples.indices.last {
            results[index].samples[last].errors.merge(errors, uniquingKeysWith: +)
        } else if results[index].failure == nil {
            results[index].failure = errors.keys.sorted().joined(separator: ", ")
        }
    }

    private func finish() {
        for index in plans.indices { stop(index) }
    }

    // MARK: The rate of an open loop

    /// The same for all subjects: a part of the present rate of the best peer, or without peers of
    /// the slower backend.
    private func chooseRate() throws(BenchError) {
        guard scenario.kind == .open, scenario.requestsPerSecond == 0 else { return }
        var reached = try closedLoopRates { $0.countsInBest }.max()
        if reached == nil { reached = try closedLoopRates { $0.subject.kind == .pelmeni }.min() }
        if reached == nil { reached = try closedLoopRates { _ in true }.min() }
        scenario.requestsPerSecond = max(1, Int((reached ?? 0) * Scenario.openShare))
    }

    /// Requests a second of the wanted subjects that run.
    private func closedLoopRates(
        _ isWanted: (SubjectPlan) -> Bool
    ) throws(BenchError) -> [Double] {
        var closed = Scenario(
            Self.calibrationName, .exchange, .cpuPerRequest, connections: scenario.connections,
            summary: "")
        closed.requestBytes = scenario.requestBytes
        closed.answerBytes = scenario.answerBytes
        var rates: [Double] = []
        for (index, plan) in plans.enumerated() where isWanted(plan) {
            guard let process = running[plan.subject.name] else { continue }
            tell(plan.subject.name, 0)
            do throws(BenchError) {
                let sample = try sample(process, closed, 0)
                rates.append(Double(sample.exchanges) / max(sample.seconds, 1e-9))
            } catch {
                if error == .interrupted { throw error }
                results[index].failure = "closed loop: \(error)"
                stop(index)
            }
        }
        return rates
    }
}
