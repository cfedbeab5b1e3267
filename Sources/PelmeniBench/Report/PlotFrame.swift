/// A grid, two axes with their texts, and the positions of values between them.
struct PlotFrame {
    static let width = 520.0
    static let height = 320.0
    private static let left = 78.0
    private static let right = 496.0
    private static let top = 14.0
    private static let bottom = 266.0

    let x: AxisScale
    let y: AxisScale
    let xTitle: String
    let yTitle: String

    func point(_ xValue: Double, _ yValue: Double) -> (Double, Double)? {
        guard let x = x.position(xValue), let y = y.position(yValue) else { return nil }
        return (across(x), up(y))
    }

    /// The layer behind the data.
    var background: [Markup] {
        var pieces: [Markup] = []
        for tick in y.ticks {
            guard let height = y.position(tick.value).map(up) else { continue }
            pieces.append(
                SVG.line(PlotFrame.left, height, PlotFrame.right, height, class: "grid"))
            pieces.append(
                SVG.text(PlotFrame.left - 8, height + 4, tick.label, anchor: "end"))
        }
        for tick in x.ticks {
            guard let place = x.position(tick.value).map(across) else { continue }
            pieces.append(
                SVG.line(place, PlotFrame.top, place, PlotFrame.bottom, class: "grid faint"))
            pieces.append(SVG.text(place, PlotFrame.bottom + 20, tick.label))
        }
        pieces.append(
            SVG.line(
                PlotFrame.left, PlotFrame.bottom, PlotFrame.right, PlotFrame.bottom, class: "axis"))
        let middle = (PlotFrame.left + PlotFrame.right) / 2
        pieces.append(SVG.text(middle, PlotFrame.bottom + 42, xTitle, class: "name"))
        pieces.append(
            SVG.text(
                14, (PlotFrame.top + PlotFrame.bottom) / 2, yTitle, class: "name", turned: true))
        return pieces
    }

    private func across(_ part: Double) -> Double {
        PlotFrame.left + part * (PlotFrame.right - PlotFrame.left)
    }

    private func up(_ part: Double) -> Double {
        PlotFrame.bottom - part * (PlotFrame.bottom - PlotFrame.top)
    }
}
