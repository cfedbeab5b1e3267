/// The blocks of one class that are posted to the kernel, by slot.
///
/// Slots keep their numbers: a filled slot is posted again with a fresh block, so the ring of slots
/// stays full and `ENOBUFS` means that the pool is empty.
package struct PostedBlocks {
    let blockClass: BlockClass
    package let capacity: Int
    private let blocks: UnsafeMutablePointer<BlockID>
    /// Slots without a block, a stack.
    private let empty: UnsafeMutablePointer<UInt16>
    package private(set) var emptyCount: Int

    package init(blockClass: BlockClass, slots: Int) {
        self.blockClass = blockClass
        capacity = slots
        blocks = .allocate(capacity: slots)
        blocks.initialize(repeating: .none, count: slots)
        empty = .allocate(capacity: slots)
        emptyCount = slots
        for slot in 0..<slots { empty[slot] = UInt16(slots - 1 - slot) }
    }

    /// A power of two, at most `wanted`, and at most half of the pool: the other half is for
    /// queues.
    package static func slots(_ wanted: Int, of blocks: Int) -> Int {
        var slots = 1
        while slots * 2 <= min(wanted, max(1, blocks / 2)) { slots *= 2 }
        return slots
    }

    var group: UInt16 { UInt16(blockClass.rawValue) }

    /// Takes the block of a slot, which is empty from now on.
    @inline(__always)
    package mutating func take(_ slot: Int) -> BlockID {
        let block = blocks[slot]
        assert(!block.isNone, "a slot is filled once")
        blocks[slot] = .none
        empty[emptyCount] = UInt16(truncatingIfNeeded: slot)
        emptyCount &+= 1
        return block
    }

    /// Puts a block into an empty slot, and returns the slot.
    @inline(__always)
    package mutating func fill(_ block: BlockID) -> Int {
        emptyCount &-= 1
        let slot = Int(empty[emptyCount])
        blocks[slot] = block
        return slot
    }

    /// Releases all blocks. Only when the kernel cannot write any more.
    package func releaseAll(to pool: BufferPool) {
        for slot in 0..<capacity where !blocks[slot].isNone { pool.release(blocks[slot]) }
        blocks.deallocate()
        empty.deallocate()
    }
}
