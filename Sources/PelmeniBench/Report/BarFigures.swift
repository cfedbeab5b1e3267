/// The subjects beside one another in each scenario of one measure.
struct BarFigures {
    let context: PageContext

    func figures(of measure: Scenario.Measure) -> [Markup] {
        context.views.filter { $0.measure == measure }.compactMap(figure)
    }

    private func figure(_ view: ScenarioView) -> Markup? {
        let measure = view.measure
        let rows = view.rows.filter { $0.median != nil }
        let bars = rows.compactMap { row -> BarChart.Bar? in
            guard let median = row.median, median.isFinite else { return nil }
            let least = min(row.values.min() ?? median, median)
            let most = max(row.values.max() ?? median, median)
            return BarChart.Bar(
                name: row.subject.name, style: context.style(row.subject),
                value: measure.scaled(median),
                range: measure.scaled(least)...measure.scaled(most), words: measure.text(median),
                rangeWords: "rounds from \(measure.text(least)) to \(measure.text(most))")
        }
        guard !bars.isEmpty else { return nil }
        let title = "\(measure.title), \(view.scenario.name): \(view.scenario.summary)"
        let chart = BarChart(
            label: title, axisTitle: "\(measure.title), \(measure.unit)", bars: bars)
        var table = PageTable(head: ["subject", "median", "rounds"])
        for bar in bars { table.add(bar.name, [bar.words, bar.rangeWords]) }
        return context.figure(
            title, chart.picture, subjects: rows.map(\.subject), values: table)
    }
}
