/// What a run is to do.
package struct BenchOptions: Sendable {
    package var scenarios: [Scenario]
    package var subjects: [SubjectPlan]
    package var rounds = 10
    package var windowSeconds = 1.0
    package var warmUpSeconds = 0.2
    package var placement = BenchReport.Placement.shared
    /// Where it takes place.
    package var network = NetworkFacts()
    /// Of every proxy; nil is one.
    package var workers: Int?
    /// What is to be reached.
    package var targets: [Target] = []
    /// Whether wrk, where there is one, is to say the same.
    package var crossCheck = true
    /// The program that this is: its hidden commands are the children.
    package var program: String
    package var version: String

    package init(
        scenarios: [Scenario], subjects: [SubjectPlan], program: String, version: String
    ) {
        self.scenarios = scenarios
        self.subjects = subjects
        self.program = program
        self.version = version
    }
}
