/// A row that is in at most one ``RowQueue`` at a time.
package protocol QueuedRow {
    /// The row's table, see ``RowTableName``.
    associatedtype Table
    /// The next row of its queue.
    var next: RowID<Table> { get set }
}

/// Waiting rows, first in, first out, chained through the rows themselves.
package struct RowQueue<Row: QueuedRow>: Sendable {
    package typealias ID = RowID<Row.Table>
    package typealias Rows = RowTable<Row.Table, Row>

    package private(set) var first: ID = .none
    private var last: ID = .none
    package private(set) var count = 0

    package init() {}

    @inline(__always)
    package var isEmpty: Bool { first.isNone }

    package mutating func append(_ id: ID, _ rows: Rows) {
        assert(id != last, "a row stands in a queue once")
        rows[id].next = .none
        if first.isNone { first = id } else { rows[last].next = id }
        last = id
        count &+= 1
    }

    package mutating func prepend(_ id: ID, _ rows: Rows) {
        assert(id != first, "a row stands in a queue once")
        rows[id].next = first
        if first.isNone { last = id }
        first = id
        count &+= 1
    }

    /// Inserts a row behind the rows at the front for which `goesBefore` is true.
    package mutating func insert(_ id: ID, _ rows: Rows, behind goesBefore: (Row) -> Bool) {
        var previous = ID.none
        var at = first
        while !at.isNone, goesBefore(rows[at]) {
            previous = at
            at = rows[at].next
        }
        rows[id].next = at
        if previous.isNone { first = id } else { rows[previous].next = id }
        if at.isNone { last = id }
        count &+= 1
    }

    /// The first row, or none.
    package mutating func popFirst(_ rows: Rows) -> ID {
        let id = first
        assert(id.isNone == (count == 0), "a queue counts its rows")
        guard !id.isNone else { return id }
        first = rows[id].next
        if first.isNone { last = .none }
        rows[id].next = .none
        count &-= 1
        return id
    }

    /// Removes a row at any place. False when the row is not in this queue.
    @discardableResult
    package mutating func remove(_ id: ID, _ rows: Rows) -> Bool {
        var previous = ID.none
        var at = first
        while !at.isNone, at != id {
            previous = at
            at = rows[at].next
        }
        guard !at.isNone else { return false }
        let next = rows[id].next
        if previous.isNone { first = next } else { rows[previous].next = next }
        if last == id { last = previous }
        rows[id].next = .none
        count &-= 1
        return true
    }
}
