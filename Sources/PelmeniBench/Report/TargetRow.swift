/// A target and its measurement.
struct TargetRow {
    enum Verdict: String {
        case met
        case missed
        /// The median misses the target, and the interval includes it.
        case missedWithinNoise = "missed, within the noise"
        /// Too few rounds, or one of the two subjects is missing.
        case unknown = "not measured"
        /// The congestion control was another one.
        case notJudged = "not judged"
    }

    let target: Target
    let comparison: Comparison?
    /// The displayed baseline: `the best peer (HAProxy)`.
    let baseline: String
    let subject: String
    /// The congestion control of the run, where the target is for another one.
    private let otherCongestion: String?

    /// The rows of all targets whose scenario was run.
    static func rows(of report: BenchReport) -> [TargetRow] {
        (report.targets ?? []).compactMap { target in
            report.scenarios.first { $0.scenario.name == target.scenario }
                .map { TargetRow(target, in: $0, of: report) }
        }
    }

    private init(_ target: Target, in result: ScenarioResult, of report: BenchReport) {
        self.target = target
        var subject = target.subject
        var baseline: String? = target.baseline
        if target.baseline == Target.oneWorker {
            baseline = subject
            subject += ScenarioSummary.twoWorkers
        } else if target.baseline == Target.best {
            baseline = result.bestPeer
        } else if target.baseline == Target.prototype {
            baseline = report.subjects.first { $0.prototypeOf == subject }?.name
        }
        comparison = result.comparisons.first {
            $0.subject == subject && $0.baseline == baseline && $0.verdict != .unknown
        }
        let used = report.congestion(of: result)
        otherCongestion = target.congestion.flatMap { $0 == used ? nil : used }
        let titles = Dictionary(
            report.subjects.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        self.subject = titles[target.subject] ?? target.subject
        let title = baseline.map { titles[$0] ?? $0 } ?? "nobody"
        self.baseline =
            switch target.baseline {
            case Target.best: "the best peer (\(title))"
            case Target.oneWorker: "itself with one worker"
            default: title
            }
    }

    var verdict: Verdict {
        if otherCongestion != nil { return .notJudged }
        guard let comparison else { return .unknown }
        if comparison.ratio <= target.most { return .met }
        return comparison.low <= target.most ? .missedWithinNoise : .missed
    }

    var isMissed: Bool { verdict == .missed || verdict == .missedWithinNoise }

    var measured: String { comparison.map(ReportText.ratio) ?? ReportText.none }

    /// `at most 0.70`, or `at most 0.70 with cubic`.
    var wanted: String {
        "at most \(ReportText.decimals(target.most, 2))"
            + (target.congestion.map { " with \($0)" } ?? "")
    }

    /// `rr64, Pelmeni epoll beside the best peer (HAProxy): at most 0.97, was 0.98 (0.90 to 1.02):
    /// missed`.
    var words: String {
        let with = otherCongestion.map { " with \($0)" } ?? ""
        return
            "\(target.scenario), \(subject) beside \(baseline): \(wanted), was \(measured)\(with): \(verdict.rawValue)"
    }

    /// `31 of 40 targets are met, 6 missed, 3 of them within the noise`.
    static func sum(_ rows: [TargetRow]) -> String {
        func count(_ verdict: Verdict) -> Int { rows.count { $0.verdict == verdict } }
        let noise = count(.missedWithinNoise)
        var text = "\(count(.met)) of \(rows.count) targets are met"
        let missed = count(.missed) + noise
        if missed > 0 { text += ", \(missed) missed" }
        if noise > 0 { text += ", \(noise) of these within the noise" }
        if count(.notJudged) > 0 { text += ", \(count(.notJudged)) not judged" }
        if count(.unknown) > 0 { text += ", \(count(.unknown)) not measured" }
        return text
    }
}
