import PelmeniTesting
import Testing

@testable import PelmeniCore

@Suite struct SendQueueTests {
    private static let identity: UInt64 = 0x1234_5678_9abc_def0

    private func slice(_ pool: BufferPool, position: Int, length: Int) -> Slice {
        let block = pool.take(.small)
        FlowContent.fill(
            pool.address(block), identity: Self.identity, position: position, count: length)
        return Slice(block: block, offset: 0, length: UInt32(length))
    }

    /// The bytes in a queue's pieces.
    private func wrongAt(_ queue: SendQueue, _ pool: BufferPool, position: Int) -> Int? {
        var at = position
        var piece = queue.first
        for _ in 0..<queue.count {
            let it = pool.piece(piece).pointee
            if let wrong = FlowContent.firstDifference(
                pool.address(it.slice.block) + Int(it.slice.offset), identity: Self.identity,
                position: at, count: Int(it.slice.length))
            {
                return wrong
            }
            at += Int(it.slice.length)
            piece = it.next
        }
        return nil
    }

    /// Appends, copies and partial sends in any order neither lose nor move a byte.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func bytesStayInOrder(seed: UInt64) throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 32, bulkBlocks: 2)))
        defer { pool.destroy() }
        var random = SeededRandom(seed: seed)
        var queue = SendQueue()
        var written = 0
        var sent = 0
        for _ in 0..<3000 {
            if random.below(2) == 0, pool.freeBlocks(.small) > 0 {
                let length = random.pick([1, 7, 100, 4000, 16384])
                let slice = slice(pool, position: written, length: length)
                if random.below(2) == 0 || !queue.appendCopying(slice, pool: pool) {
                    let isQueued = queue.append(slice, pool: pool)
                    #expect(isQueued)
                }
                written += length
            } else if !queue.isEmpty {
                let count = random.between(0, queue.bytes)
                queue.remove(count, pool: pool)
                sent += count
            }
            #expect(queue.bytes == written - sent, "seed \(seed)")
            #expect(wrongAt(queue, pool, position: sent) == nil, "seed \(seed)")
            #expect(pool.leasedBlocks == Int(queue.count))
        }
        queue.removeAll(pool: pool)
        #expect(queue.isEmpty && queue.bytes == 0)
        #expect(pool.leasedBlocks == 0)
        #expect(pool.freePieces == pool.totalPieces)
    }

    @Test func aSharedBlockIsNotCopiedInto() throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 4, bulkBlocks: 2)))
        defer { pool.destroy() }
        var queue = SendQueue()
        let first = slice(pool, position: 0, length: 10)
        pool.lease(first.block)
        let second = slice(pool, position: 10, length: 10)
        let isFirstQueued = queue.append(first, pool: pool)
        let isCopied = queue.appendCopying(second, pool: pool)
        let isSecondQueued = queue.append(second, pool: pool)
        #expect(isFirstQueued && !isCopied && isSecondQueued)
        #expect(queue.count == 2)
        queue.removeAll(pool: pool)
        #expect(pool.leasedBlocks == 1)
    }

    @Test func withoutPiecesTheCallerKeepsItsLease() throws {
        let pool = try #require(BufferPool(limits: PoolLimits(smallBlocks: 4, bulkBlocks: 2)))
        defer { pool.destroy() }
        var queue = SendQueue()
        let shared = slice(pool, position: 0, length: 10)
        var count = 0
        while true {
            pool.lease(shared.block)
            guard queue.append(shared, pool: pool) else { break }
            count += 1
        }
        #expect(count == pool.totalPieces)
        #expect(pool.leases(of: shared.block) == count + 2)
        queue.removeAll(pool: pool)
        #expect(pool.leases(of: shared.block) == 2)
    }
}
