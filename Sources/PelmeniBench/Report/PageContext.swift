/// The shared data of all parts of a page.
struct PageContext {
    let report: BenchReport
    let views: [ScenarioView]
    private let styles: [String: SeriesStyle]

    init(_ report: BenchReport) {
        self.report = report
        views = report.scenarios.map { ScenarioView($0, subjects: report.subjects) }
        // Names that occur only in results come last, and get a style too.
        let all = report.subjects + views.flatMap { $0.rows.map(\.subject) }
        styles = SeriesStyle.assigned(to: all)
    }

    func style(_ subject: Subject) -> SeriesStyle {
        styles[subject.name] ?? SeriesStyle(slot: SeriesStyle.slots - 1)
    }

    func title(_ name: String) -> String {
        report.subjects.first { $0.name == name }?.title ?? name
    }

    /// The line and the marker of a subject, small, for a legend or a row's heading.
    func swatch(_ subject: Subject) -> Markup {
        let style = style(subject)
        return Markup(
            "svg", ["class": "swatch", "viewBox": "0 0 30 12", "aria-hidden": "true"],
            [
                SVG.group(
                    style.colorClass,
                    [
                        SVG.polyline([(1, 6), (29, 6)], dash: style.dash),
                        style.marker(x: 15, y: 6),
                    ])
            ])
    }

    func legend(_ subjects: [Subject]) -> Markup {
        Markup(
            "ul", ["class": "legend"],
            subjects.map { Markup("li", [:], [swatch($0), .text($0.title)]) })
    }

    /// A picture with its title, its legend if it needs one, and its values.
    func figure(
        _ title: String, _ picture: Markup, subjects: [Subject], values: PageTable
    ) -> Markup {
        let details = Markup(
            "details", [:], [Markup("summary", text: "the values"), values.markup])
        let legend = subjects.isEmpty ? [] : [legend(subjects)]
        return Markup(
            "figure", [:], [Markup("figcaption", text: title), picture] + legend + [details])
    }
}
