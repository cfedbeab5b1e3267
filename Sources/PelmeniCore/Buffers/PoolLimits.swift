/// The size of a worker's ``BufferPool``.
package struct PoolLimits: Equatable, Sendable {
    /// Blocks of each class.
    package var smallBlocks: Int
    package var bulkBlocks: Int
    package var datagramBlocks: Int
    /// Slices that may wait in send queues. Two for each block: the relay queues a whole block as
    /// one slice, and queues few parts at a time of a block that is cut into frames.
    package var pieces: Int { 2 * (smallBlocks + bulkBlocks + datagramBlocks) + 64 }

    package init(smallBlocks: Int, bulkBlocks: Int, datagramBlocks: Int = 0) {
        self.smallBlocks = smallBlocks
        self.bulkBlocks = bulkBlocks
        self.datagramBlocks = datagramBlocks
    }

    /// Half of the bytes for each stream class: the small blocks bound the slow sessions that can
    /// wait, the bulk blocks the fast sessions at once. Datagrams, and messages that are gathered,
    /// get a quarter first: their blocks are seldom held longer than a loop. Never less than one
    /// session of each kind needs.
    package init(bytes: Int, hasDatagramBlocks: Bool = false) {
        let datagrams = hasDatagramBlocks ? bytes / 4 : 0
        let streams = bytes - datagrams
        self.init(
            smallBlocks: max(4, streams / 2 / BlockClass.small.bytes),
            bulkBlocks: max(2, streams / 2 / BlockClass.bulk.bytes),
            datagramBlocks: hasDatagramBlocks ? max(4, datagrams / BlockClass.datagram.bytes) : 0)
    }

    package var bytes: Int {
        smallBlocks * BlockClass.small.bytes + bulkBlocks * BlockClass.bulk.bytes
            + datagramBlocks * BlockClass.datagram.bytes
    }
}
