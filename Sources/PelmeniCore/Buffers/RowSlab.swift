internal import CPelmeni

/// The rows of a table, in memory of their own, with a list of free rows.
///
/// A row that was never taken is all zeros, and costs no memory.
struct RowSlab<Row: QueuedRow>: @unchecked Sendable {
    typealias ID = RowID<Row.Table>

    let rows: RowTable<Row.Table, Row>
    private let capacity: Int
    private let reserved: Int
    private let spare: Int
    private var free: ID = .none
    private var fresh: UInt32

    /// Nil when memory is short.
    ///
    /// - Parameters:
    ///   - reserved: rows at the beginning that are never taken.
    ///   - spare: rows behind the last one, likewise.
    init?(capacity: Int, reserved: Int = 0, spare: Int = 0) {
        guard let memory = pelmeni_memory_map(Self.bytes(capacity + spare)) else { return nil }
        rows = RowTable(memory.bindMemory(to: Row.self, capacity: capacity + spare))
        self.capacity = capacity
        self.reserved = reserved
        self.spare = spare
        fresh = UInt32(reserved)
    }

    /// No copy of the table may be used afterwards.
    func destroy() { pelmeni_memory_unmap(rows.rows, Self.bytes(capacity + spare)) }

    private static func bytes(_ capacity: Int) -> UInt64 {
        UInt64(capacity * MemoryLayout<Row>.stride)
    }

    /// Takes a free row, with the contents of its last use. None when all rows are in use.
    @inline(__always)
    mutating func allocate() -> ID {
        let id = free
        guard id.isNone else {
            free = rows[id].next
            return id
        }
        guard Int(fresh) < capacity else { return .none }
        fresh &+= 1
        return ID(fresh &- 1)
    }

    @inline(__always)
    mutating func giveBack(_ id: ID) {
        rows[id].next = free
        free = id
    }

    /// Begins anew, with no row in use and none that costs memory. Only where no row is taken.
    mutating func reset() {
        guard Int(fresh) > reserved else { return }
        pelmeni_memory_discard(rows.rows, Self.bytes(capacity + spare))
        free = .none
        fresh = UInt32(reserved)
    }

    /// All rows that were ever in use, and the reserved rows.
    var used: LazyMapSequence<Range<UInt32>, ID> { (0..<fresh).lazy.map { ID($0) } }
}
