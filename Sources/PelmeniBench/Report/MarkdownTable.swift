/// The figures of a page: generated, never typed.
package struct MarkdownTable {
    /// The columns of a line that can be wrapped.
    private static let columns = 130

    private let report: BenchReport
    private let note: String

    /// - Parameter note: a sentence below the table.
    package init(_ report: BenchReport, note: String) {
        self.report = report
        self.note = note
    }

    package var text: String {
        let subjects = ScenarioView.columns(of: report.subjects).filter {
            $0.kind != .direct && $0.refusal == nil
        }
        let views = report.scenarios.map { ScenarioView($0, subjects: report.subjects) }
        var lines = [
            line(["scenario, and what is compared"] + subjects.map(\.title)),
            "|---|" + String(repeating: "---:|", count: subjects.count),
        ]
        for view in views {
            let title = "\(view.scenario.summary) (`\(view.scenario.name)`): \(view.measure.title)"
            lines.append(line([title] + subjects.map { cell(view, $0) }))
        }
        let remarks = remarks(views)
        if !remarks.isEmpty { lines += [""] + remarks }
        lines += ["", legend]
        lines += targets
        if !note.isEmpty { lines += ["", note] }
        return lines.flatMap { MarkdownText.wrapped($0, columns: Self.columns) }
            .joined(separator: "\n")
    }

    /// The missed targets, each with the known reason.
    private var targets: [String] {
        let rows = TargetRow.rows(of: report)
        guard !rows.isEmpty else { return [] }
        let missed = rows.filter { $0.verdict != .met }
        // Several targets may share a reason; it is printed once.
        var said: Set<String> = []
        return ["", TargetRow.sum(rows) + (missed.isEmpty ? "." : ":")]
            + (missed.isEmpty ? [] : [""])
            + missed.map { row in
                guard row.isMissed, let why = row.target.why, said.insert(why).inserted else {
                    return "- " + clean(row.words)
                }
                return "- " + clean("\(row.words). \(why)")
            }
    }

    private func cell(_ view: ScenarioView, _ subject: Subject) -> String {
        guard let row = view.row(subject.name), let median = row.median else {
            return ReportText.none
        }
        let value = view.measure.text(median)
        var text = view.best == subject.name ? "**\(value)**" : value
        if let beside = view.throughput(row) { text += "<br>\(beside)" }
        if let two = view.twoWorkers(subject.name) { text += "<br>\(two)" }
        if !row.figures.errors.isEmpty { text += "<br>errors: \(row.figures.errorText)" }
        guard let comparison = view.againstPeer(subject.name) else { return text }
        switch comparison.verdict {
        case .better, .worse: return text + "<br>" + ReportText.ratio(comparison)
        case .noDifference: return text + "<br>no difference"
        case .unknown: return text
        }
    }

    private func remarks(_ views: [ScenarioView]) -> [String] {
        let refused = report.subjects.compactMap { subject in
            subject.refusal.map { "- not measured: \(clean(subject.title)): \(clean($0))" }
        }
        let doubts = views.flatMap { view in
            view.result.doubts.map { "- in doubt: `\(view.scenario.name)`: \(clean($0))" }
        }
        let absent = views.compactMap { view in
            view.absence.map { "- `\(view.scenario.name)`: \(clean($0))" }
        }
        return refused + absent + doubts
    }

    private var legend: String {
        "Lower is better; the lowest is bold. Medians over \(report.rounds) rounds; below "
            + "them the ratio to the best peer with its 95 % interval. Of long streams bytes a second stand "
            + "beside the proxy's CPU, with the CPU of load, proxy and origin (all three). "
            + MarkdownText.measured(report)
    }

    private func line(_ cells: [String]) -> String {
        "| " + cells.map(clean).joined(separator: " | ") + " |"
    }

    private func clean(_ text: String) -> String { MarkdownText.clean(text) }
}
