/// Cells under one another: the first column at the left, the others, numbers, at the right, and
/// the last one, words at times, at the left again.
struct ReportColumns {
    private let head: [String]
    private var rows: [(cells: [String], rest: String?)] = []

    init(head: [String]) { self.head = head }

    /// - Parameter rest: what stands in place of the missing cells; it widens no column.
    mutating func add(_ cells: [String], rest: String? = nil) { rows.append((cells, rest)) }

    var lines: [String] {
        let all = [(cells: head, rest: String?.none)] + rows
        let widths = head.indices.map { column in
            all.map { column < $0.cells.count ? $0.cells[column].count : 0 }.max() ?? 0
        }
        let lines = all.map { row in
            var parts = row.cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 || column == head.count - 1 ? cell + space : space + cell
            }
            if let rest = row.rest { parts.append(rest) }
            var line = parts.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
        let width = max(0, widths.reduce(0) { $0 + $1 + 2 } - 2)
        return [lines[0], String(repeating: "-", count: width)] + lines.dropFirst()
    }
}
