/// An upper bound of a subject's ratio in a scenario.
package struct Target: Codable, Equatable, Sendable {
    /// Stands for the peer with the lowest median.
    package static let best = "best"
    /// Stands for the subject itself with one worker, where two are measured.
    package static let oneWorker = "one-worker"
    /// Stands for the subject's prototype.
    package static let prototype = "prototype"

    package var scenario: String
    package var subject: String
    /// The name of the baseline, or ``best``, ``oneWorker`` or ``prototype``.
    package var baseline: String
    /// The greatest ratio, subject / baseline, that meets the target.
    package var most: Double
    /// The congestion control of the target; nil is any.
    package var congestion: String?
    /// The known reason of a miss; shown with it.
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
