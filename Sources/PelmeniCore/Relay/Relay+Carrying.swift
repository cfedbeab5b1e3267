internal import CPelmeni
internal import Glibc

// The one way across a session for messages: a unit is sent, queued or framed on the far side.
extension Relay where R: ~Copyable {
    /// Carries a unit across a session. The caller holds its block.
    @inline(__always)
    mutating func carry(_ unit: Unit, _ session: SessionID) {
        guard !pairs[sessions[session].pair].hooks.see(toClient: unit.isToClient) else {
            return carryHooked(unit, session)
        }
        bring(unit, session)
    }

    /// Takes a unit behind all hooks: to its far side, or to the driver there.
    mutating func take(_ unit: Unit, _ session: SessionID) {
        guard !driven(session).take(toClient: unit.isToClient) else {
            return offer(unit, to: DriverID(session, ofClient: unit.isToClient))
        }
        bring(unit, session)
    }

    /// Brings a unit to its far side.
    mutating func bring(_ unit: Unit, _ session: SessionID) {
        switch (sessions[session].kind, unit.isToClient) {
        case (.streams, _), (.hookedStreams, _), (.drivenStreams, _):
            assertionFailure("two linked streams have no messages")
        case (.datagrams, false), (.streamToDatagrams, false):
            send(unit, session, on: sessions[session].upstream)
        case (.datagrams, true), (.datagramsToStream, true):
            let state = states.row(session)
            guard state.pointee.name.length > 0 else { return drop(.noReturnAddress, unit.count) }
            send(unit, session, on: state.pointee.listener)
        case (.datagramsToStream, false), (.streamToDatagrams, true), (.framedStreams, _):
            enqueueMessages(unit, session)
        }
    }

    // MARK: Onto a stream

    /// Puts datagrams on a stream, each as a message.
    private mutating func enqueueMessages(_ unit: Unit, _ session: SessionID) {
        guard unit.isTrain else { return enqueueMessage(unit, session) }
        var at: UInt32 = 0
        while at < unit.length, isOpen(session) {
            let part = unit.datagram(at: at)
            enqueueMessage(part, session)
            at &+= part.length
        }
    }

    private mutating func enqueueMessage(_ unit: Unit, _ session: SessionID) {
        let row = sessions[session]
        let framing = pairs[row.pair].framing(ofClient: unit.isToClient).framing
        let at = pool.address(unit.block) + Int(unit.offset)
        let length = Int(unit.length)
        let envelope = FrameEnvelope.around(framing, at, count: length)
        // An empty message leaves no trace in a `raw` or `eof` stream.
        guard let envelope, envelope.beforeCount &+ length &+ envelope.afterCount > 0 else {
            drop(.oversize)
            return row.kind == .framedStreams ? cannotWrite(unit, session) : ()
        }
        let total = envelope.beforeCount &+ length &+ envelope.afterCount
        let isConnected = row.phase == .relaying
        let stream = unit.isToClient ? row.client : row.upstream
        if row.kind != .framedStreams {
            let queued = isConnected ? legs[stream].queue.bytes : states[session].waiting.bytes
            let most = isConnected ? Limits.smallHigh : Limits.waitingMax
            guard queued == 0 || queued &+ total <= most else { return drop(.queueFull) }
        }
        guard let slice = frame(unit, envelope, total: total, session) else {
            return lackBlock(session)
        }
        guard isConnected else { return keep(slice, session) }
        guard legs.enqueue(stream, slice) else {
            pool.release(slice.block)
            return lackBlock(session)
        }
        counters.add(unit.isToClient ? .datagramsToClient : .datagramsToUpstream)
    }

    /// Puts a message's frame around it: in place if the message is large and the frame has room. A
    /// train's part is copied: its block can be received into again. Nil when no block is free.
    private mutating func frame(
        _ unit: Unit, _ envelope: FrameEnvelope, total: Int, _ session: SessionID
    ) -> Slice? {
        let isLarge = total > BlockClass.small.bytes / Limits.copyShare
        let length = Int(unit.length)
        var slice = Slice(block: unit.block, offset: 0, length: UInt32(total))
        if !unit.isPart, isLarge || pool.freeBlocks(.small) == 0,
            Int(unit.headroom) >= envelope.beforeCount,
            Int(unit.tailroom) >= envelope.afterCount,
            Int(unit.offset) &+ length &+ envelope.afterCount
                <= pool.blockClass(of: unit.block).bytes
        {
            pool.lease(unit.block)
            slice.offset = unit.offset &- UInt32(envelope.beforeCount)
        } else {
            let own = takeBlock(messageClass(of: total), for: session)
            guard !own.isNone else { return nil }
            memcpy(
                pool.address(own) + envelope.beforeCount,
                pool.address(unit.block) + Int(unit.offset), length)
            slice.block = own
        }
        let start = pool.address(slice.block) + Int(slice.offset)
        envelope.writeBefore(to: start)
        envelope.writeAfter(to: start + envelope.beforeCount + length)
        return slice
    }

    /// A message found no block, or no piece. A session of two streams cannot go on without it.
    mutating func lackBlock(_ session: SessionID) {
        drop(.queueFull)
        if sessions[session].kind == .framedStreams { end(session, .pool, reset: true) }
    }

    /// A block for a message, or none.
    @inline(__always)
    mutating func takeBlock(_ blockClass: BlockClass, for session: SessionID) -> BlockID {
        let block = pool.take(blockClass)
        guard block.isNone, sessions[session].kind == .framedStreams else { return block }
        // A larger block holds it too.
        var larger = blockClass == .small ? pool.take(.datagram) : .none
        if larger.isNone, blockClass != .bulk { larger = pool.take(.bulk) }
        guard larger.isNone, relieveMessage(of: session, blockClass) else { return larger }
        return pool.take(blockClass)
    }

    /// The class of the blocks that a message of so many bytes fits into. Datagram blocks are only
    /// there where messages cross a pair.
    func messageClass(of bytes: Int) -> BlockClass {
        if bytes <= BlockClass.small.bytes { return .small }
        let fits = bytes <= BlockClass.datagram.bytes && pool.totalBlocks(.datagram) > 0
        return fits ? .datagram : .bulk
    }

    /// Queues a message until its stream is connected.
    private mutating func keep(_ slice: Slice, _ session: SessionID) {
        let state = states.row(session)
        let small = BlockClass.small.bytes / Limits.copyShare
        let isCopied =
            Int(slice.length) <= small && state.pointee.waiting.appendCopying(slice, pool: pool)
        guard isCopied || state.pointee.waiting.append(slice, pool: pool) else {
            pool.release(slice.block)
            return drop(.queueFull)
        }
        state.pointee.waitingMessages &+= 1
    }

    /// A message has no form in the other stream's framing. Dropping it would be a loss that
    /// neither side sees, so the session ends as after a bad frame. An empty message in a `raw`
    /// stream has no bytes, and counts as written.
    private mutating func cannotWrite(_ unit: Unit, _ session: SessionID) {
        let framing = pairs[sessions[session].pair].framing(ofClient: unit.isToClient).framing
        guard unit.length > 0 || framing != .raw else { return }
        badFrame(FramedID(session, ofClient: !unit.isToClient), FrameError.unwritable)
    }
}
