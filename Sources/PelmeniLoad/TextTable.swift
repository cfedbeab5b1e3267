/// A table of aligned columns.
package struct TextTable {
    private struct Row {
        var cells: [String]
        /// Text instead of the cells from this one on; it widens no column.
        var rest: String?
    }

    private let head: [String]
    /// Left-aligned columns; numbers are right-aligned.
    private let left: Set<Int>
    private var rows: [Row] = []

    package init(head: [String], left: Set<Int>) {
        self.head = head
        self.left = left
    }

    /// - Parameter rest: the text in place of missing cells.
    package mutating func add(_ cells: [String], rest: String? = nil) {
        rows.append(Row(cells: cells, rest: rest))
    }

    package var text: String { lines.joined(separator: "\n") }

    package var lines: [String] {
        let all = [Row(cells: head)] + rows
        let widths = head.indices.map { column in
            all.map { column < $0.cells.count ? $0.cells[column].count : 0 }.max() ?? 0
        }
        let lines = all.map { line($0, widths) }
        let width = max(0, widths.reduce(0) { $0 + $1 + 2 } - 2)
        return [lines[0], String(repeating: "-", count: width)] + lines.dropFirst()
    }

    private func line(_ row: Row, _ widths: [Int]) -> String {
        var parts = row.cells.enumerated().map { column, cell in
            let space = String(repeating: " ", count: widths[column] - cell.count)
            return left.contains(column) ? cell + space : space + cell
        }
        if let rest = row.rest { parts.append(rest) }
        var line = parts.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}
