internal import CPelmeni
internal import Glibc

// Messages that begin in one block and end in another: gathered, and carried whole.
extension Relay where R: ~Copyable {
    /// Adds the next bytes of a message.
    mutating func add(
        _ step: ScanStep, to stream: FramedID, _ block: BlockID, offset: Int
    ) {
        if step.begins, step.ends, !step.heldCarriageReturn {
            var unit = Unit(
                block: block, offset: UInt32(offset), length: UInt32(step.length),
                isToClient: !stream.isOfClient)
            // The message's own frame is there, and has been read.
            unit.headroom = UInt8(truncatingIfNeeded: min(step.start, 255))
            unit.tailroom = UInt8(
                truncatingIfNeeded: min(step.consumed &- step.start &- step.length, 255))
            return deliver(unit, of: stream)
        }
        if step.heldCarriageReturn { gatherCarriageReturn(stream) }
        gather(stream, pool.address(block) + offset, step.length)
        if step.ends { deliverGathered(stream) }
    }

    /// A carriage return that was held back as a possible half of a line's end.
    mutating func gatherCarriageReturn(_ stream: FramedID) {
        var byte: UInt8 = 0x0d
        gather(stream, &byte, 1)
    }

    private mutating func gather(_ stream: FramedID, _ bytes: UnsafeRawPointer, _ count: Int) {
        let row = framed.row(stream)
        guard !row.pointee.assembly.isSkipping, isOpen(stream.session) else { return }
        if row.pointee.assembly.block.isNone { row.pointee.assembly.count = 0 }
        let length = row.pointee.assembly.count &+ count
        // Between two streams the scanner refuses messages over the limit.
        let fits = length <= Self.datagramMax || sessions[stream.session].kind == .framedStreams
        guard fits, growAssembly(stream, to: length) else {
            row.pointee.assembly.isSkipping = true
            return fits ? lackBlock(stream.session) : drop(.oversize)
        }
        let at = Int(PELMENI_DATAGRAM_PAYLOAD) &+ row.pointee.assembly.count
        memcpy(pool.address(row.pointee.assembly.block) + at, bytes, count)
        row.pointee.assembly.count = length
    }

    /// Gathers a message in a small block while it fits: clients that never finish their messages
    /// would otherwise hold all datagram blocks. False when no block is free.
    private mutating func growAssembly(_ stream: FramedID, to length: Int) -> Bool {
        let row = framed.row(stream)
        let old = row.pointee.assembly.block
        let end = Int(PELMENI_DATAGRAM_PAYLOAD) &+ length
        if !old.isNone, end <= pool.blockClass(of: old).bytes { return true }
        let blockClass = messageClass(of: end)
        let block = takeBlock(blockClass, for: stream.session)
        guard !block.isNone else { return false }
        row.pointee.assembly.blockSince = now
        row.pointee.assembly.countBefore = row.pointee.assembly.count
        if !old.isNone {
            memcpy(
                pool.address(block), pool.address(old),
                Int(PELMENI_DATAGRAM_PAYLOAD) &+ row.pointee.assembly.count)
            pool.release(old)
        }
        row.pointee.assembly.block = block
        return true
    }

    mutating func deliverGathered(_ stream: FramedID) {
        let assembly = framed[stream].assembly
        framed[stream].assembly.block = .none
        framed[stream].assembly.isSkipping = false
        guard !assembly.block.isNone else {
            // Neither gathered nor skipped: an empty message that came in several parts.
            if !assembly.isSkipping { deliverEmpty(stream) }
            return
        }
        if !assembly.isSkipping {
            deliver(
                .datagrams(
                    assembly.block, length: assembly.count, segment: 0,
                    isToClient: !stream.isOfClient),
                of: stream)
        }
        pool.release(assembly.block)
    }

    private mutating func deliverEmpty(_ stream: FramedID) {
        let block = takeBlock(
            pool.totalBlocks(.datagram) > 0 ? .datagram : .small, for: stream.session)
        guard !block.isNone else { return lackBlock(stream.session) }
        deliver(
            .datagrams(block, length: 0, segment: 0, isToClient: !stream.isOfClient), of: stream)
        pool.release(block)
    }

    /// Drops the gathered bytes of an unfinished message.
    mutating func dropAssembly(_ stream: FramedID) {
        let block = framed[stream].assembly.block
        if !block.isNone { pool.release(block) }
        framed[stream].assembly.block = .none
    }

    /// Carries a whole message, and counts it.
    private mutating func deliver(_ unit: Unit, of stream: FramedID) {
        let session = stream.session
        let state = states.row(session)
        if unit.isToClient {
            state.pointee.responses &+= 1
        } else {
            state.pointee.requests &+= 1
        }
        if unit.length > Self.datagramMax, sessions[session].kind != .framedStreams {
            drop(.oversize)
        } else {
            carry(unit, session)
        }
        guard isOpen(session) else { return }
        if unit.isToClient {
            if hasAllResponses(session) { endAfterQueue(session) }
            return
        }
        let most = pairs[sessions[session].pair].requests
        if most != 0, state.pointee.requests >= most { stopReading(session) }
    }
}
