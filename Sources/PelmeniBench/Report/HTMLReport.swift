/// A self-contained page: style, plots and figures are all in it.
package struct HTMLReport {
    private let report: BenchReport

    package init(_ report: BenchReport) { self.report = report }

    package var html: String {
        let context = PageContext(report)
        let hasPeers = report.subjects.contains { $0.kind == .peer }
        let title = hasPeers ? "Pelmeni beside its peers" : "Pelmeni, backend beside backend"
        let head = Markup(
            "head", [:],
            [
                Markup("meta", ["charset": "utf-8"]),
                Markup(
                    "meta",
                    ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
                Markup("title", text: title),
                Markup("style", [:], [.verbatim(PageStyle.css)]),
            ])
        var inner = [Markup("h1", text: title)]
        inner.append(
            Markup(
                "p", ["class": "soft"],
                text: "Pelmeni \(report.pelmeniVersion), measured \(report.startedAt), "
                    + "\(report.rounds) rounds\(report.isPartial ? "; ended before it was over" : "")."
            ))
        inner += SummarySection(context: context).markup
        inner += TargetSection(report: report).markup
        inner += MachineSection(report: report).markup
        inner += PlotSection(context: context).markup
        inner += ScenarioSection(context: context).markup
        inner += MethodSection(report: report).markup
        let body = Markup("body", [:], [Markup("main", [:], inner)])
        return "<!DOCTYPE html>\n" + Markup("html", ["lang": "en"], [head, body]).html + "\n"
    }
}
