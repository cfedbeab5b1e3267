internal import PelmeniCore

/// The posted blocks of one class, and the order in which the simulated kernel takes them.
struct SimulatedPosting {
    private(set) var blocks: PostedBlocks
    private(set) var order: [UInt16] = []
    /// The block of each slot, as the kernel sees it.
    private var posted: [BlockID]
    let isUsed: Bool

    init(_ blockClass: BlockClass, slots: Int, of total: Int) {
        isUsed = slots > 0
        let count = PostedBlocks.slots(max(1, slots), of: total)
        blocks = PostedBlocks(blockClass: blockClass, slots: count)
        posted = Array(repeating: .none, count: count)
    }

    var hasEmpty: Bool { isUsed && blocks.emptyCount > 0 }

    /// Posted blocks, blocks of completions that are not handed out yet included.
    var count: Int { isUsed ? blocks.capacity - blocks.emptyCount : 0 }

    mutating func post(_ block: BlockID) {
        let slot = blocks.fill(block)
        posted[slot] = block
        order.append(UInt16(slot))
    }

    /// The kernel takes the oldest block. Nil when there is none.
    mutating func take() -> (slot: Int, block: BlockID)? {
        guard !order.isEmpty else { return nil }
        let slot = Int(order.removeFirst())
        return (slot, posted[slot])
    }

    /// The completion was handed out.
    mutating func handedOut(_ slot: Int) -> BlockID { blocks.take(slot) }

    func releaseAll(to pool: BufferPool) { blocks.releaseAll(to: pool) }
}
