/// A table of a page; a wide one scrolls sideways under its first column.
struct PageTable {
    let head: [String]
    private var rows: [Markup] = []

    init(head: [String]) { self.head = head }

    /// - Parameter first: the row's heading.
    mutating func add(_ first: [Markup], _ cells: [Markup]) {
        rows.append(Markup("tr", [:], [Markup("th", ["scope": "row"], first)] + cells))
    }

    mutating func add(_ first: String, _ cells: [String]) {
        add([.text(first)], cells.map { Markup("td", text: $0) })
    }

    var markup: Markup {
        // A line may break after a slash, but not before a lone `s`.
        let titles = head.map { title in
            Markup(
                "th", ["scope": "col"],
                text: title.hasSuffix("/s") ? title : title.replacing("/", with: "/\u{200b}"))
        }
        return Markup(
            "div", ["class": "scroll"],
            [
                Markup(
                    "table", [:],
                    [
                        Markup("thead", [:], [Markup("tr", [:], titles)]),
                        Markup("tbody", [:], rows),
                    ])
            ])
    }
}
