/// The result of one scenario.
package struct ScenarioResult: Codable, Equatable, Sendable {
    package var scenario: Scenario
    /// Each subject's rounds, in display order.
    package var subjects: [SubjectResult]
    package var comparisons: [Comparison]
    /// The peer with the lowest median, among the eligible ones; Pelmeni is compared with it first.
    package var bestPeer: String?
    /// Reasons not to rely on the figures; empty without one.
    package var doubts: [String]
    /// Titles of the subjects without a part in the scenario: they relay no datagrams, or have no
    /// second pair.
    package var absent: [String]?
    /// The congestion control of the connections; nil in older results.
    package var congestion: String?

    package init(
        scenario: Scenario, subjects: [SubjectResult] = [], comparisons: [Comparison] = [],
        bestPeer: String? = nil, doubts: [String] = []
    ) {
        self.scenario = scenario
        self.subjects = subjects
        self.comparisons = comparisons
        self.bestPeer = bestPeer
        self.doubts = doubts
    }
}

/// One subject's rounds of a scenario.
package struct SubjectResult: Codable, Equatable, Sendable {
    package var subject: String
    package var samples: [Sample]
    /// The rounds' values of the scenario's measure; below, their median. Empty without values.
    package var values: [Double]
    package var median: Double?
    /// The reason for missing rounds.
    package var failure: String?

    package init(subject: String) {
        self.subject = subject
        samples = []
        values = []
    }
}
