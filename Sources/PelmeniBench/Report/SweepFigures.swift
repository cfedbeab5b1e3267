/// Throughput and processor time against the number of connections.
struct SweepFigures {
    let context: PageContext

    private struct Measure {
        let title: String
        let unit: String
        let value: (Sample) -> Double?
        let text: (Double) -> String
        let withDirect: Bool
    }

    var figures: [Markup] {
        let views = context.views.filter {
            $0.scenario.kind == .exchange && !$0.scenario.isOfHTTP && $0.scenario.pipeline == 1
                && $0.scenario.thinkMicroseconds == 0 && $0.scenario.connections > 0
                && $0.scenario.name != ScenarioCatalog.twoWorkersName
        }.sorted { $0.scenario.connections < $1.scenario.connections }
        guard Set(views.map(\.scenario.connections)).count > 1 else { return [] }
        let throughput = Measure(
            title: "Throughput against connections", unit: "requests/s",
            value: { $0.seconds > 0 ? Double($0.exchanges) / $0.seconds : nil },
            text: { ReportText.whole($0) }, withDirect: true)
        let cost = Measure(
            title: "CPU a request against connections", unit: "µs",
            value: { sample in
                sample.exchanges > 0 && sample.cpuSeconds > 0
                    ? sample.cpuSeconds / Double(sample.exchanges) * 1e6 : nil
            },
            text: { ReportText.number($0) }, withDirect: false)
        return [throughput, cost].compactMap { figure($0, views) }
    }

    private func figure(_ measure: Measure, _ views: [ScenarioView]) -> Markup? {
        let subjects = context.report.subjects.filter {
            $0.kind != .direct || measure.withDirect
        }
        let series = subjects.map { subject in
            LineChart.Series(
                name: subject.title, style: context.style(subject),
                points: views.compactMap { point(measure, $0, subject) })
        }
        let shown = zip(subjects, series).filter { !$0.1.points.isEmpty }
        guard !shown.isEmpty else { return nil }
        let points = shown.flatMap(\.1.points)
        let frame = PlotFrame(
            x: .logarithmic(
                at: views.map { Double($0.scenario.connections) },
                label: { ReportText.whole($0) }),
            y: .linear(
                points.flatMap { [$0.y, $0.range?.upperBound ?? 0] }, label: ReportText.tick),
            xTitle: "connections (log)", yTitle: "\(measure.unit) (from 0)")
        let chart = LineChart(
            label: "\(measure.title), \(measure.unit)", frame: frame, series: shown.map(\.1))
        var table = PageTable(head: ["connections"] + shown.map(\.0.title))
        for view in views {
            table.add(
                ReportText.whole(Double(view.scenario.connections)),
                shown.map { subject, _ in
                    point(measure, view, subject)?.words ?? ReportText.none
                })
        }
        return context.figure(
            "\(measure.title), \(measure.unit)", chart.picture, subjects: shown.map(\.0),
            values: table)
    }

    private func point(
        _ measure: Measure, _ view: ScenarioView, _ subject: Subject
    ) -> LineChart.Point? {
        let samples = view.row(subject.name)?.result.samples ?? []
        let values = samples.compactMap(measure.value).filter(\.isFinite)
        guard let median = SubjectFigures.median(values), let least = values.min(),
            let most = values.max()
        else { return nil }
        let words =
            "\(measure.text(median)) (\(measure.text(least)) to \(measure.text(most)))"
        return LineChart.Point(
            x: Double(view.scenario.connections), y: median, range: least...most, words: words)
    }
}
