/// A subject's rounds as dots on a short line; all subjects of a scenario share its scale.
struct StripPlot {
    let scale: AxisScale
    let style: SeriesStyle
    let values: [Double]
    let median: Double?
    let words: (Double) -> String

    private static let width = 168.0
    private static let height = 22.0

    var picture: Markup {
        let middle = StripPlot.height / 2
        var pieces = [SVG.line(4, middle, StripPlot.width - 4, middle, class: "grid")]
        if let median, let x = place(median) {
            pieces.append(SVG.line(x, 2, x, StripPlot.height - 2, class: "median"))
        }
        for (index, value) in values.enumerated() {
            guard let x = place(value) else { continue }
            pieces.append(
                SVG.group(
                    "mark", title: "round \(index + 1): \(words(value))",
                    [SVG.circle(x, middle, 3.4, class: "round")]))
        }
        let label = "rounds: " + values.map(words).joined(separator: ", ")
        return SVG.picture(
            width: StripPlot.width, height: StripPlot.height, label: label, class: "strip",
            [SVG.group(style.colorClass, pieces)])
    }

    private func place(_ value: Double) -> Double? {
        scale.position(value).map { 4 + $0 * (StripPlot.width - 8) }
    }
}
