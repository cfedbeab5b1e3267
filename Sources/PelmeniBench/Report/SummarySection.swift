/// All scenarios and all subjects at a glance.
struct SummarySection {
    let context: PageContext

    var markup: [Markup] {
        guard !context.views.isEmpty else {
            return [Markup("p", text: "No scenario was run.")]
        }
        let subjects = ScenarioView.columns(of: context.report.subjects)
        var table = PageTable(head: ["scenario"] + subjects.map(\.title))
        for view in context.views {
            let name = Markup("code", text: view.scenario.name)
            let about = Markup("small", text: "\(view.scenario.summary): \(view.measure.title)")
            let mark = view.result.doubts.isEmpty ? [] : [Markup.text(" (in doubt)")]
            table.add([name] + mark + [about], subjects.map { cell(view, $0) })
        }
        return [
            Markup("h2", text: "At a glance"), table.markup,
            Markup(
                "p", ["class": "soft"],
                text: "Lower is better. Medians over rounds; ● marks the lowest. Below it stands "
                    + "the ratio to the best peer, with its 95 % interval: ▼ better, ▲ worse, "
                    + "≈ no difference."),
        ]
    }

    private func cell(_ view: ScenarioView, _ subject: Subject) -> Markup {
        guard let row = view.row(subject.name), let median = row.median else {
            let why = view.row(subject.name)?.problem ?? subject.refusal ?? ""
            return Markup(
                "td", ["title": why], text: why.isEmpty ? ReportText.none : "not measured")
        }
        let value = view.measure.text(median)
        let isBest = view.best == subject.name
        var inner = [isBest ? Markup("b", text: "● \(value)") : Markup.text(value)]
        if let comparison = view.againstPeer(subject.name) { inner.append(ratio(comparison)) }
        if let two = view.twoWorkers(subject.name) { inner.append(Markup("small", text: two)) }
        if !row.figures.errors.isEmpty {
            inner.append(
                Markup("small", ["class": "wrong"], text: "errors: \(row.figures.errorText)"))
        }
        return Markup("td", ["class": isBest ? "best" : ""], inner)
    }

    private func ratio(_ comparison: Comparison) -> Markup {
        let ratio = ReportText.ratio(comparison)
        return switch comparison.verdict {
        case .better: Markup("small", ["class": "better"], text: "▼ \(ratio)")
        case .worse: Markup("small", ["class": "worse"], text: "▲ \(ratio)")
        case .noDifference: Markup("small", [:], text: "≈ \(ratio)")
        case .unknown: Markup("small", text: "cannot be told")
        }
    }
}
