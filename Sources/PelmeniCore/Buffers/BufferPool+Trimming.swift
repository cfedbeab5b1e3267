internal import CPelmeni

// Memory of free blocks, which a burst touched and a quiet worker does not need.
extension BufferPool {
    /// Gives the memory of all free blocks back to the kernel; a block that is taken again costs
    /// page faults. Leased and posted blocks are left alone.
    @inline(never)
    package func trim() {
        let memory = state.pointee.memory
        forEachTrimmable(pageBytes: Int(pelmeni_page_bytes())) { bytes in
            pelmeni_memory_discard(memory + bytes.lowerBound, UInt64(bytes.count))
        }
    }

    /// Calls a function with the pages that only free blocks have a part of, as bytes of the pool's
    /// memory. A page may be larger than a block (64 KiB on some ARM64 kernels), or end inside one.
    ///
    /// Neighbours go in one call: of a pool that few blocks are leased of, all of it.
    func forEachTrimmable(pageBytes: Int, _ body: (Range<Int>) -> Void) {
        let blocks = state.pointee.blocks
        var first: UInt32?
        for raw in 0..<blocks {
            if state.pointee.leases[Int(raw)] == 0 {
                if first == nil { first = raw }
            } else if let begin = first {
                passPages(of: begin..<raw, pageBytes, body)
                first = nil
            }
        }
        if let first { passPages(of: first..<blocks, pageBytes, body) }
    }

    private func passPages(of free: Range<UInt32>, _ page: Int, _ body: (Range<Int>) -> Void) {
        let memory = state.pointee.memory
        let last = BlockID(rawValue: free.upperBound &- 1)
        let begin = address(BlockID(rawValue: free.lowerBound)) - memory
        let end = address(last) + blockClass(of: last).bytes - memory
        assert(end > begin, "blocks lie in the order of their numbers")
        let (firstPage, behind) = ((begin + page - 1) / page * page, end / page * page)
        if firstPage < behind { body(firstPage..<behind) }
    }
}
