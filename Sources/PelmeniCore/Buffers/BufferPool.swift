internal import CPelmeni
internal import Glibc

/// The blocks of one worker.
///
/// All memory is mapped once and touched on demand. Free blocks are taken last in, first out: the
/// most recently freed block, still in the cache, is filled next. A block has a count of leases, a
/// plain integer since one thread uses the pool; the block is free when the last lease ends.
///
/// The pool is a handle: copies mean the same blocks. Only the worker's thread may use it.
package struct BufferPool: @unchecked Sendable {
    /// Lives outside of Swift's reference counting, so that the loop neither retains nor releases.
    struct State {
        var memory: UnsafeMutableRawPointer
        var memoryBytes: Int
        /// Numbers below are small blocks, up to `streamBlocks` bulk blocks, from there on datagram
        /// blocks.
        var smallBlocks: UInt32
        var streamBlocks: UInt32
        var blocks: UInt32
        /// Leases of each block.
        var leases: UnsafeMutablePointer<UInt32>
        /// Stacks of free blocks.
        var freeSmall: UnsafeMutablePointer<UInt32>
        var freeSmallCount: Int
        var freeBulk: UnsafeMutablePointer<UInt32>
        var freeBulkCount: Int
        var freeDatagram: UnsafeMutablePointer<UInt32>
        var freeDatagramCount: Int
        var pieces: UnsafeMutablePointer<Piece>
        var freePiece: PieceID
        var freePieceCount: Int
        var pieceCount: Int
        /// Leases of ``BufferRow``s: those of the call that runs, and of buffers that hooks kept.
        var lent = 0
        /// Leases that other threads ended.
        var returns: OpaquePointer
    }

    let state: UnsafeMutablePointer<State>

    /// Maps the memory. Nil when the address space is too small.
    package init?(limits: PoolLimits) {
        let bytes = limits.bytes
        guard let returns = pelmeni_returns_create() else { return nil }
        guard let memory = pelmeni_memory_map(UInt64(bytes)) else {
            pelmeni_returns_free(returns)
            return nil
        }
        let streamBlocks = limits.smallBlocks + limits.bulkBlocks
        let blocks = streamBlocks + limits.datagramBlocks
        state = Self.array(1)
        let pieces = Self.array(limits.pieces, of: Piece.self)
        for index in 0..<limits.pieces {
            let next = index + 1 < limits.pieces ? PieceID(rawValue: UInt32(index + 1)) : .none
            let empty = Slice(block: .none, offset: 0, length: 0)
            (pieces + index).initialize(to: Piece(slice: empty, next: next))
        }
        state.initialize(
            to: State(
                memory: memory, memoryBytes: bytes,
                smallBlocks: UInt32(limits.smallBlocks), streamBlocks: UInt32(streamBlocks),
                blocks: UInt32(blocks),
                leases: Self.array(blocks), freeSmall: Self.array(limits.smallBlocks),
                freeSmallCount: limits.smallBlocks,
                freeBulk: Self.array(limits.bulkBlocks),
                freeBulkCount: limits.bulkBlocks,
                freeDatagram: Self.array(limits.datagramBlocks),
                freeDatagramCount: limits.datagramBlocks, pieces: pieces,
                freePiece: PieceID(rawValue: 0), freePieceCount: limits.pieces,
                pieceCount: limits.pieces, returns: returns))
        state.pointee.leases.initialize(repeating: 0, count: blocks)
        // The lowest numbers lie on top, so that a quiet worker touches few pages.
        for index in 0..<limits.smallBlocks {
            state.pointee.freeSmall[index] = UInt32(limits.smallBlocks - 1 - index)
        }
        for index in 0..<limits.bulkBlocks {
            state.pointee.freeBulk[index] = UInt32(streamBlocks - 1 - index)
        }
        for index in 0..<limits.datagramBlocks {
            state.pointee.freeDatagram[index] = UInt32(blocks - 1 - index)
        }
    }

    /// Unmaps the memory, once the last ``Buffer`` of it is gone. No copy of the handle may be used
    /// afterwards.
    package func destroy() {
        let returns = state.pointee.returns
        if pelmeni_returns_give_up(returns, Int64(state.pointee.lent)) == 1 { free() }
    }

    /// Memory of C: a worker may free the pool of another one, and its loop calls no allocator of
    /// Swift.
    private static func array<Element>(
        _ count: Int, of type: Element.Type = Element.self
    ) -> UnsafeMutablePointer<Element> {
        let bytes = max(1, count) * MemoryLayout<Element>.stride
        return pelmeni_bytes_take(UInt64(bytes)).bindMemory(to: type, capacity: max(1, count))
    }

    /// Frees all memory: no lease is left.
    @inline(never)
    func free() {
        let memory = state.pointee
        pelmeni_returns_free(memory.returns)
        pelmeni_memory_unmap(memory.memory, UInt64(memory.memoryBytes))
        pelmeni_bytes_give_back(memory.leases)
        pelmeni_bytes_give_back(memory.freeSmall)
        pelmeni_bytes_give_back(memory.freeBulk)
        pelmeni_bytes_give_back(memory.freeDatagram)
        pelmeni_bytes_give_back(memory.pieces)
        pelmeni_bytes_give_back(state)
    }

    // MARK: Blocks

    /// A free block with one lease, or ``BlockID/none``.
    @inline(__always)
    package func take(_ blockClass: BlockClass) -> BlockID {
        let raw: UInt32
        if blockClass == .small {
            guard state.pointee.freeSmallCount > 0 else { return .none }
            state.pointee.freeSmallCount &-= 1
            raw = state.pointee.freeSmall[state.pointee.freeSmallCount]
        } else if blockClass == .bulk {
            guard state.pointee.freeBulkCount > 0 else { return .none }
            state.pointee.freeBulkCount &-= 1
            raw = state.pointee.freeBulk[state.pointee.freeBulkCount]
        } else {
            guard state.pointee.freeDatagramCount > 0 else { return .none }
            state.pointee.freeDatagramCount &-= 1
            raw = state.pointee.freeDatagram[state.pointee.freeDatagramCount]
        }
        assert(state.pointee.leases[Int(raw)] == 0, "a block on the free stack is leased")
        state.pointee.leases[Int(raw)] = 1
        return BlockID(rawValue: raw)
    }

    /// Adds a lease to a leased block.
    @inline(__always)
    package func lease(_ block: BlockID) {
        assert(state.pointee.leases[Int(block.rawValue)] > 0, "a free block gets no lease")
        state.pointee.leases[Int(block.rawValue)] &+= 1
    }

    /// Ends one lease; the last one frees the block.
    @inline(__always)
    package func release(_ block: BlockID) {
        let index = Int(block.rawValue)
        assert(state.pointee.leases[index] > 0, "a lease ends once")
        state.pointee.leases[index] &-= 1
        guard state.pointee.leases[index] == 0 else { return }
        #if DEBUG
            // Makes a stale read visible: old bytes would look like another session's.
            address(block).initializeMemory(as: UInt8.self, repeating: 0xdb, count: 256)
        #endif
        if block.rawValue < state.pointee.smallBlocks {
            state.pointee.freeSmall[state.pointee.freeSmallCount] = block.rawValue
            state.pointee.freeSmallCount &+= 1
        } else if block.rawValue < state.pointee.streamBlocks {
            state.pointee.freeBulk[state.pointee.freeBulkCount] = block.rawValue
            state.pointee.freeBulkCount &+= 1
        } else {
            state.pointee.freeDatagram[state.pointee.freeDatagramCount] = block.rawValue
            state.pointee.freeDatagramCount &+= 1
        }
    }

    @inline(__always)
    package func leases(of block: BlockID) -> Int { Int(state.pointee.leases[Int(block.rawValue)]) }

    /// The address of a block's bytes.
    @inline(__always)
    package func address(_ block: BlockID) -> UnsafeMutableRawPointer {
        let small = state.pointee.smallBlocks
        guard block.rawValue >= small else {
            return state.pointee.memory + Int(block.rawValue) << 14
        }
        let stream = state.pointee.streamBlocks
        let bulk = min(block.rawValue, stream) &- small
        var offset = Int(small) << 14 + Int(bulk) << 18
        if block.rawValue > stream {
            offset &+= Int(block.rawValue &- stream) &* BlockClass.datagram.bytes
        }
        return state.pointee.memory + offset
    }

    @inline(__always)
    package func blockClass(of block: BlockID) -> BlockClass {
        if block.rawValue < state.pointee.smallBlocks { return .small }
        return block.rawValue < state.pointee.streamBlocks ? .bulk : .datagram
    }

    @inline(__always)
    package func freeBlocks(_ blockClass: BlockClass) -> Int {
        switch blockClass {
        case .small: state.pointee.freeSmallCount
        case .bulk: state.pointee.freeBulkCount
        case .datagram: state.pointee.freeDatagramCount
        }
    }

    @inline(__always)
    package func totalBlocks(_ blockClass: BlockClass) -> Int {
        switch blockClass {
        case .small: Int(state.pointee.smallBlocks)
        case .bulk: Int(state.pointee.streamBlocks &- state.pointee.smallBlocks)
        case .datagram: Int(state.pointee.blocks &- state.pointee.streamBlocks)
        }
    }

    /// Leased blocks, posted ones included.
    package var leasedBlocks: Int {
        Int(state.pointee.blocks) - state.pointee.freeSmallCount - state.pointee.freeBulkCount
            - state.pointee.freeDatagramCount
    }

    // MARK: Pieces

    /// A piece for a slice, or ``PieceID/none`` when all are queued.
    @inline(__always)
    func takePiece(_ slice: Slice) -> PieceID {
        let piece = state.pointee.freePiece
        guard !piece.isNone else { return .none }
        let at = state.pointee.pieces + Int(piece.rawValue)
        state.pointee.freePiece = at.pointee.next
        state.pointee.freePieceCount &-= 1
        at.pointee = Piece(slice: slice, next: .none)
        return piece
    }

    @inline(__always)
    func returnPiece(_ piece: PieceID) {
        (state.pointee.pieces + Int(piece.rawValue)).pointee.next = state.pointee.freePiece
        state.pointee.freePiece = piece
        state.pointee.freePieceCount &+= 1
    }

    @inline(__always)
    package func piece(_ piece: PieceID) -> UnsafeMutablePointer<Piece> {
        state.pointee.pieces + Int(piece.rawValue)
    }

    /// Writes the addresses of `count` pieces, from `first` on, for a gathered send.
    @inline(__always)
    func gather(
        _ first: PieceID, count: Int, into vector: UnsafeMutablePointer<iovec>
    ) {
        var piece = first
        for index in 0..<count {
            let at = self.piece(piece).pointee
            vector[index] = iovec(
                iov_base: address(at.slice.block) + Int(at.slice.offset),
                iov_len: Int(at.slice.length))
            piece = at.next
        }
    }

    /// Pieces that are in no queue; below, all pieces.
    package var freePieces: Int { state.pointee.freePieceCount }
    package var totalPieces: Int { state.pointee.pieceCount }
}
