/// What came of one scenario.
package struct ScenarioResult: Codable, Equatable, Sendable {
    package var scenario: Scenario
    /// Each subject's rounds, in the order in which subjects are shown.
    package var subjects: [SubjectResult]
    package var comparisons: [Comparison]
    /// Of the peers that may be it, the one with the lowest median; what Pelmeni is compared with
    /// first.
    package var bestPeer: String?
    /// Why the figures should not be relied on; empty when they may be.
    package var doubts: [String]
    /// Titles of the subjects that the scenario says nothing about: they relay no datagrams, or
    /// have no second pair.
    package var absent: [String]?
    /// Which congestion control its connections used; older results do not tell.
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
    /// The rounds' values of the scenario's measure, and their median; empty when there is none.
    package var values: [Double]
    package var median: Double?
    /// Why there are fewer rounds than were asked for.
    package var failure: String?

    package init(subject: String) {
        self.subject = subject
        samples = []
        values = []
    }
}
