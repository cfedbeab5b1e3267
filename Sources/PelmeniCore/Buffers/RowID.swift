/// The number of a row in a table, typed: a leg's number does not pass for a session's.
package struct RowID<Table>: Hashable, Sendable {
    package let rawValue: UInt32

    @inline(__always)
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    @inline(__always)
    package static var none: RowID { RowID(.max) }

    @inline(__always)
    package var isNone: Bool { rawValue == .max }

    @inline(__always)
    package static func == (left: RowID, right: RowID) -> Bool { left.rawValue == right.rawValue }

    package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

/// The table of a ``RowID``.
package enum RowTableName {
    package enum Legs {}
    package enum Sessions {}
    package enum Datagrams {}
    package enum FramedStreams {}
    package enum Drivers {}
    package enum Rests {}
    package enum Dials {}
}

/// A leg; its ring calls the same number a slot.
package typealias LegID = RowID<RowTableName.Legs>
package typealias SessionID = RowID<RowTableName.Sessions>
/// A datagram, or a train, in flight.
package typealias DatagramID = RowID<RowTableName.Datagrams>

/// Rows reached by their number, through a pointer: a loop over them neither retains, releases nor
/// checks exclusivity. A handle: copies mean the same rows.
package struct RowTable<Name, Row>: @unchecked Sendable {
    package let rows: UnsafeMutablePointer<Row>

    @inline(__always)
    package init(_ rows: UnsafeMutablePointer<Row>) { self.rows = rows }

    @inline(__always)
    package func row(_ id: RowID<Name>) -> UnsafeMutablePointer<Row> {
        assert(!id.isNone, "a row that is none")
        return rows + Int(id.rawValue)
    }

    @inline(__always)
    package subscript(_ id: RowID<Name>) -> Row {
        @inline(__always)
        unsafeAddress { UnsafePointer(row(id)) }
        @inline(__always)
        nonmutating unsafeMutableAddress { row(id) }
    }
}
