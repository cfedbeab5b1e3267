/// Elements of an inline SVG; colours and strokes come from the page's style by class.
enum SVG {
    static func number(_ value: Double) -> String { ReportText.decimals(value, 1) }

    static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String
    ) -> Markup {
        Markup(
            "line",
            [
                "class": name, "x1": number(x1), "y1": number(y1), "x2": number(x2),
                "y2": number(y2),
            ])
    }

    static func circle(_ x: Double, _ y: Double, _ radius: Double, class name: String) -> Markup {
        Markup(
            "circle", ["class": name, "cx": number(x), "cy": number(y), "r": number(radius)])
    }

    static func rectangle(
        _ x: Double, _ y: Double, width: Double, height: Double, class name: String
    ) -> Markup {
        Markup(
            "rect",
            [
                "class": name, "x": number(x), "y": number(y), "width": number(max(0, width)),
                "height": number(max(0, height)), "rx": "1.5",
            ])
    }

    static func polygon(_ points: [(Double, Double)], class name: String) -> Markup {
        Markup("polygon", ["class": name, "points": list(points)])
    }

    static func polyline(_ points: [(Double, Double)], dash: String) -> Markup {
        Markup(
            "polyline", ["class": "line", "points": list(points), "stroke-dasharray": dash])
    }

    /// - Parameter anchor: `start`, `middle` or `end`.
    static func text(
        _ x: Double, _ y: Double, _ text: String, anchor: String = "middle",
        class name: String = "tick", turned: Bool = false
    ) -> Markup {
        let turn = turned ? "rotate(-90 \(number(x)) \(number(y)))" : ""
        return Markup(
            "text",
            [
                "class": name, "x": number(x), "y": number(y), "text-anchor": anchor,
                "transform": turn,
            ], text: text)
    }

    /// A group of elements, with the text that a pointer shows over it.
    static func group(_ name: String, title: String = "", _ inner: [Markup]) -> Markup {
        let tip = title.isEmpty ? [] : [Markup("title", text: title)]
        return Markup("g", ["class": name], tip + inner)
    }

    static func picture(
        width: Double, height: Double, label: String, class name: String, _ inner: [Markup]
    ) -> Markup {
        Markup(
            "svg",
            [
                "class": name, "viewBox": "0 0 \(number(width)) \(number(height))", "role": "img",
                "aria-label": label,
            ], inner)
    }

    private static func list(_ points: [(Double, Double)]) -> String {
        points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
    }
}
