/// One subject in one scenario, the same in all forms of the report.
struct SubjectRow {
    let subject: Subject
    let result: SubjectResult
    let figures: SubjectFigures
    /// By the scenario's measure; nil without a value, and for a direct run without a cost.
    let median: Double?
    /// Rounds' values; empty where ``median`` is nil.
    let values: [Double]

    init(subject: Subject, result: SubjectResult, scenario: Scenario) {
        self.subject = subject
        self.result = result
        figures = SubjectFigures(result.samples, connections: scenario.connections)
        let isShown = subject.kind != .direct || scenario.measure.isKnownForDirect
        values = isShown ? result.values.filter(\.isFinite) : []
        median = isShown ? result.median : nil
    }

    var isMeasured: Bool { !result.samples.isEmpty }

    /// The reason for missing samples.
    var problem: String? {
        if isMeasured {
            return result.failure.map {
                "only \(result.samples.count) round\(result.samples.count == 1 ? "" : "s"): \($0)"
            }
        }
        return "not measured: \(subject.refusal ?? result.failure ?? "no round was completed")"
    }
}
