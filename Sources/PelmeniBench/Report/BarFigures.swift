/// A bar chart of all subjects for each scenario.
struct BarFigures {
    let context: PageContext

    var figures: [Markup] { context.views.compactMap(figure) }

    private func figure(_ view: ScenarioView) -> Markup? {
        let measure = view.measure
        let bars = view.rows.compactMap { bar($0, measure) }
        guard !bars.isEmpty else { return nil }
        let title = "\(measure.title), \(view.scenario.name): \(view.scenario.summary)"
        var chart = BarChart(
            label: title, axisTitle: "\(measure.title), \(measure.unit)", bars: bars)
        if measure.isLatency {
            // From microseconds to seconds: each tick has a unit of its own.
            chart.axisTitle = measure.title
            chart.tick = { ReportText.timeTick(nanoseconds: $0) }
        }
        var table = PageTable(head: ["subject", "median", "rounds"])
        for bar in bars { table.add(bar.name, [bar.words, bar.rangeWords]) }
        // Bars have names: a legend would repeat them.
        return context.figure(title, chart.picture, subjects: [], values: table)
    }

    private func bar(_ row: SubjectRow, _ measure: Scenario.Measure) -> BarChart.Bar? {
        guard let median = row.median, median.isFinite else { return nil }
        let least = min(row.values.min() ?? median, median)
        let most = max(row.values.max() ?? median, median)
        func scaled(_ value: Double) -> Double {
            measure.isLatency ? value : measure.scaled(value)
        }
        return BarChart.Bar(
            name: row.subject.name, style: context.style(row.subject), value: scaled(median),
            range: scaled(least)...scaled(most), words: measure.text(median),
            rangeWords: "rounds from \(measure.text(least)) to \(measure.text(most))")
    }
}
