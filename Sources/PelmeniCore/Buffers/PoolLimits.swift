/// How large a worker's ``BufferPool`` is.
package struct PoolLimits: Equatable, Sendable {
    /// Blocks of each class.
    package var smallBlocks: Int
    package var bulkBlocks: Int
    package var datagramBlocks: Int
    /// Slices that may wait in send queues. Two for each block: the relay queues a block whole, and
    /// a block that is cut into frames is queued in few parts at a time.
    package var pieces: Int { 2 * (smallBlocks + bulkBlocks + datagramBlocks) + 64 }

    package init(smallBlocks: Int, bulkBlocks: Int, datagramBlocks: Int = 0) {
        self.smallBlocks = smallBlocks
        self.bulkBlocks = bulkBlocks
        self.datagramBlocks = datagramBlocks
    }

    /// Half of the bytes for each stream class: small blocks bound how many slow sessions can wait,
    /// bulk blocks how many fast ones run at once. Where datagrams are served they get a quarter
    /// first: a block of theirs is seldom held longer than a loop. Never less than what one session
    /// of each needs.
    package init(bytes: Int, servesDatagrams: Bool = false) {
        let datagrams = servesDatagrams ? bytes / 4 : 0
        let streams = bytes - datagrams
        self.init(
            smallBlocks: max(4, streams / 2 / BlockClass.small.bytes),
            bulkBlocks: max(2, streams / 2 / BlockClass.bulk.bytes),
            datagramBlocks: servesDatagrams ? max(4, datagrams / BlockClass.datagram.bytes) : 0)
    }

    package var bytes: Int {
        smallBlocks * BlockClass.small.bytes + bulkBlocks * BlockClass.bulk.bytes
            + datagramBlocks * BlockClass.datagram.bytes
    }
}
