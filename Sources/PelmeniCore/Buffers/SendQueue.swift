/// Slices that wait to be sent on a leg, first in, first out, chained through the pool's pieces.
package struct SendQueue: Sendable {
    /// Bytes in the queue, those in flight included.
    package var bytes: Int { Int(byteCount) }
    /// Of 32 bits: each leg has a queue, and a longer one is refused.
    private var byteCount: UInt32 = 0
    package private(set) var first: PieceID = .none
    private var last: PieceID = .none
    /// Pieces in the queue, those in flight included.
    package private(set) var count: UInt32 = 0

    package init() {}

    @inline(__always)
    package var isEmpty: Bool { count == 0 }

    /// Puts a slice at the end, and takes over its lease. False when the pool has no piece left;
    /// the caller still holds the lease then.
    @inline(__always)
    package mutating func append(_ slice: Slice, pool: BufferPool) -> Bool {
        guard slice.length <= .max &- byteCount else { return false }
        let piece = pool.takePiece(slice)
        guard !piece.isNone else { return false }
        if count == 0 { first = piece } else { pool.piece(last).pointee.next = piece }
        last = piece
        count &+= 1
        byteCount &+= slice.length
        return true
    }

    /// Copies a slice behind the last piece when its block has room and no other lease, and ends
    /// the slice's lease. Many small reads behind a slow reader then share blocks.
    @inline(__always)
    package mutating func appendCopying(_ slice: Slice, pool: BufferPool) -> Bool {
        guard count > 0 else { return false }
        let at = pool.piece(last)
        let end = Int(at.pointee.slice.offset) &+ Int(at.pointee.slice.length)
        let block = at.pointee.slice.block
        guard pool.leases(of: block) == 1, slice.length <= .max &- byteCount,
            end &+ Int(slice.length) <= pool.blockClass(of: block).bytes
        else { return false }
        (pool.address(block) + end).copyMemory(
            from: pool.address(slice.block) + Int(slice.offset), byteCount: Int(slice.length))
        at.pointee.slice.length &+= slice.length
        byteCount &+= slice.length
        pool.release(slice.block)
        return true
    }

    /// Removes `sent` bytes from the front and ends the leases of completed pieces.
    @inline(__always)
    package mutating func remove(_ sent: Int, pool: BufferPool) {
        assert(sent <= bytes, "more was sent than was queued")
        byteCount &-= UInt32(truncatingIfNeeded: sent)
        // Nearly always one piece was queued and sent in full.
        if bytes == 0, count == 1 { return removeFirst(pool.piece(first).pointee, pool: pool) }
        var left = sent
        while count > 0 {
            let at = pool.piece(first)
            let length = Int(at.pointee.slice.length)
            guard left >= length else {
                at.pointee.slice.offset &+= UInt32(truncatingIfNeeded: left)
                at.pointee.slice.length &-= UInt32(truncatingIfNeeded: left)
                return
            }
            left &-= length
            removeFirst(at.pointee, pool: pool)
        }
        assert(bytes == 0, "the bytes are those of the pieces")
    }

    /// Removes the first slice: a datagram is sent whole or not at all.
    package mutating func dropFirst(pool: BufferPool) {
        guard count > 0 else { return }
        let piece = pool.piece(first).pointee
        byteCount &-= piece.slice.length
        removeFirst(piece, pool: pool)
        assert(count > 0 || bytes == 0, "the bytes are those of the pieces")
    }

    /// Ends every lease. Only when no send is in flight.
    package mutating func removeAll(pool: BufferPool) {
        while count > 0 { removeFirst(pool.piece(first).pointee, pool: pool) }
        byteCount = 0
    }

    @inline(__always)
    private mutating func removeFirst(_ piece: Piece, pool: BufferPool) {
        let gone = first
        first = piece.next
        count &-= 1
        if count == 0 { last = .none }
        pool.release(piece.slice.block)
        pool.returnPiece(gone)
    }
}
