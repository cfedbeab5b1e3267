internal import CPelmeni
internal import Glibc

// Chunks behind their hooks: queued on the far side, in blocks, or kept until there is one.
extension Relay where R: ~Copyable {
    /// A chunk went through the hooks: it is queued on the far side, and the end behind it is
    /// forwarded.
    mutating func forwardChunk(_ item: HookRunner.Item, _ session: SessionID) {
        let row = sessions[session]
        let (source, target) =
            item.isToClient ? (row.upstream, row.client) : (row.client, row.upstream)
        guard !isDriven(target) else { return offerChunk(item, source, session) }
        sendChunk(item.row, on: target, session)
        guard item.isEnd, isOpen(session) else { return }
        if let queue = laterQueue(session, isToClient: item.isToClient),
            queue.pointee.surplus.count > 0
        {
            queue.pointee.endsBehindSurplus = true
        } else {
            forwardEnd(source)
        }
    }

    /// Forwards a stream's end; a driver's, whose own stream may go on, as it said.
    private mutating func forwardEnd(_ source: LegID) {
        if isDriven(source) { shutBehindQueue(legs[source].peer) } else { legs.noteEnd(source) }
    }

    /// A chunk went through the hooks, and a driver is on its far side.
    private mutating func offerChunk(
        _ item: HookRunner.Item, _ source: LegID, _ session: SessionID
    ) {
        let driver = DriverID(session, ofClient: item.isToClient)
        if item.row.count > 0 {
            offer(item.row, to: driver, isToClient: item.isToClient, isMessage: false)
        } else {
            var bytes = item.row
            bytes.releaseOnWorker()
        }
        guard item.isEnd else { return }
        // A driver's own stream may go on.
        if !isDriven(source) { legs.endReading(source) }
        otherEnded(driver)
    }

    /// Queues a chunk's bytes on a leg, and takes them over.
    mutating func sendChunk(_ bytes: BufferRow, on leg: LegID, _ session: SessionID) {
        var bytes = bytes
        guard bytes.count > 0, legs[leg].writing != .shut else { return bytes.releaseOnWorker() }
        if hasLater(session), hasSurplus(towards: leg) {
            return addSurplus(&bytes, towards: leg)
        }
        if !bytes.block.isNone {
            let slice = bytes.takeSlice(pool)
            if legs.enqueue(leg, slice) { return }
            // No piece is left: the bytes wait in memory of their own.
            bytes = BufferRow(
                pool, slice.block, offset: Int(slice.offset), count: Int(slice.length),
                headroom: 0, tailroom: 0)
            return addSurplus(&bytes, towards: leg)
        }
        guard !copyToBlocks(&bytes, on: leg) else { return }
        addSurplus(&bytes, towards: leg)
    }

    /// Copies bytes in memory of their own to blocks, and queues them. False when blocks ran out:
    /// the rest is left.
    private mutating func copyToBlocks(_ bytes: inout BufferRow, on leg: LegID) -> Bool {
        while bytes.count > 0 {
            var block = BlockID.none
            if bytes.count > BlockClass.small.bytes { block = pool.take(.bulk) }
            if block.isNone { block = pool.take(.small) }
            // A large block for few bytes is better than none, for which a session might end.
            if block.isNone { block = pool.take(.bulk) }
            guard !block.isNone, let start = bytes.start else { return false }
            let count = min(bytes.count, pool.blockClass(of: block).bytes)
            memcpy(pool.address(block), start, count)
            let slice = Slice(block: block, offset: 0, length: UInt32(truncatingIfNeeded: count))
            guard legs.enqueue(leg, slice) else {
                pool.release(block)
                return false
            }
            counters.add(.copiedBytes, UInt64(truncatingIfNeeded: count))
            bytes.removeFirst(count)
        }
        bytes.releaseOnWorker()
        return true
    }

    // MARK: Surplus

    /// Bytes wait for a block in memory of their own. Their source is not read meanwhile, and hooks
    /// get no further chunk of it.
    func hasSurplus(towards leg: LegID) -> Bool {
        // A session whose driver dials on demand may have no upstream.
        guard !leg.isNone,
            let queue = laterQueue(legs[leg].session, isToClient: legs[leg].kind.isClient)
        else { return false }
        return queue.pointee.surplus.count > 0
    }

    private mutating func addSurplus(_ bytes: inout BufferRow, towards leg: LegID) {
        let session = legs[leg].session
        defer { bytes.releaseOnWorker() }
        guard let chain = chain(of: session) else { return }
        _ = laterRow(chain.pointee.row(session), chain)
        guard let queue = laterQueue(session, isToClient: legs[leg].kind.isClient) else { return }
        let added = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        // Hooks made more of one chunk than a buffer holds, while no block was free.
        guard queue.pointee.surplus.append(added) else { return end(session, .pool, reset: true) }
        if legs[leg].peer != .absent { divert(legs[leg].peer) }
        legs.wheel.hasten(session, to: now &+ Limits.surplusRetry)
    }

