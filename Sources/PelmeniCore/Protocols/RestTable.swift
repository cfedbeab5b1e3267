typealias RestID = RowID<RowTableName.Rests>

/// Received bytes that a pair's driver has not taken yet: a row for each side that has some, and
/// none for the others. Most sides have none between two loops.
///
/// Rows are taken last in, first out: those of a busy worker stay in the cache.
struct RestTable {
    private var slab: RowSlab<RestRow>
    /// Sides with bytes.
    private(set) var used = 0

    /// Of a side without bytes: a row that is never taken, so that zeroed memory has none.
    static var none: RestID { RestID(0) }

    /// Nil when memory runs out.
    init?(sessions: Int) {
        // Both sides of each session may have bytes.
        guard let slab = RowSlab<RestRow>(capacity: 2 * sessions + 1, reserved: 1)
        else { return nil }
        self.slab = slab
    }

    /// No copy of the table may be used afterwards.
    func destroy() { slab.destroy() }

    /// Bytes of a side.
    @inline(__always)
    func count(_ side: UnsafeMutablePointer<PairDriverRow.Side>) -> Int {
        let id = side.pointee.rest
        return id == Self.none ? 0 : slab.rows[id].bytes.count
    }

    /// The bytes of a side, in place. Nil without any.
    @inline(__always)
    func bytes(
        _ side: UnsafeMutablePointer<PairDriverRow.Side>
    ) -> UnsafeMutablePointer<BufferRow>? {
        let id = side.pointee.rest
        guard id != Self.none else { return nil }
        return withUnsafeMutablePointer(to: &slab.rows.row(id).pointee.bytes) { $0 }
    }

    /// Takes the bytes of a side, which has none then.
    @inline(__always)
    mutating func take(_ side: UnsafeMutablePointer<PairDriverRow.Side>) -> BufferRow {
        let id = side.pointee.rest
        guard id != Self.none else { return BufferRow() }
        assert(used > 0, "the count has every rest")
        let bytes = slab.rows[id].bytes
        assert(bytes.count > 0, "a rest has bytes")
        side.pointee.rest = Self.none
        slab.giveBack(id)
        used &-= 1
        return bytes
    }

    /// Puts bytes, one at least, to a side that has none.
    @inline(__always)
    mutating func put(_ bytes: BufferRow, _ side: UnsafeMutablePointer<PairDriverRow.Side>) {
        assert(bytes.count > 0, "a rest has bytes")
        assert(side.pointee.rest == Self.none, "a side has one rest")
        let id = slab.allocate()
        assert(!id.isNone, "each side has a row")
        slab.rows[id].bytes = bytes
        side.pointee.rest = id
        used &+= 1
    }

    /// Gives the memory of all rows back, where none is in use.
    mutating func trim() { if used == 0 { slab.reset() } }

    /// Drops the bytes of a side.
    @inline(__always)
    mutating func drop(_ side: UnsafeMutablePointer<PairDriverRow.Side>) {
        guard side.pointee.rest != Self.none else { return }
        var bytes = take(side)
        bytes.releaseOnWorker()
    }
}

/// The bytes of one side: 64 bytes, with the link of the free rows.
struct RestRow: QueuedRow {
    typealias Table = RowTableName.Rests

    var bytes = BufferRow()
    var next: RestID = .none
}
