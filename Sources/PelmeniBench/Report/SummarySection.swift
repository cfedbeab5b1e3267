/// All scenarios and all subjects at a glance.
struct SummarySection {
    let context: PageContext

    var markup: [Markup] {
        guard !context.views.isEmpty else {
            return [Markup("p", text: "No scenario was run.")]
        }
        let all = ScenarioView.columns(of: context.report.subjects)
        // A direct run has a figure in few scenarios.
        let subjects = all.filter { $0.kind != .direct } + all.filter { $0.kind == .direct }
        var table = PageTable(head: ["scenario"] + subjects.map(\.title))
        for view in context.views {
            let name = Markup(
                "a", ["href": "#\(view.scenario.name)"],
                [Markup("code", text: view.scenario.name)])
            let about = Markup(
                "small", ["class": "about"], text: "\(view.scenario.summary): \(view.measure.title)"
            )
            let mark = view.result.doubts.isEmpty ? [] : [Markup.text(" (in doubt)")]
            table.add([name] + mark + [about], subjects.map { cell(view, $0) })
        }
        let verdicts = subjects.compactMap(verdict).map { Markup("li", text: $0) }
        let list = verdicts.isEmpty ? [] : [Markup("ul", ["class": "words"], verdicts)]
        return [Markup("h2", text: "At a glance")] + list + [
            table.markup,
            Markup(
                "p", ["class": "soft"],
                text: "Lower is better. Medians over rounds; ● marks the lowest. Below it stands "
                    + "the ratio to the best peer, or where none took part to epoll, with its 95 % interval: "
                    + "\(VerdictMark.legend)."),
        ]
    }

    private func cell(_ view: ScenarioView, _ subject: Subject) -> Markup {
        let beside = view.row(subject.name).flatMap(view.throughput)
        guard let row = view.row(subject.name), let median = row.median else {
            if let beside { return Markup("td", [:], [Markup("small", text: beside)]) }
            let why = view.row(subject.name)?.problem ?? subject.refusal ?? ""
            return Markup(
                "td", ["title": why, "class": "none"],
                text: why.isEmpty ? ReportText.none : "not measured")
        }
        let value = view.measure.text(median)
        let isBest = view.best == subject.name
        var inner = [isBest ? Markup("b", text: "● \(value)") : Markup.text(value)]
        if let beside { inner.append(Markup("small", text: beside)) }
        if let comparison = view.headline(subject.name) {
            inner.append(VerdictMark.markup(comparison))
        }
        if let two = view.twoWorkers(subject.name) { inner.append(Markup("small", text: two)) }
        if !row.figures.errors.isEmpty {
            inner.append(
                Markup("small", ["class": "wrong"], text: "errors: \(row.figures.errorText)"))
        }
        return Markup("td", ["class": isBest ? "best" : ""], inner)
    }

    /// How often a subject was better, over all scenarios; nil without a comparison.
    private func verdict(_ subject: Subject) -> String? {
        let againstPeers = context.views.compactMap { $0.againstPeer(subject.name) }
        let all =
            againstPeers.isEmpty
            ? context.views.compactMap { $0.headline(subject.name) } : againstPeers
        guard all.contains(where: { $0.verdict != .unknown }) else { return nil }
        func count(_ verdict: Comparison.Verdict) -> Int {
            all.filter { $0.verdict == verdict }.count
        }
        let other = againstPeers.isEmpty ? context.title(all[0].baseline) : "the best peer"
        var parts = ["better in \(count(.better)) of \(all.count) scenarios"]
        parts.append("no difference in \(count(.noDifference))")
        parts.append("worse in \(count(.worse))")
        if count(.unknown) > 0 { parts.append("unknown in \(count(.unknown))") }
        return "\(subject.title) against \(other): \(parts.joined(separator: ", "))"
    }
}
