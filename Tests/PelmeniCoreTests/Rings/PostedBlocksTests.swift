import PelmeniTesting
import Testing

@testable import PelmeniCore

@Suite struct PostedBlocksTests {
    @Test func slotsArePowersOfTwoAndLeaveHalfOfThePool() {
        #expect(PostedBlocks.slots(256, of: 8192) == 256)
        #expect(PostedBlocks.slots(256, of: 300) == 128)
        #expect(PostedBlocks.slots(256, of: 4) == 2)
        #expect(PostedBlocks.slots(32, of: 1) == 1)
    }

    @Test(arguments: [UInt64(1), 2]) func aSlotKeepsItsBlock(seed: UInt64) throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 32, bulkBlocks: 2)))
        defer { pool.destroy() }
        var posted = PostedBlocks(blockClass: .small, slots: 16)
        var random = SeededRandom(seed: seed)
        var model: [Int: BlockID] = [:]
        for _ in 0..<2000 {
            if random.below(2) == 0, posted.emptyCount > 0 {
                let block = pool.take(.small)
                let slot = posted.fill(block)
                #expect(model.updateValue(block, forKey: slot) == nil, "seed \(seed)")
            } else if let slot = model.keys.sorted().first {
                let block = posted.take(slot)
                #expect(block == model.removeValue(forKey: slot), "seed \(seed)")
                pool.release(block)
            }
            #expect(posted.emptyCount == 16 - model.count)
        }
        posted.releaseAll(to: pool)
        #expect(pool.leasedBlocks == 0)
    }
}
