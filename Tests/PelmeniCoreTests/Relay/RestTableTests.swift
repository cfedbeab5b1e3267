import Testing

@testable import PelmeniCore

/// Bytes that wait for the driver of a pair.
@Suite struct RestTableTests {
    private let pool: BufferPool

    init() throws {
        pool = try #require(
            BufferPool(
                limits: PoolLimits(smallBlocks: 8, bulkBlocks: 2)))
    }

    private func bytes(_ count: Int) -> BufferRow {
        let block = pool.take(.small)
        return BufferRow(pool, block, offset: 0, count: count, headroom: 0, tailroom: 0)
    }

    /// A side that never had bytes is zeroed memory, and has none.
    @Test func zeroedMemoryHasNone() throws {
        defer { pool.destroy() }
        var table = try #require(RestTable(sessions: 1))
        defer { table.destroy() }
        var side = PairDriverRow.Side()
        withUnsafeMutableBytes(of: &side) { memory in
            for index in memory.indices { memory[index] = 0 }
        }
        let (count, bytes) = (table.count(&side), table.bytes(&side))
        #expect(count == 0 && bytes == nil)
        let taken = table.take(&side)
        #expect(taken.count == 0)
        table.drop(&side)
        #expect(table.used == 0)
    }

    /// Both sides of all sessions have bytes at once; each gets its own back, and at quiet the
    /// table is empty and every block free.
    @Test(arguments: [UInt64(1), 2, 3]) func eachSideGetsItsOwn(seed: UInt64) throws {
        defer { pool.destroy() }
        let sessions = 4
        var table = try #require(RestTable(sessions: sessions))
        defer { table.destroy() }
        var sides = [PairDriverRow.Side](repeating: .init(), count: 2 * sessions)
        var counts = [Int](repeating: 0, count: sides.count)
        var state = seed
        for step in 0..<1_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let at = Int(state >> 33) % sides.count
            if counts[at] == 0 {
                counts[at] = step + 1
                table.put(bytes(step + 1), &sides[at])
            } else if state >> 20 & 1 == 0 {
                var rest = table.take(&sides[at])
                #expect(rest.count == counts[at], "seed \(seed)")
                rest.releaseOnWorker()
                counts[at] = 0
            } else {
                table.drop(&sides[at])
                counts[at] = 0
            }
            #expect(table.used == counts.count { $0 > 0 }, "seed \(seed)")
            let count = table.count(&sides[at])
            #expect(count == counts[at], "seed \(seed)")
            table.trim()
        }
        for index in sides.indices { table.drop(&sides[index]) }
        #expect(table.used == 0 && pool.leasedBlocks == 0, "seed \(seed)")
    }
}
