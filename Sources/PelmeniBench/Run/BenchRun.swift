internal import CPelmeni
internal import Foundation

/// A whole run, from the first child to the report.
package struct BenchRun: Sendable {
    private let options: BenchOptions
    private let interrupt: Interrupt
    private let progress: @Sendable (BenchProgress) -> Void

    package init(
        _ options: BenchOptions, interrupt: Interrupt,
        progress: @escaping @Sendable (BenchProgress) -> Void
    ) {
        self.options = options
        self.interrupt = interrupt
        self.progress = progress
    }

    /// Runs on a thread of its own, however long it takes.
    ///
    /// - Throws: a ``BenchError`` when the run cannot begin; later errors are in the report.
    package func report() async throws -> BenchReport {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try measure() })
            }
        }
    }

    private func measure() throws(BenchError) -> BenchReport {
        // Children inherit it; thousands of pairs need two descriptors each.
        _ = pelmeni_descriptor_limit_raise()
        let context = BenchContext(
            options: options, folder: try ScratchFolder(), interrupt: interrupt)
        let usable = CoreSet.usable.cores
        let cores = try CorePlan(
            options.placement, usable: usable, siblings: MachineFacts.siblings,
            workers: options.workers ?? 1)
        var report = newReport(cores)
        var clock = ProgressClock(options)
        var plans = options.subjects.filter { $0.subject.refusal == nil }
        for (index, scenario) in options.scenarios.enumerated() where !interrupt.isRequested {
            let chosen = Self.plans(plans, for: scenario)
            if let reason = obstacle(to: scenario, chosen, usable) {
                report.scenarios.append(
                    ScenarioResult(scenario: scenario, doubts: ["not run: \(reason)"]))
                continue
            }
            add(chosen, to: &report)
            let isDouble = scenario.name == ScenarioCatalog.twoWorkersName
            let own = isDouble ? try bothCores(usable) : cores
            let run = ScenarioRun(
                scenario, chosen, context, cores: own, number: UInt64(index + 1)
            ) { subject, round in
                progress(clock.next(scenario.name, subject, round))
            }
            var result = run.run()
            let absent = plans.filter { $0.isUnable(in: scenario) }.map(\.subject.title)
            if !absent.isEmpty { result.absent = absent }
            result.congestion = scenario.congestion ?? options.network.congestionControl
            report.scenarios.append(result)
            for (name, reason) in run.refusals {
                note(reason, of: name, in: &report)
                plans.removeAll { $0.subject.name == name }
            }
        }
        if options.crossCheck, !interrupt.isRequested {
            let check = CrossCheckRun(context: context, cores: cores, plans: plans)
            report.crossCheck = check.run { progress(clock.next("wrk", $0, $1)) }
        }
        if !options.targets.isEmpty { report.targets = options.targets }
        report.isPartial = interrupt.isRequested
        return report
    }

    /// The reason why a scenario cannot be run; nil when it can, and its congestion control is in
    /// use.
    private func obstacle(
        to scenario: Scenario, _ plans: [SubjectPlan], _ usable: [Int]
    ) -> String? {
        if scenario.name == ScenarioCatalog.twoWorkersName, usable.count < 2 {
            return "it needs two cores"
        }
        if plans.isEmpty { return "nobody takes part in it" }
        let wanted = scenario.descriptorsMin
        if let limit = MachineFacts.gatherDescriptorLimit(), limit < wanted {
            return "it needs \(wanted) descriptors a process, and the limit is \(limit)"
        }
        return BenchNetwork.prepare(scenario, in: options.network)
    }

    /// Load and origins are the same for all subjects.
    private static let loadRing = "epoll"

    /// Whether wrk is installed.
    package static var canCrossCheck: Bool { CrossCheckRun.isPossible }

    private func newReport(_ cores: CorePlan) -> BenchReport {
        var facts = MachineFacts.gather()
        facts.loadCores = cores.load.cores
        facts.proxyCores = cores.proxy.cores
        facts.originCores = cores.origin.cores
        var report = BenchReport(
            startedAt: Date().ISO8601Format(), pelmeniVersion: options.version,
            rounds: options.rounds, windowSeconds: options.windowSeconds,
            warmUpSeconds: options.warmUpSeconds, placement: options.placement,
            loadRing: Self.loadRing, machine: facts, subjects: options.subjects.map(\.subject))
        report.network = options.network
        return report
    }

    /// The subjects of a scenario; with a comparison of workers, each twice.
    static func plans(_ plans: [SubjectPlan], for scenario: Scenario) -> [SubjectPlan] {
        let chosen = plans.filter { $0.isPart(of: scenario) }
        guard scenario.name == ScenarioCatalog.twoWorkersName else { return chosen }
        return chosen.flatMap { plan in
            var one = plan
            one.workers = 1
            return [one, plan.withTwoWorkers]
        }
    }

    /// Every process may use both cores: the question is the gain of two workers.
    private func bothCores(_ usable: [Int]) throws(BenchError) -> CorePlan {
        try CorePlan(
            .shared, usable: usable, siblings: MachineFacts.siblings, workers: 2)
    }

    private func add(_ plans: [SubjectPlan], to report: inout BenchReport) {
        for plan in plans where !report.subjects.contains(where: { $0.name == plan.subject.name }) {
            report.subjects.append(plan.subject)
        }
    }

    private func note(_ reason: String, of name: String, in report: inout BenchReport) {
        for index in report.subjects.indices where report.subjects[index].name == name {
            report.subjects[index].refusal = reason
        }
    }
}
