/// What a subject is to reach in a scenario, beside another one.
package struct Target: Codable, Equatable, Sendable {
    /// What stands for the peer with the lowest median.
    package static let best = "best"
    /// What stands for the subject itself with one worker, where it is measured with two.
    package static let oneWorker = "one-worker"
    /// What stands for the prototype of the subject itself.
    package static let prototype = "prototype"

    package var scenario: String
    package var subject: String
    /// The other one's name, or ``best``, ``oneWorker`` or ``prototype``.
    package var baseline: String
    /// The ratio, subject / baseline, that is not to be exceeded.
    package var most: Double
    /// The congestion control that it is judged with; nil is any.
    package var congestion: String?
    /// Why it is out of reach, as far as that is known; shown where it is missed.
    package var why: String?

    package init(
        scenario: String, subject: String, baseline: String, most: Double,
        congestion: String? = nil, why: String? = nil
    ) {
        self.scenario = scenario
        self.subject = subject
        self.baseline = baseline
        self.most = most
        self.congestion = congestion
        self.why = why
    }
}
