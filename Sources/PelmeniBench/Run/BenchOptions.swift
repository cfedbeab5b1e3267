/// The options of a run.
package struct BenchOptions: Sendable {
    package var scenarios: [Scenario]
    package var subjects: [SubjectPlan]
    package var rounds = 10
    package var windowSeconds = 1.0
    package var warmUpSeconds = 0.2
    package var placement = BenchReport.Placement.shared
    /// The network of the run.
    package var network = NetworkFacts()
    /// Workers of every proxy; nil is one.
    package var workers: Int?
    /// The targets of the run.
    package var targets: [Target] = []
    /// Whether wrk, where it is installed, checks our load.
    package var crossCheck = true
    /// The path of this program: its hidden commands are the children.
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
