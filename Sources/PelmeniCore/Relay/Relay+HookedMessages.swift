internal import CPelmeni
internal import Glibc

// Messages and datagrams with hooks: each alone, whole, and counted by what becomes of it.
extension Relay where R: ~Copyable {
    /// Takes a unit through the hooks of its pair; a train's datagrams one by one.
    @inline(never)
    mutating func carryHooked(_ unit: Unit, _ session: SessionID) {
        guard unit.isTrain else { return passMessage(unit, session) }
        var at: UInt32 = 0
        while at < unit.length, isOpen(session) {
            let part = unit.datagram(at: at)
            passMessage(part, session)
            at &+= part.length
        }
        // The session ended within the train.
        guard at < unit.length else { return }
        drop(.hook, Unit.count(Int(unit.length &- at), segment: Int(unit.segment)))
    }

    private mutating func passMessage(_ unit: Unit, _ session: SessionID) {
        guard let chain = chain(of: session) else { return take(unit, session) }
        let ofPair = unit.isToClient ? chain.pointee.toClient : chain.pointee.toUpstream
        let row = chain.pointee.row(session)
        guard
            ofPair & ~row.pointee.released(unit.isToClient) != 0
                || isParked(session, isToClient: unit.isToClient)
        else {
            return take(unit, session)
        }
        pool.lease(unit.block)
        let bytes = BufferRow(
            pool, unit.block, offset: Int(unit.offset), count: Int(unit.length),
            headroom: Int(unit.headroom), tailroom: Int(unit.tailroom))
        passHooks(
            HookRunner.Item(
                row: bytes,
                stage: unit.isToClient ? Int8(truncatingIfNeeded: chain.pointee.count) : -1,
                isToClient: unit.isToClient, isMessage: true),
            session)
    }

    /// A unit went through its hooks.
    mutating func forward(_ item: HookRunner.Item, _ session: SessionID) {
        guard item.isMessage else { return forwardChunk(item, session) }
        if item.isExtra { count(session, isToClient: item.isToClient) }
        takeMessage(item.row, session, isToClient: item.isToClient)
    }

    /// Does what a hook wants in place of a unit.
    mutating func act(_ item: HookRunner.Item, _ session: SessionID) {
        let isMessage = item.isMessage
        if item.hasRow {
            if isMessage {
                replyMessage(item, session)
            } else {
                let row = sessions[session]
                let source = item.isToClient ? row.upstream : row.client
                if isDriven(source) {
                    offer(
                        item.row, to: driver(of: source), isToClient: !item.isToClient,
                        isMessage: false)
                } else {
                    sendChunk(item.row, on: source, session)
                }
            }
        } else if isMessage, !item.isExtra {
            drop(.hook)
            uncount(session, isToClient: item.isToClient)
        }
        guard isOpen(session) else { return }
        if item.action == .finish { return finishByHook(session, isToClient: item.isToClient) }
        if isMessage, !item.isToClient { answered(session) }
    }

    /// Sends a reply to where its unit came from. In place of a request it is the response to it;
    /// in place of a response it is none of the client's.
    private mutating func replyMessage(_ item: HookRunner.Item, _ session: SessionID) {
        guard takesReplies(session, isToClient: !item.isToClient) else {
            var bytes = item.row
            bytes.releaseOnWorker()
            guard !item.isExtra else { return }
            drop(.hook)
            return uncount(session, isToClient: item.isToClient)
        }
        if item.isToClient {
            if !item.isExtra { uncount(session, isToClient: true) }
        } else {
            count(session, isToClient: true)
        }
        takeMessage(item.row, session, isToClient: !item.isToClient)
    }

    /// A reply may have been the session's last response.
    mutating func answered(_ session: SessionID) {
        switch sessions[session].kind {
        case .streams, .hookedStreams, .drivenStreams, .framedStreams: break
        case .datagrams:
            if hasAllResponses(session) { end(session, .completed, reset: false) }
        case .datagramsToStream:
            if hasAllResponses(session) { endBridge(session, .completed) }
        case .streamToDatagrams:
            if legs[sessions[session].client].hasEnded { finishIfComplete(session) }
        }
    }

    // MARK: Counting

    private func count(_ session: SessionID, isToClient: Bool) {
        if isToClient {
            states[session].responses &+= 1
        } else {
            states[session].requests &+= 1
        }
    }

