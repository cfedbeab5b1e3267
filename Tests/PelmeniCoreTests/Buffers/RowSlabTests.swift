import Testing

@testable import PelmeniCore

@Suite struct RowSlabTests {
    @Test func rowsGoRound() throws {
        var slab = try #require(RowSlab<LegRow>(capacity: 4, reserved: 1))
        defer { slab.destroy() }
        for number: UInt32 in 1...3 { #expect(slab.allocate() == LegID(number)) }
        #expect(slab.allocate() == LegID.none)
        slab.rows[LegID(2)] = LegRow(freeAfter: 7)
        slab.giveBack(LegID(2))
        slab.giveBack(LegID(1))
        #expect(slab.allocate() == LegID(1))
        // A row keeps its last contents: its generation continues.
        #expect(slab.allocate() == LegID(2))
        #expect(slab.rows[LegID(2)].generation == 8)
        #expect(slab.allocate() == LegID.none)
    }

    @Test func usedRowsAreThoseOfBefore() throws {
        var slab = try #require(RowSlab<SessionRow>(capacity: 100))
        defer { slab.destroy() }
        #expect(slab.used.isEmpty)
        let first = slab.allocate()
        _ = slab.allocate()
        slab.giveBack(first)
        #expect(Array(slab.used) == [SessionID(0), SessionID(1)])
    }

    /// Begun anew, a table is as new: zeros, and its rows in order.
    @Test func aTableBeginsAnew() throws {
        var slab = try #require(RowSlab<LegRow>(capacity: 100, reserved: 1))
        defer { slab.destroy() }
        let ids = (0..<3).map { _ in slab.allocate() }
        for id in ids { slab.rows[id] = LegRow(freeAfter: 7) }
        for id in ids { slab.giveBack(id) }
        slab.reset()
        #expect(slab.rows[LegID(2)].generation == 0)
        #expect((0..<3).map { _ in slab.allocate() } == ids)
    }
}
