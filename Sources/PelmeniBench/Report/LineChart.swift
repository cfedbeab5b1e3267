/// Lines over two axes, one a subject.
struct LineChart {
    struct Point {
        let x: Double
        let y: Double
        /// The range of the rounds; nil shows no whisker.
        var range: ClosedRange<Double>?
        /// The text for a pointer, and for readers who cannot see the picture.
        let words: String
        var hasMarker = true
    }

    struct Series {
        let name: String
        let style: SeriesStyle
        let points: [Point]
    }

    let label: String
    let frame: PlotFrame
    let series: [Series]

    var picture: Markup {
        SVG.picture(
            width: PlotFrame.width, height: PlotFrame.height, label: label, class: "plot",
            frame.background + series.map(draw))
    }

    private func draw(_ series: Series) -> Markup {
        var marks: [Markup] = []
        var line: [(Double, Double)] = []
        for point in series.points {
            guard let place = frame.point(point.x, point.y) else { continue }
            line.append(place)
            guard point.hasMarker else { continue }
            var pieces: [Markup] = []
            if let range = point.range, let low = frame.point(point.x, range.lowerBound),
                let high = frame.point(point.x, range.upperBound)
            {
                pieces.append(SVG.line(low.0, low.1, high.0, high.1, class: "whisker"))
            }
            pieces.append(series.style.marker(x: place.0, y: place.1))
            marks.append(SVG.group("mark", title: "\(series.name), \(point.words)", pieces))
        }
        guard !line.isEmpty else { return SVG.group(series.style.colorClass, []) }
        let path = SVG.polyline(line, dash: series.style.dash)
        return SVG.group(series.style.colorClass, [path] + marks)
    }
}
