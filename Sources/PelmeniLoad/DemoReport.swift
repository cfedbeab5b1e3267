/// The results of the ``Demo``.
public struct DemoReport: Sendable {
    /// A row for each backend and kind of traffic; a refused backend has one row.
    public var rows: [DemoRow]
    /// How the processors are shared, and the limits of the figures.
    public var note: String

    /// The number of all faults.
    public var errors: Int { rows.reduce(0) { $0 + $1.errors } }

    /// For a reader: the rows, then the errors by kind if there were any, then the note.
    public var table: String {
        var table = TextTable(
            head: [
                "backend", "traffic", "throughput", "proxy CPU", "p50", "p99", "max",
                "errors",
            ], left: [0, 1])
        for (index, row) in rows.enumerated() {
            let isFirst = index == 0 || rows[index - 1].backend != row.backend
            let backend = isFirst ? row.backend : ""
            if let problem = row.problem {
                table.add([backend], rest: problem)
                if !row.remedy.isEmpty { table.add([""], rest: row.remedy) }
            } else {
                table.add([backend, row.scenario] + row.cells)
            }
        }
        let wrong = rows.filter { $0.errors > 0 && $0.problem == nil }.map {
            "\($0.backend), \($0.scenario): \($0.errorText)"
        }
        let errorList = wrong.isEmpty ? [] : ["", "Errors:"] + wrong
        return ([table.text] + errorList + ["", note]).joined(separator: "\n")
    }
}
