internal import CPelmeni

// Memory of free blocks, which a burst touched and a quiet worker does not need.
extension BufferPool {
    /// Gives the memory of all free blocks back to the kernel; a block that is taken again costs
    /// page faults. Leased and posted blocks are left alone.
    ///
    /// Neighbours go in one call: of a pool that few blocks are leased of, all of it.
    @inline(never)
    package func trim() {
        let blocks = state.pointee.blocks
        var first: UInt32?
        for raw in 0..<blocks {
            if state.pointee.leases[Int(raw)] == 0 {
                if first == nil { first = raw }
            } else if let begin = first {
                discard(begin..<raw)
                first = nil
            }
        }
        if let first { discard(first..<blocks) }
    }

    private func discard(_ range: Range<UInt32>) {
        let begin = address(BlockID(rawValue: range.lowerBound))
        let last = BlockID(rawValue: range.upperBound &- 1)
        let end = address(last) + blockClass(of: last).bytes
        assert(end > begin, "blocks lie in the order of their numbers")
        pelmeni_memory_discard(begin, UInt64(end - begin))
    }
}
