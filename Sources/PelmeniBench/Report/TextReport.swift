internal import PelmeniLoad

/// The report for a terminal.
package struct TextReport {
    private let report: BenchReport

    package init(_ report: BenchReport) { self.report = report }

    package var text: String {
        let facts = MachineLines(report).lines
        let width = facts.map(\.name.count).max() ?? 0
        var lines = facts.map { name, text in
            name + String(repeating: " ", count: width + 2 - name.count) + text
        }
        if report.scenarios.isEmpty { lines += ["", "No scenario was run."] }
        for result in report.scenarios {
            lines.append("")
            lines += scenario(ScenarioView(result, subjects: report.subjects))
        }
        let targets = TargetRow.rows(of: report)
        if !targets.isEmpty {
            lines += ["", "targets: \(TargetRow.sum(targets))"]
            lines += targets.filter { $0.verdict != .met }.map { "  \($0.words)" }
        }
        if !report.scenarios.isEmpty {
            lines += [
                "",
                "Medians over rounds. Ratios compare each scenario's measure, below 1 is better;",
                "in brackets the 95 % interval of a paired bootstrap over rounds.",
                "CPU is the proxy's; all three: load, proxy and origin together.",
            ]
        }
        return lines.joined(separator: "\n")
    }

    private func scenario(_ view: ScenarioView) -> [String] {
        var lines = [
            "\(view.scenario.name): \(view.scenario.summary)",
            "\(view.detail); compared by \(view.measure.title)",
            "",
        ]
        let columns = FigureColumn.columns(for: view)
        // Names first, error texts last; numbers between them.
        var table = TextTable(
            head: ["subject"] + columns.map(\.head), left: [0, columns.count])
        for row in view.rows {
            if row.isMeasured {
                table.add([row.subject.name] + columns.map { $0.cell(row) })
            }
            if let problem = row.problem {
                table.add([row.isMeasured ? "" : row.subject.name], rest: problem)
            }
        }
        lines += table.lines.map { "  " + $0 }
        if let absence = view.absence { lines += ["", "  \(absence)"] }
        let words = view.result.comparisons.map { view.words($0) { $0 } }
        if !words.isEmpty { lines += [""] + words.map { "  " + $0 } }
        let doubts = view.result.doubts.map { "  in doubt: \($0)" }
        if !doubts.isEmpty { lines += [""] + doubts }
        return lines
    }
}