    /// A linked stream is read as one with hooks until the reply is sent: its bytes would overtake
    /// the reply.
    private mutating func divert(_ leg: LegID) {
        guard legs[leg].inbound == .linked || legs[leg].inbound == .spliced else { return }
        // A wait for readability is cancelled under the kind of operation that it is.
        if legs[leg].inbound == .spliced { legs.cancelReceive(leg) }
        let isPairDriven = sessions[legs[leg].session].kind == .drivenStreams
        legs[leg].inbound = isPairDriven ? .counted : .hooked
    }

    /// Queues what waited for blocks, as far as there are any, and the end behind it.
    mutating func sendSurplus(towards leg: LegID) {
        let session = legs[leg].session
        let isToClient = legs[leg].kind.isClient
        guard hasSurplus(towards: leg), let queue = laterQueue(session, isToClient: isToClient)
        else { return }
        guard legs[leg].writing != .shut, copyToBlocks(&queue.pointee.surplus, on: leg) else {
            legs.wheel.hasten(session, to: now &+ Limits.surplusRetry)
            return
        }
        guard queue.pointee.endsBehindSurplus, isOpen(session) else { return }
        queue.pointee.endsBehindSurplus = false
        forwardEnd(legs[leg].peer)
    }

    /// The session's timer fired: blocks may be free.
    mutating func retrySurplus(_ session: SessionID) {
        retrySurplus(session, towards: sessions[session].client)
        if isOpen(session) { retrySurplus(session, towards: sessions[session].upstream) }
        relieveSurplus(session)
    }

    /// Blocks ran out, though no read starves: one session gives up its blocks.
    private mutating func relieveSurplus(_ session: SessionID) {
        guard isOpen(session), pool.freeBlocks(.small) == 0, pool.freeBlocks(.bulk) == 0,
            now >= surplusRelievedAt &+ Limits.exhaustionCheck,
            hasSurplus(towards: sessions[session].client)
                || hasSurplus(towards: sessions[session].upstream)
        else { return }
        surplusRelievedAt = now
        relieveExhaustion()
    }

    private mutating func retrySurplus(_ session: SessionID, towards target: LegID) {
        guard hasSurplus(towards: target) else { return }
        sendSurplus(towards: target)
        guard isOpen(session), !hasSurplus(towards: target) else { return }
        let source = legs[target].peer
        if isFinishing(session) {
            shutDrained(target)
        } else if legs[source].reading == .paused {
            resume(source)
        }
    }

    // MARK: The session

    func laterQueue(
        _ session: SessionID, isToClient: Bool
    ) -> UnsafeMutablePointer<ChunkQueue>? {
        guard let later = chain(of: session)?.pointee.row(session).pointee.later else { return nil }
        return isToClient
            ? withUnsafeMutablePointer(to: &later.pointee.toClient) { $0 }
            : withUnsafeMutablePointer(to: &later.pointee.toUpstream) { $0 }
    }

    /// Whether an end now would lose bytes: chunks that wait, or bytes that a hook holds.
    func hasChunks(_ session: SessionID) -> Bool {
        if hasDriven(session) { return true }
        guard let chain = chain(of: session),
            let later = chain.pointee.row(session).pointee.later
        else { return false }
        if later.pointee.toUpstream.hasBytes || later.pointee.toClient.hasBytes { return true }
        for index in 0..<2 &* chain.pointee.count where later.pointee.held[index].count > 0 {
            return true
        }
        return false
    }

    /// A session's last leg is closed: its hooks are told, and what they held is freed.
    mutating func endHooks(_ session: SessionID) {
        guard let chain = chain(of: session) else { return }
        if drivers.areThere { closeDrivers(session) }
        if pairDrivers.areThere { closePairDriver(session) }
        let row = chain.pointee.row(session)
        if let later = row.pointee.later {
            cancelParked(session)
            later.pointee.toUpstream.removeAll(pool)
            later.pointee.toClient.removeAll(pool)
            for index in 0..<2 &* chain.pointee.count { later.pointee.held[index].removeAll() }
            pelmeni_bytes_give_back(later)
            row.pointee.later = nil
        }
        describe(session, chain, isToClient: false)
        hooks.close(chain, session, pair: sessions[session].pair, sessions[session].cause)
        row.pointee.client.close()
    }
}
