/// The figures of a README: generated, never typed.
package struct MarkdownTable {
    private static let begin = "<!-- figures -->"
    private static let end = "<!-- /figures -->"

    /// Of a line that can be wrapped.
    private static let columns = 130

    private let report: BenchReport
    private let note: String

    /// - Parameter note: a sentence that stands below the table.
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
        return lines.flatMap(wrapped).joined(separator: "\n")
    }

    /// The README with the table between its two markers; nil unless it has each once, in order.
    package static func replace(in readme: String, with table: String) -> String? {
        let (begins, ends) = (readme.ranges(of: begin), readme.ranges(of: end))
        guard begins.count == 1, ends.count == 1,
            begins[0].upperBound <= ends[0].lowerBound
        else { return nil }
        return readme[..<begins[0].upperBound] + "\n\n\(table)\n\n"
            + readme[ends[0].lowerBound...]
    }

    /// What was to be reached and was not, each with what is known of it.
    private var targets: [String] {
        let rows = TargetRow.rows(of: report)
        guard !rows.isEmpty else { return [] }
        let missed = rows.filter { $0.verdict != .met }
        // One reason may be that of many; it is said once.
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
        let facts = Dictionary(
            MachineLines(report).lines.map { ($0.name, clean($0.text)) },
            uniquingKeysWith: { first, _ in first })
        let machine = ["processor", "kernel", "network", "placement"].compactMap { facts[$0] }
        return "Lower is better; the lowest is bold. Medians over \(report.rounds) rounds; below "
            + "them the ratio to the best peer with its 95 % interval. Of long streams bytes a second stand "
            + "beside the proxy's CPU, with the CPU of load, proxy and origin (all three). Measured "
            + "\(clean(String(report.startedAt.prefix(10)))) on \(machine.joined(separator: "; "))."
    }

    /// A paragraph or a list's entry in lines of their own; a table's row is one line.
    private func wrapped(_ text: String) -> [String] {
        guard !text.hasPrefix("|"), text.count > Self.columns else { return [text] }
        let indent = text.hasPrefix("- ") ? "  " : ""
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= Self.columns {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(indent + word)
            }
        }
        return lines
    }

    private func line(_ cells: [String]) -> String {
        "| " + cells.map(clean).joined(separator: " | ") + " |"
    }

    /// Nothing that would end a cell or a line.
    private func clean(_ text: String) -> String {
        text.reduce(into: "") { clean, character in
            if character == "|" {
                clean += "\\|"
            } else {
                clean.append(character.isNewline ? " " : character)
            }
        }
    }
}
