internal import CPelmeni
internal import Glibc

// Two streams with hooks: chunks pass them as they come, while the far queue is under its mark.
extension Relay where R: ~Copyable {
    /// Offers a received chunk to the hooks.
    mutating func chunkReceived(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        let session = row.pointee.session
        let generation = row.pointee.generation
        let count = Int(completion.result)
        row.pointee.flags.remove(.unread)
        guard row.pointee.inbound == .hooked else {
            pool.release(completion.block)
            if row.pointee.inbound == .discarded, !completion.more { dropOn(leg) }
            return
        }
        legs.countReceived(count, on: leg)
        legs.vote(leg, bytes: completion.result, in: pool.blockClass(of: completion.block))
        let isHeldUp = hasLater(session) ? isHeldUp(leg) : !hasQueueRoom(leg)
        if isHeldUp {
            keepChunk(leg, completion.block, count)
        } else {
            pass(chunk: completion.block, offset: 0, count: count, of: leg)
        }
        guard row.pointee.generation == generation, row.pointee.phase == .open,
            isOpen(session)
        else { return }
        guard completion.more else {
            return readOnChunks(leg, expectsBytes: completion.flags.contains(.nonEmpty))
        }
        if legs.ring.mayMissEnds, !row.pointee.flags.contains(.unasked) { legs.askLater(leg) }
    }

    /// Takes over the lease.
    private mutating func pass(chunk block: BlockID, offset: Int, count: Int, of leg: LegID) {
        // Bytes before or behind may be another chunk's, unless the lease is the only one.
        let isAlone = pool.leases(of: block) == 1
        let room = pool.blockClass(of: block).bytes &- offset &- count
        let row = BufferRow(
            pool, block, offset: offset, count: count, headroom: isAlone ? offset : 0,
            tailroom: isAlone ? room : 0)
        passHooks(chunkItem(row, of: leg), legs[leg].session)
    }

    private func chunkItem(_ row: BufferRow, of leg: LegID) -> HookRunner.Item {
        let isToClient = !legs[leg].kind.isClient
        let count = chain(of: legs[leg].session)?.pointee.count ?? 0
        return HookRunner.Item(
            row: row, stage: isToClient ? Int8(truncatingIfNeeded: count) : -1,
            isToClient: isToClient, isMessage: false)
    }

    // MARK: Waiting

    /// Whether chunks have to wait: for room on the far side, or behind earlier ones.
    private func isHeldUp(_ leg: LegID) -> Bool { !hasChunkRoom(leg) || holdsChunks(leg) }

    private func hasChunkRoom(_ leg: LegID) -> Bool {
        guard !hasSurplus(towards: legs[leg].peer), !isParked(leg) else { return false }
        return hasQueueRoom(leg)
    }

    @inline(__always)
    private func hasQueueRoom(_ leg: LegID) -> Bool {
        let queued = legs[legs[leg].peer].queue.bytes
        return queued == 0 || queued < legs.highWatermark(legs[leg].blockClass)
    }

    /// An asynchronous hook has a unit of the stream.
    func isParked(_ leg: LegID) -> Bool {
        isParked(legs[leg].session, isToClient: !legs[leg].kind.isClient)
    }

    func holdsChunks(_ leg: LegID) -> Bool {
        guard let queue = chunkQueue(leg) else { return false }
        return !queue.pointee.chunks.isEmpty
    }

    /// The chunks of a stream that wait, once any did.
    private func chunkQueue(_ leg: LegID) -> UnsafeMutablePointer<ChunkQueue>? {
        laterQueue(legs[leg].session, isToClient: !legs[leg].kind.isClient)
    }

    /// Keeps a chunk, and its lease, until the far side has room.
    private mutating func keepChunk(_ leg: LegID, _ block: BlockID, _ count: Int) {
        let session = legs[leg].session
        guard let chain = chain(of: session) else { return }
        _ = laterRow(chain.pointee.row(session), chain)
        let slice = Slice(block: block, offset: 0, length: UInt32(truncatingIfNeeded: count))
        guard let queue = chunkQueue(leg), queue.pointee.chunks.append(slice, pool: pool) else {
            pool.release(block)
            return end(session, .pool, reset: true)
        }
        legs.cancelReceive(leg)
    }

