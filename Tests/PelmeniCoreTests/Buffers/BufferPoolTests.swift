import PelmeniTesting
import Testing

@testable import PelmeniCore

@Suite struct BufferPoolTests {
    @Test func theLastBlockGivenBackIsTheNextOneTaken() throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 4, bulkBlocks: 2)))
        defer { pool.destroy() }
        let first = pool.take(.small)
        let second = pool.take(.small)
        #expect(first != second)
        pool.release(first)
        #expect(pool.take(.small) == first)
        #expect(pool.leasedBlocks == 2)
    }

    @Test func anEmptyPoolGivesNothing() throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 4, bulkBlocks: 2)))
        defer { pool.destroy() }
        for _ in 0..<4 { #expect(!pool.take(.small).isNone) }
        #expect(pool.take(.small).isNone)
        #expect(!pool.take(.bulk).isNone)
        #expect(!pool.take(.bulk).isNone)
        #expect(pool.take(.bulk).isNone)
        #expect(pool.freeBlocks(.small) == 0)
    }

    @Test func aBlockIsFreeWhenItsLastLeaseEnds() throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 4, bulkBlocks: 2)))
        defer { pool.destroy() }
        let block = pool.take(.bulk)
        pool.lease(block)
        pool.lease(block)
        for left in [2, 1] {
            pool.release(block)
            #expect(pool.leases(of: block) == left)
            #expect(pool.freeBlocks(.bulk) == 1)
        }
        pool.release(block)
        #expect(pool.freeBlocks(.bulk) == 2)
    }

    /// Free blocks are given back, and a leased one keeps its bytes, whatever its class and place.
    @Test(arguments: 0..<3) func quietFreesWhatIsFree(kept: Int) throws {
        let limits = PoolLimits(smallBlocks: 3, bulkBlocks: 3, datagramBlocks: 3)
        let pool = try #require(BufferPool(limits: limits))
        defer { pool.destroy() }
        var blocks: [BlockID] = []
        for blockClass in [BlockClass.small, .bulk, .datagram] {
            for _ in 0..<3 { blocks.append(pool.take(blockClass)) }
        }
        for block in blocks {
            let bytes = pool.blockClass(of: block).bytes
            pool.address(block).initializeMemory(as: UInt8.self, repeating: 0x77, count: bytes)
        }
        let free = blocks.filter { Int($0.rawValue) % 3 != kept }
        for block in free { pool.release(block) }
        pool.trim()
        for block in blocks {
            let expected: UInt8 = free.contains(block) ? 0 : 0x77
            let bytes = UnsafeRawBufferPointer(
                start: pool.address(block), count: pool.blockClass(of: block).bytes)
            #expect(bytes.allSatisfy { $0 == expected }, "block \(block.rawValue)")
        }
    }

    /// A page of other machines is larger than a small block, and no divisor of a datagram block:
    /// what is given back has no byte of a leased block.
    @Test(arguments: [4 << 10, 16 << 10, 64 << 10]) func noPageOfALeasedBlockIsFreed(
        pageBytes: Int
    ) throws {
        let limits = PoolLimits(smallBlocks: 23, bulkBlocks: 3, datagramBlocks: 23)
        let pool = try #require(BufferPool(limits: limits))
        defer { pool.destroy() }
        var random = SeededRandom(seed: UInt64(pageBytes))
        let classes =
            [BlockClass](repeating: .small, count: 23) + [.bulk, .bulk, .bulk]
            + [BlockClass](repeating: .datagram, count: 23)
        let blocks = classes.map { pool.take($0) }
        let start = blocks.map { pool.address($0) }.min()
        let memory = try #require(start)
        var given = 0
        for _ in 0..<200 {
            let share = random.between(1, 8)
            let kept = blocks.filter { _ in random.below(share) == 0 }
            for block in blocks where !kept.contains(block) { pool.release(block) }
            let leased = kept.map { block in
                let at = pool.address(block) - memory
                return at..<at + pool.blockClass(of: block).bytes
            }
            pool.forEachTrimmable(pageBytes: pageBytes) { bytes in
                #expect(bytes.lowerBound % pageBytes == 0 && bytes.count % pageBytes == 0)
                #expect(!leased.contains { $0.overlaps(bytes) }, "\(bytes)")
                given += bytes.count
            }
            for block in blocks where !kept.contains(block) {
                #expect(!pool.take(pool.blockClass(of: block)).isNone)
            }
        }
        #expect(given > 0)
    }

    @Test func blocksDoNotOverlap() throws {
        let limits = PoolLimits(smallBlocks: 5, bulkBlocks: 3)
        let pool = try #require(BufferPool(limits: limits))
        defer { pool.destroy() }
        var ranges: [Range<UInt>] = []
        for blockClass in [BlockClass.small, .bulk] {
            for _ in 0..<pool.totalBlocks(blockClass) {
                let block = pool.take(blockClass)
                #expect(pool.blockClass(of: block) == blockClass)
                let start = UInt(bitPattern: pool.address(block))
                ranges.append(start..<start + UInt(blockClass.bytes))
            }
        }
        ranges.sort { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(ranges, ranges.dropFirst()) {
            #expect(left.upperBound <= right.lowerBound)
        }
        #expect(ranges.reduce(0) { $0 + $1.count } == limits.bytes)
    }

    /// Takes, leases and releases in any order keep the counts of a plain dictionary.
    @Test(arguments: [UInt64(1), 2, 3]) func theBooksAgree(seed: UInt64) throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 8, bulkBlocks: 3)))
        defer { pool.destroy() }
        var random = SeededRandom(seed: seed)
        var model: [UInt32: Int] = [:]
        for _ in 0..<5000 {
            let held = model.keys.sorted()
            switch random.below(3) {
            case 0:
                let blockClass: BlockClass = random.below(2) == 0 ? .small : .bulk
                let block = pool.take(blockClass)
                if block.isNone {
                    #expect(pool.freeBlocks(blockClass) == 0)
                } else {
                    #expect(model.updateValue(1, forKey: block.rawValue) == nil)
                }
            case 1 where !held.isEmpty:
                let block = random.pick(held)
                pool.lease(BlockID(rawValue: block))
                model[block, default: 0] += 1
            case 2 where !held.isEmpty:
                let block = random.pick(held)
                pool.release(BlockID(rawValue: block))
                model[block] = model[block].flatMap { $0 > 1 ? $0 - 1 : nil }
            default: continue
            }
            #expect(pool.leasedBlocks == model.count, "seed \(seed)")
        }
    }

    @Test func limitsFollowTheBytes() {
        let limits = PoolLimits(bytes: 64 << 20)
        #expect(limits.smallBlocks == 2048)
        #expect(limits.bulkBlocks == 128)
        #expect(limits.bytes == 64 << 20)
        let least = PoolLimits(bytes: 0)
        #expect(least.smallBlocks == 4)
        #expect(least.bulkBlocks == 2)
    }
}
