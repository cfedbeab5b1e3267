/// How large a worker's ``BufferPool`` is.
package struct PoolLimits: Equatable, Sendable {
    /// Blocks of each class.
    package var smallBlocks: Int
    package var bulkBlocks: Int
    /// Slices that may wait in send queues. Two for each block: the relay queues a block whole, and a
    /// block that is cut into frames is queued in few parts at a time.
    package var pieces: Int { 2 * (smallBlocks + bulkBlocks) + 64 }

    package init(smallBlocks: Int, bulkBlocks: Int) {
        self.smallBlocks = smallBlocks
        self.bulkBlocks = bulkBlocks
    }

    /// Half of the bytes for each class: small blocks bound how many slow sessions can wait, bulk
    /// blocks how many fast ones run at once. Never less than what one session of each needs.
    package init(bytes: Int) {
        self.init(
            smallBlocks: max(4, bytes / 2 / BlockClass.small.bytes),
            bulkBlocks: max(2, bytes / 2 / BlockClass.bulk.bytes))
    }

    package var bytes: Int {
        smallBlocks * BlockClass.small.bytes + bulkBlocks * BlockClass.bulk.bytes
    }
}
