@testable import PelmeniCore

/// Rows of a table without a relay, numbered from 0.
final class TestRows<Name, Row> {
    let table: RowTable<Name, Row>
    private let count: Int

    init(count: Int, _ row: (Int) -> Row) {
        let memory = UnsafeMutablePointer<Row>.allocate(capacity: count)
        for index in 0..<count { (memory + index).initialize(to: row(index)) }
        table = RowTable(memory)
        self.count = count
    }

    deinit {
        table.rows.deinitialize(count: count)
        table.rows.deallocate()
    }

    var ids: [RowID<Name>] { (0..<UInt32(count)).map { RowID($0) } }
}

extension TestRows where Name == RowTableName.Legs, Row == LegRow {
    /// Open legs, one of each kind that is given.
    static func legs(_ kinds: [LegRow.Kind]) -> TestRows {
        TestRows(count: kinds.count) {
            LegRow(kinds[$0], socket: Int32($0), session: .none, generation: 0)
        }
    }
}
