/// A scenario's latencies by percentile.
struct LatencyFigure {
    let context: PageContext
    let view: ScenarioView

    /// Nil without latencies.
    var markup: Markup? {
        let rows = view.rows.filter { $0.figures.latencies != nil && !points($0).isEmpty }
        guard !rows.isEmpty else { return nil }
        let series = rows.map { row in
            LineChart.Series(
                name: row.subject.title, style: context.style(row.subject), points: points(row))
        }
        let frame = PlotFrame(
            x: .percentiles(),
            y: .logarithmic(series.flatMap { $0.points.map(\.y) }) {
                ReportText.timeTick(nanoseconds: $0)
            },
            xTitle: "percentile (each nine as wide as the last)", yTitle: "latency (log)")
        let title = "Latency by percentile, \(view.scenario.name)"
        let chart = LineChart(label: title, frame: frame, series: series)
        return context.figure(
            title, chart.picture, subjects: rows.map(\.subject), values: values(rows))
    }

    private func points(_ row: SubjectRow) -> [LineChart.Point] {
        let curve = row.figures.curve.filter {
            $0.percentile >= 50 && $0.percentile <= 99.991 && $0.nanoseconds > 0
        }
        return curve.map { point in
            let name = percentile(point.percentile)
            return LineChart.Point(
                x: point.percentile, y: Double(point.nanoseconds),
                words: "p\(name): \(ReportText.time(nanoseconds: Double(point.nanoseconds)))",
                hasMarker: curve.count <= 12 || LatencyFigure.isMarked(point.percentile))
        }
    }

    private static func isMarked(_ percentile: Double) -> Bool {
        [50, 75, 90, 99, 99.9, 99.99].contains { abs($0 - percentile) < 0.0005 }
    }

    private func values(_ rows: [SubjectRow]) -> PageTable {
        let all = rows.flatMap { points($0).filter(\.hasMarker).map(\.x) }
        let columns = Set(all).sorted()
        var table = PageTable(
            head: ["subject"] + columns.map { "p\(percentile($0))" })
        for row in rows {
            table.add(
                row.subject.title,
                columns.map { column in
                    let point = points(row).first { $0.x == column }
                    return ReportText.time(nanoseconds: point?.y)
                })
        }
        return table
    }

    /// `99.9`.
    private func percentile(_ value: Double) -> String {
        var text = ReportText.decimals(value, 3)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}
