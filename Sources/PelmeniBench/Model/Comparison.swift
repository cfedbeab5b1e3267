/// One subject against another by a scenario's measure, round by round.
package struct Comparison: Codable, Equatable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        case better
        case worse
        /// The interval contains 1.
        case noDifference = "no difference"
        /// Too few rounds, or no completed request.
        case unknown
    }

    package var subject: String
    /// The name of the baseline; ratios are subject / baseline, so below 1 is better.
    package var baseline: String
    /// The median of the rounds' ratios, and its 95 % interval from a paired bootstrap over rounds.
    package var ratio: Double
    package var low: Double
    package var high: Double
    package var verdict: Verdict

    package init(
        subject: String, baseline: String, ratio: Double, low: Double, high: Double,
        verdict: Verdict
    ) {
        self.subject = subject
        self.baseline = baseline
        self.ratio = ratio
        self.low = low
        self.high = high
        self.verdict = verdict
    }
}
