/// A whole run: written as JSON, shown as a table and as a page.
package struct BenchReport: Codable, Equatable, Sendable {
    /// The cores of a run's processes.
    package enum Placement: String, Codable, Sendable {
        /// Load, proxy and origin on one core: steadiest where machines are shared.
        case shared
        /// The proxy on a core of its own, load and origin on another.
        case split
    }

    /// Raised when a field changes its meaning.
    package static let formatVersion = 1

    package var format = BenchReport.formatVersion
    /// ISO 8601, UTC.
    package var startedAt: String
    package var pelmeniVersion: String
    package var rounds: Int
    package var windowSeconds: Double
    package var warmUpSeconds: Double
    package var placement: Placement
    /// The ring of the load and the origins, whatever the subject uses.
    package var loadRing: String
    package var machine: MachineFacts
    /// Nil in results from before runs had a network of their own.
    package var network: NetworkFacts?
    package var subjects: [Subject]
    package var scenarios: [ScenarioResult]
    package var crossCheck: CrossCheck?
    /// Nil in results from before there were targets.
    package var targets: [Target]?
    /// Whether the run ended before all rounds were over.
    package var isPartial = false

    package init(
        startedAt: String, pelmeniVersion: String, rounds: Int, windowSeconds: Double,
        warmUpSeconds: Double, placement: Placement, loadRing: String, machine: MachineFacts,
        subjects: [Subject]
    ) {
        self.startedAt = startedAt
        self.pelmeniVersion = pelmeniVersion
        self.rounds = rounds
        self.windowSeconds = windowSeconds
        self.warmUpSeconds = warmUpSeconds
        self.placement = placement
        self.loadRing = loadRing
        self.machine = machine
        self.subjects = subjects
        scenarios = []
    }

    /// The congestion control of a scenario's connections; empty when unknown.
    package func congestion(of result: ScenarioResult) -> String {
        result.congestion ?? network?.congestionControl ?? machine.congestionControl
    }

    /// Whether the run has any sample.
    package var hasSamples: Bool {
        scenarios.flatMap(\.subjects).contains { !$0.samples.isEmpty }
    }

    /// Whether any sample had errors, or a subject failed.
    package var hasErrors: Bool {
        scenarios.flatMap(\.subjects).contains { subject in
            subject.failure != nil || subject.samples.contains { !$0.errors.isEmpty }
        }
    }
}

/// The same scenario driven by wrk, as a check of our own load.
package struct CrossCheck: Codable, Equatable, Sendable {
    package var scenario: String
    package var subject: String
    /// Seconds of the proxy's processor time for a request, by each load; medians.
    package var ownCPUPerRequest: Double
    package var wrkCPUPerRequest: Double
    package var ownRequestsPerSecond: Double
    package var wrkRequestsPerSecond: Double

    package init(
        scenario: String, subject: String, ownCPUPerRequest: Double, wrkCPUPerRequest: Double,
        ownRequestsPerSecond: Double, wrkRequestsPerSecond: Double
    ) {
        self.scenario = scenario
        self.subject = subject
        self.ownCPUPerRequest = ownCPUPerRequest
        self.wrkCPUPerRequest = wrkCPUPerRequest
        self.ownRequestsPerSecond = ownRequestsPerSecond
        self.wrkRequestsPerSecond = wrkRequestsPerSecond
    }
}