    /// The far side has room: waiting chunks go on, and then the stream is read again.
    mutating func resumeChunks(_ leg: LegID) {
        legs[leg].move(reading: .idle)
        let generation = legs[leg].generation
        sendSurplus(towards: legs[leg].peer)
        guard legs[leg].generation == generation, legs[leg].mayRead else { return }
        passWaiting(leg)
    }

    private mutating func passWaiting(_ leg: LegID) {
        let generation = legs[leg].generation
        let session = legs[leg].session
        while holdsChunks(leg), hasChunkRoom(leg), let queue = chunkQueue(leg) {
            let slice = pool.piece(queue.pointee.chunks.first).pointee.slice
            pool.lease(slice.block)
            queue.pointee.chunks.dropFirst(pool: pool)
            pass(
                chunk: slice.block, offset: Int(slice.offset), count: Int(slice.length), of: leg)
            guard legs[leg].generation == generation, legs[leg].phase == .open,
                isOpen(session), !isFinishing(session)
            else { return }
        }
        guard let queue = chunkQueue(leg), queue.pointee.chunks.isEmpty, !isParked(leg) else {
            return readOnChunks(leg, expectsBytes: true)
        }
        let last = queue.pointee.lastResult
        queue.pointee.lastResult = 1
        // The reset behind this end may have been seen since.
        if last < 0 || (last == 0 && legs.findHiddenReset(leg)) { return chunksBroke(leg, last) }
        if last == 0 { return chunksEnded(leg) }
        readOnChunks(leg, expectsBytes: true)
    }

    /// Reads on, unless chunks wait: then the leg is paused until the far side has room.
    mutating func readOnChunks(_ leg: LegID, expectsBytes: Bool) {
        relinkIfReleased(leg)
        if legs[leg].inbound == .hooked, !hasLater(legs[leg].session) {
            return legs.rearm(leg, expectsBytes: expectsBytes)
        }
        guard legs[leg].inbound == .hooked else {
            if legs[leg].inbound == .discarded { return dropOn(leg) }
            return legs.rearm(leg, expectsBytes: expectsBytes)
        }
        guard holdsChunks(leg) || hasSurplus(towards: legs[leg].peer) || isParked(leg) else {
            return legs.rearm(leg, expectsBytes: expectsBytes)
        }
        guard legs[leg].mayRead else { return }
        // The far side may have made room since the receive was cancelled.
        guard !hasChunkRoom(leg) else { return passWaiting(leg) }
        legs.pause(leg)
    }

    /// Whether a stream's end or error has to wait for the chunks before it.
    private mutating func comesBehindChunks(_ leg: LegID, _ result: Int32) -> Bool {
        guard holdsChunks(leg) || isParked(leg), let queue = chunkQueue(leg) else { return false }
        queue.pointee.lastResult = min(queue.pointee.lastResult, result)
        if result < 0 { noteResetBehindParked(leg) }
        guard legs[leg].reading == .idle else { return true }
        if hasChunkRoom(leg) { passWaiting(leg) } else { legs.pause(leg) }
        return true
    }

    /// The stream has ended: each hook is told, with the bytes that it holds.
    mutating func chunksEnded(_ leg: LegID) {
        guard !comesBehindChunks(leg, 0) else { return }
        guard !isFinishing(legs[leg].session) else { return finishedStreamEnded(leg) }
        var item = chunkItem(BufferRow(), of: leg)
        item.isEnd = true
        passHooks(item, legs[leg].session)
    }

    mutating func chunksBroke(_ leg: LegID, _ error: Int32) {
        if !comesBehindChunks(leg, error), !breaksLater(leg) { streamBroke(leg) }
    }

    /// All hooks of a direction are released: it is relayed as without hooks.
    private mutating func relinkIfReleased(_ leg: LegID) {
        let session = legs[leg].session
        guard legs[leg].inbound == .hooked, isOpen(session), driven(session).isEmpty,
            let chain = chain(of: session)
        else { return }
        let isToClient = !legs[leg].kind.isClient
        let ofPair = isToClient ? chain.pointee.toClient : chain.pointee.toUpstream
        let row = chain.pointee.row(session)
        guard ofPair & ~row.pointee.released(isToClient) == 0,
            !holdsChunks(leg), !hasSurplus(towards: legs[leg].peer), !isParked(leg)
        else { return }
        legs[leg].inbound = .linked
    }
}
