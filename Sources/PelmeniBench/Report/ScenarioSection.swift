/// Each scenario with all its figures.
struct ScenarioSection {
    let context: PageContext

    var markup: [Markup] {
        guard !context.views.isEmpty else { return [] }
        return [Markup("h2", text: "Scenario by scenario")] + context.views.flatMap(scenario)
    }

    private func scenario(_ view: ScenarioView) -> [Markup] {
        var markup = [
            Markup(
                "h3", ["id": view.scenario.name],
                [
                    Markup("code", text: view.scenario.name), .text(": \(view.scenario.summary)"),
                ]),
            Markup(
                "p", ["class": "soft"],
                text: "\(view.detail); compared by \(view.measure.title)."),
        ]
        markup += view.result.doubts.map {
            Markup("p", ["class": "doubt"], text: "In doubt: \($0)")
        }
        markup.append(table(view))
        if let absence = view.absence {
            markup.append(Markup("p", ["class": "soft"], text: "\(absence)."))
        }
        let cards = [LatencyFigure(context: context, view: view).markup, comparisons(view)]
            .compactMap { $0 }
        if !cards.isEmpty { markup.append(Markup("div", ["class": "plots"], cards)) }
        if view.result.comparisons.isEmpty, let rounds = rounds(view) { markup.append(rounds) }
        return markup
    }

    /// A column for each of Pelmeni's subjects, a row for each baseline.
    private func comparisons(_ view: ScenarioView) -> Markup? {
        let all = view.result.comparisons
        guard !all.isEmpty else { return nil }
        func inOrder(_ names: [String]) -> [String] {
            names.enumerated().filter { names.firstIndex(of: $1) == $0 }.map(\.element)
        }
        let subjects = inOrder(all.map(\.subject))
        var table = PageTable(head: ["against"] + subjects.map(context.title))
        for baseline in inOrder(all.map(\.baseline)) {
            let best = Markup("small", text: "the best peer")
            let cells = subjects.map { subject in
                let found = all.first { $0.subject == subject && $0.baseline == baseline }
                return Markup(
                    "td", [:], [found.map(VerdictMark.markup) ?? .text(ReportText.none)])
            }
            table.add(
                [.text(context.title(baseline))] + (baseline == view.bestPeer ? [best] : []), cells)
        }
        return Markup(
            "figure", ["class": "verdicts"],
            [
                Markup("figcaption", text: "Compared by \(view.measure.title)"), table.markup,
                Markup(
                    "p", ["class": "soft"],
                    text: "Ratios with their 95 % intervals; below 1, the column's subject "
                        + "needs less: \(VerdictMark.legend)."),
            ] + [rounds(view)].compactMap { $0 })
    }

    private func table(_ view: ScenarioView) -> Markup {
        let columns = FigureColumn.columns(for: view, isFull: true)
        let values = view.rows.flatMap(\.values)
        let scale = AxisScale.around(values)
        let rounds =
            values.isEmpty
            ? "rounds"
            : "rounds, \(view.measure.text(values.min())) to \(view.measure.text(values.max()))"
        var table = PageTable(head: ["subject"] + columns.map(\.head) + [rounds])
        for row in view.rows {
            let name = Markup("span", ["class": "name"], text: row.subject.title)
            let first = [context.swatch(row.subject), name]
            guard row.isMeasured else {
                let span = "\(columns.count + 1)"
                table.add(
                    first,
                    [Markup("td", ["class": "wide", "colspan": span], text: row.problem ?? "")]
                )
                continue
            }
            var cells = columns.map { Markup("td", text: $0.cell(row)) }
            let isWrong = !row.figures.errors.isEmpty
            cells[cells.count - 1] = Markup(
                "td", ["class": isWrong ? "wrong" : ""], text: row.figures.errorText)
            cells.append(strip(view, row, scale))
            let remark = row.problem.map { [Markup("small", text: $0)] } ?? []
            table.add(first + remark, cells)
        }
        return table.markup
    }

    private func strip(_ view: ScenarioView, _ row: SubjectRow, _ scale: AxisScale) -> Markup {
        guard !row.values.isEmpty else { return Markup("td", text: ReportText.none) }
        let plot = StripPlot(
            scale: scale, style: context.style(row.subject), values: row.values,
            median: row.median, words: { view.measure.text($0) })
        return Markup("td", [:], [plot.picture])
    }

    private func rounds(_ view: ScenarioView) -> Markup? {
        let most = view.rows.map(\.values.count).max() ?? 0
        guard most > 0 else { return nil }
        var table = PageTable(head: ["subject"] + (1...most).map { "round \($0)" })
        for row in view.rows where !row.values.isEmpty {
            let missing = Array(repeating: ReportText.none, count: most - row.values.count)
            table.add(row.subject.title, row.values.map { view.measure.text($0) } + missing)
        }
        return Markup(
            "details", [:],
            [Markup("summary", text: "\(view.measure.title), round by round"), table.markup])
    }
}
