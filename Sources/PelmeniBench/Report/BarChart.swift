/// Horizontal bars from 0, one a subject, with whiskers over the range of the rounds.
struct BarChart {
    struct Bar {
        let name: String
        let style: SeriesStyle
        let value: Double
        let range: ClosedRange<Double>
        /// The value with its unit.
        let words: String
        let rangeWords: String
    }

    let label: String
    var axisTitle: String
    let bars: [Bar]
    var tick: (Double) -> String = ReportText.tick

    private static let width = 520.0
    private static let left = 122.0
    private static let right = 424.0
    private static let pitch = 28.0
    private static let longestName = 14

    var picture: Markup {
        let scale = AxisScale.linear(
            bars.flatMap { [$0.value, $0.range.upperBound] }, label: tick)
        let bottom = 8 + Double(bars.count) * BarChart.pitch
        var pieces: [Markup] = []
        for tick in scale.ticks {
            let x = across(scale, tick.value)
            pieces.append(SVG.line(x, 4, x, bottom, class: "grid"))
            pieces.append(SVG.text(x, bottom + 17, tick.label))
        }
        pieces.append(
            SVG.text(
                (BarChart.left + BarChart.right) / 2, bottom + 40, axisTitle, class: "name"))
        for (index, bar) in bars.enumerated() {
            pieces.append(draw(bar, scale, top: 8 + Double(index) * BarChart.pitch))
        }
        pieces.append(SVG.line(BarChart.left, 4, BarChart.left, bottom, class: "axis"))
        return SVG.picture(
            width: BarChart.width, height: bottom + 48, label: label, class: "plot", pieces)
    }

    private func across(_ scale: AxisScale, _ value: Double) -> Double {
        BarChart.left + (scale.position(value) ?? 0) * (BarChart.right - BarChart.left)
    }

    private func draw(_ bar: Bar, _ scale: AxisScale, top: Double) -> Markup {
        let end = across(scale, bar.value)
        let low = across(scale, bar.range.lowerBound)
        let high = across(scale, bar.range.upperBound)
        let middle = top + 10
        let name =
            bar.name.count > BarChart.longestName
            ? bar.name.prefix(BarChart.longestName - 1) + "…" : bar.name
        return SVG.group(
            bar.style.colorClass, title: "\(bar.name), \(bar.words), \(bar.rangeWords)",
            [
                SVG.text(
                    BarChart.left - 22, middle + 4.5, name, anchor: "end", class: "name"),
                bar.style.marker(x: BarChart.left - 11, y: middle),
                SVG.rectangle(
                    BarChart.left, top, width: end - BarChart.left, height: 20, class: "bar"),
                SVG.line(low, middle, high, middle, class: "limits"),
                SVG.line(low, middle - 4, low, middle + 4, class: "limits"),
                SVG.line(high, middle - 4, high, middle + 4, class: "limits"),
                SVG.text(
                    max(end, high) + 8, middle + 4.5, bar.words, anchor: "start", class: "value"),
            ])
    }
}
