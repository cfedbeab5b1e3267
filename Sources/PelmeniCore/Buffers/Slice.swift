/// Part of a block. The owner of a slice holds one lease on its block.
package struct Slice: Sendable {
    package var block: BlockID
    package var offset: UInt32
    package var length: UInt32

    @inline(__always)
    package init(block: BlockID, offset: UInt32, length: UInt32) {
        self.block = block
        self.offset = offset
        self.length = length
    }
}