    /// A message that a hook dropped is neither a request nor a response.
    func uncount(_ session: SessionID, isToClient: Bool) {
        if isToClient {
            states[session].responses &-= 1
        } else {
            states[session].requests &-= 1
        }
    }

    // MARK: Onto the far side

    /// Sends a message on, and takes over its bytes; or gives it to the driver there.
    private mutating func takeMessage(
        _ bytes: BufferRow, _ session: SessionID, isToClient: Bool
    ) {
        guard !driven(session).take(toClient: isToClient) else {
            return offer(
                bytes, to: DriverID(session, ofClient: isToClient), isToClient: isToClient,
                isMessage: true)
        }
        bringMessage(bytes, session, isToClient: isToClient)
    }

    /// Sends a message on, and takes over its bytes.
    mutating func bringMessage(_ bytes: BufferRow, _ session: SessionID, isToClient: Bool) {
        var bytes = bytes
        guard takesMessages(session, isToClient: isToClient) else {
            bytes.releaseOnWorker()
            return drop(isToClient ? .surplus : .noUpstream)
        }
        guard bytes.count <= longestMessage(session, isToClient: isToClient) else {
            bytes.releaseOnWorker()
            return drop(.oversize)
        }
        if bytes.block.isNone, !moveToBlock(&bytes, session) {
            bytes.releaseOnWorker()
            return lackBlock(session)
        }
        let (headroom, tailroom) = (bytes.headroom, bytes.tailroom)
        let slice = bytes.takeSlice(pool)
        let unit = Unit(
            block: slice.block, offset: slice.offset, length: slice.length,
            headroom: UInt8(truncatingIfNeeded: min(headroom, 255)),
            tailroom: UInt8(truncatingIfNeeded: min(tailroom, 255)), isToClient: isToClient,
            isPart: pool.leases(of: slice.block) > 1)
        bring(unit, session)
        pool.release(slice.block)
    }

    /// Whether a hook's reply has a far side; or a driver there, which sees nothing behind an end.
    private func takesReplies(_ session: SessionID, isToClient: Bool) -> Bool {
        guard driven(session).take(toClient: isToClient) else {
            return takesMessages(session, isToClient: isToClient)
        }
        return row(DriverID(session, ofClient: isToClient))?.pointee.hasOtherEnded == false
    }

    /// False once a side is closed, or its stream is shut down.
    private func takesMessages(_ session: SessionID, isToClient: Bool) -> Bool {
        let row = sessions[session]
        guard row.phase == .relaying, !isToClient || !row.kind.hasNamedClient else { return true }
        let leg = isToClient ? row.client : row.upstream
        guard !leg.isNone, legs[leg].phase == .open else { return false }
        return legs[leg].kind.isDatagrams || legs[leg].writing != .shut
    }

    /// Bytes of the longest message that a session carries. Between two framed streams that is the
    /// larger limit: a message of one goes on to the other without hooks, too.
    private func longestMessage(_ session: SessionID, isToClient: Bool) -> Int {
        let row = sessions[session]
        // A protocol's own head may come on top of what UDP carries: the kernel refuses the rest.
        if driven(session).take(toClient: isToClient) { return Self.packetMax }
        guard row.kind == .framedStreams else { return Self.datagramMax }
        let pair = pairs.row(row.pair)
        return max(pair.pointee.clientFraming.maxFrame, pair.pointee.upstreamFraming.maxFrame)
    }

    /// Copies a message from memory of its own to a block. False when none is free.
    private mutating func moveToBlock(_ bytes: inout BufferRow, _ session: SessionID) -> Bool {
        let spare = Int(PELMENI_DATAGRAM_PAYLOAD)
        let block = takeBlock(messageClass(of: bytes.count &+ 2 &* spare), for: session)
        guard !block.isNone else { return false }
        if let start = bytes.start, bytes.count > 0 {
            memcpy(pool.address(block) + spare, start, bytes.count)
        }
        let count = bytes.count
        counters.add(.copiedBytes, UInt64(truncatingIfNeeded: count))
        bytes.releaseOnWorker()
        bytes = BufferRow(
            pool, block, offset: spare, count: count, headroom: spare,
            tailroom: pool.blockClass(of: block).bytes &- spare &- count)
        return true
    }
}
