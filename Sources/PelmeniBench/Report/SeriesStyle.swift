/// The look of one subject: a colour, a marker and a dash, each of them distinctive alone.
struct SeriesStyle: Equatable {
    static let slots = 8
    private static let first = 1
    private static let besideFirst = 2
    let slot: Int
    /// Whether the subject is a variant of another one and looks similar: `haproxy-256k`.
    var isVariant = false

    /// Sets the colour of the inner elements.
    var colorClass: String { isVariant ? "s\(slot) variant" : "s\(slot)" }

    /// Lengths of strokes and gaps; empty for a solid line.
    var dash: String {
        isVariant && slot != Self.besideFirst
            ? "2 4" : ["2 3", "", "9 3", "5 3", "8 3 2 3", "3 2", "12 4", "8 3 2 3 2 3"][slot]
    }

    /// A shape of the same weight around a point.
    func marker(x: Double, y: Double, size: Double = 4) -> Markup {
        let shape: [(Double, Double)]
        switch slot {
        case 0: return SVG.circle(x, y, size * 0.9, class: "hollow")
        case 1: return SVG.circle(x, y, size, class: "dot")
        case 2: shape = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
        case 3: shape = [(0, -1.2), (1.15, 0.85), (-1.15, 0.85)]
        case 4: shape = [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
        case 5: shape = [(0, 1.2), (1.15, -0.85), (-1.15, -0.85)]
        case 6:
            shape = [
                (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4),
                (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4),
            ]
        default: shape = [(-0.6, -1.3), (0.6, -1.3), (0.6, 1.3), (-0.6, 1.3)]
        }
        return SVG.polygon(
            shape.map { (x + $0.0 * size, y + $0.1 * size) }, class: isVariant ? "hollow" : "dot")
    }

    /// The styles by subject name: Pelmeni's in cold colours, peers in warm ones, a direct run
    /// grey. A variant has its original's look, but hollow; the first variant has a lighter colour
    /// too, as both are in most pictures.
    static func assigned(to subjects: [Subject]) -> [String: SeriesStyle] {
        var free: [Subject.Kind: [Int]] = [
            .direct: [0], .pelmeni: [first, 3], .peer: [4, 5, 6], .prototype: [besideFirst, 7],
        ]
        var styles: [String: SeriesStyle] = [:]
        let names = Set(subjects.map(\.name))
        let originals = subjects.filter { original(of: $0.name, among: names) == nil }
        for subject in originals where styles[subject.name] == nil {
            let slot: Int
            if let own = free[subject.kind]?.first {
                free[subject.kind]?.removeFirst()
                slot = own
            } else {
                let used = Set(styles.values.map(\.slot))
                slot = (0..<slots).reversed().first { !used.contains($0) } ?? slots - 1
            }
            styles[subject.name] = SeriesStyle(slot: slot)
        }
        for name in names where styles[name] == nil {
            let slot = original(of: name, among: names).flatMap { styles[$0]?.slot } ?? slots - 1
            styles[name] = SeriesStyle(slot: slot == first ? besideFirst : slot, isVariant: true)
        }
        return styles
    }

    /// `haproxy` for `haproxy-256k`.
    private static func original(of name: String, among names: Set<String>) -> String? {
        names.filter { name.hasPrefix($0 + "-") }.min { $0.count < $1.count }
    }
}
