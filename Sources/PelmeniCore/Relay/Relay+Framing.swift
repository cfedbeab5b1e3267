internal import CPelmeni
internal import Glibc

// Messages on their way to a stream, each with what its framing puts around it.
extension Relay where R: ~Copyable {
    /// Puts datagrams on the stream side, each as a message.
    mutating func enqueueMessages(
        _ session: SessionID, _ block: BlockID, offset: Int, length: Int, segment: Int
    ) {
        guard segment != 0, length > segment else {
            return enqueueMessage(session, block, offset: offset, length: length, isAlone: true)
        }
        var at = 0
        while at < length, isOpen(session) {
            let part = min(segment, length &- at)
            enqueueMessage(session, block, offset: offset &+ at, length: part, isAlone: false)
            at &+= part
        }
    }

    /// - Parameter isAlone: what stands around it in its block may be overwritten.
    private mutating func enqueueMessage(
        _ session: SessionID, _ block: BlockID, offset: Int, length: Int, isAlone: Bool
    ) {
        let framing = pairs[sessions[session].pair].framing
        let at = pool.address(block) + offset
        guard let head = FrameEnvelope.around(framing, at, count: length) else {
            return drop(.oversize)
        }
        let total = head.beforeCount &+ length &+ head.afterCount
        let stream =
            sessions[session].kind == .datagramsToStream
            ? sessions[session].upstream : sessions[session].client
        let isConnected = sessions[session].phase == .relaying
        let queued =
            isConnected ? legs[stream].queue.bytes : states[session].waiting.bytes
        let most = isConnected ? RelayLimits.smallHigh : RelayLimits.waitingMax
        guard queued == 0 || queued &+ total <= most else { return drop(.queueFull) }
        // An empty one leaves no trace in a `raw` or `eof` stream.
        guard total > 0 else { return drop(.oversize) }
        let isLarge = total > BlockClass.small.bytes / RelayLimits.copyShare
        var slice = Slice(block: block, offset: 0, length: UInt32(total))
        if isAlone, isLarge || pool.freeBlocks(.small) == 0, offset >= head.beforeCount,
            offset &+ length &+ head.afterCount <= BlockClass.datagram.bytes
        {
            pool.lease(block)
            slice.offset = UInt32(offset &- head.beforeCount)
        } else {
            let own = pool.take(total <= BlockClass.small.bytes ? .small : .datagram)
            guard !own.isNone else { return drop(.queueFull) }
            memcpy(pool.address(own) + head.beforeCount, at, length)
            slice.block = own
        }
        let start = pool.address(slice.block) + Int(slice.offset)
        head.writeBefore(to: start)
        head.writeAfter(to: start + head.beforeCount + length)
        put(session, stream, slice, isConnected: isConnected)
    }

    private mutating func put(
        _ session: SessionID, _ stream: LegID, _ slice: Slice, isConnected: Bool
    ) {
        let small = BlockClass.small.bytes / RelayLimits.copyShare
        let isTaken =
            isConnected
            ? legs.enqueue(stream, slice)
            : (Int(slice.length) <= small
                && states[session].waiting.appendCopying(slice, pool: pool))
                || states[session].waiting.append(slice, pool: pool)
        guard isTaken else {
            pool.release(slice.block)
            return drop(.queueFull)
        }
        guard isConnected else {
            states[session].waitingMessages &+= 1
            return
        }
        counters.add(
            sessions[session].kind == .datagramsToStream
                ? .datagramsToUpstream : .datagramsToClient)
    }
}
