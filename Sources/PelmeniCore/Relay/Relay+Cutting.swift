internal import CPelmeni
internal import Glibc

// Streams that carry messages: cut apart on the way to datagrams, put together on the way back.
extension Relay where R: ~Copyable {
    // MARK: From the stream

    /// Cuts what a stream brought into messages. One that lies in this block goes on from where it
    /// is.
    mutating func framedReceived(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        let session = row.pointee.session
        let count = Int(completion.result)
        if !row.pointee.hasEnded { sessions[session].activeAt = now }
        sessions[session].hasBytes = true
        if row.pointee.kind.isClient { legs.moved.toUpstream &+= UInt64(count) }
        let generation = row.pointee.generation
        // What came before goes first.
        let taken =
            states[session].isCutting ? 0 : cut(leg, completion.block, offset: 0, count: count)
        guard row.pointee.generation == generation, row.pointee.phase != .closing else {
            // The session has ended within this block.
            dropWhole(session, completion.block, offset: taken, count: count &- taken)
            pool.release(completion.block)
            return row.pointee.generation == generation ? closeIfIdle(leg) : ()
        }
        if completion.more, legs.ring.mayMissEnds, !row.pointee.marks.contains(.unasked) {
            legs.askLater(leg)
        }
        guard taken == count else {
            return cutLater(session, completion.block, offset: taken, count: count &- taken)
        }
        pool.release(completion.block)
        guard !completion.more else { return }
        readOn(leg, expectsBytes: completion.flags.contains(.nonEmpty))
    }

    /// Cuts messages from a window, as many as may be at once; how many bytes of it they are. The
    /// last one may have ended the session, and its rows may be free then.
    ///
    /// - Parameter isKept: the window is the first one of those that the session keeps.
    private mutating func cut(
        _ leg: LegID, _ block: BlockID, offset: Int, count: Int, isKept: Bool = false
    ) -> Int {
        let row = legs.row(leg)
        let session = row.pointee.session
        let generation = row.pointee.generation
        let at = pool.address(block) + offset
        var left = cuts.grant()
        defer { cuts.giveBack(left) }
        var taken = 0
        while taken < count, left > 0, row.pointee.generation == generation,
            row.pointee.phase != .closing
        {
            left &-= 1
            let step = states[session].scanner.next(at + taken, count: count &- taken)
            if isKept { states[session].uncut.remove(step.consumed, pool: pool) }
            let isSurplus = row.pointee.hasEnded
            switch step.kind {
            case .needsMore: break
            case .run where isSurplus:
                if step.ends { dropSurplus(session) }
            case .bad where isSurplus: break
            case .run:
                take(session, step, block, offset: offset &+ taken &+ step.start)
            case .bad:
                badFrame(session)
            }
            taken &+= step.consumed
        }
        return taken
    }

    // MARK: Behind the bound of a loop

    /// Keeps a block, whose lease it takes over, until its stream's turn. The stream is not read
    /// meanwhile.
    private mutating func cutLater(_ session: SessionID, _ block: BlockID, offset: Int, count: Int)
    {
        let slice = Slice(block: block, offset: UInt32(offset), length: UInt32(count))
        guard states[session].uncut.append(slice, pool: pool) else {
            pool.release(block)
            return end(session, .pool, reset: true)
        }
        guard !states[session].isCutting else { return }
        cuts.append(session, states)
        // What is armed would go on to its limit, and nobody is closed for these blocks.
        let it = sessions[session]
        legs.cancelReceive(it.kind == .streamToDatagrams ? it.client : it.upstream)
    }

    /// Gives each stream that has messages left to cut its turn, as far as one loop goes.
    @inline(never)
    mutating func cutWaiting() {
        var turns = cuts.count
        while turns > 0, cuts.budget > 0 {
            turns &-= 1
            cutOn(cuts.popFirst(states))
        }
    }

    private mutating func cutOn(_ session: SessionID) {
        let it = sessions[session]
        // One that ends counts what is left once its last leg is closed.
        guard it.phase == .relaying else { return }
        let leg = it.kind == .streamToDatagrams ? it.client : it.upstream
        let generation = legs[leg].generation
        let state = states.row(session)
        let slice = pool.piece(state.pointee.uncut.first).pointee.slice
        if !legs[leg].hasEnded { sessions[session].activeAt = now }
        pool.lease(slice.block)
        _ = cut(
            leg, slice.block, offset: Int(slice.offset), count: Int(slice.length), isKept: true)
        pool.release(slice.block)
        guard legs[leg].generation == generation, isOpen(session) else { return }
        guard state.pointee.uncut.isEmpty else { return cuts.append(session, states) }
        let last = state.pointee.lastResult
        state.pointee.lastResult = 1
        if last == 0 { return framedEnded(leg) }
        if last < 0 { return streamBroke(leg) }
        readOn(leg, expectsBytes: true)
    }

    /// Whether a stream's end or error has to wait for the messages before it.
    mutating func comesLater(_ leg: LegID, _ result: Int32) -> Bool {
        guard legs[leg].inbound.isFramed else { return false }
        let state = states.row(legs[leg].session)
        guard state.pointee.isCutting else { return false }
        state.pointee.lastResult = min(state.pointee.lastResult, result)
        return true
    }

    /// What is left to cut when a session ends is dropped, and whole messages are counted.
    mutating func dropUncut(_ session: SessionID) {
        let state = states.row(session)
        if state.pointee.isCutting { cuts.remove(session, states) }
        while !state.pointee.uncut.isEmpty {
            let slice = pool.piece(state.pointee.uncut.first).pointee.slice
            dropWhole(session, slice.block, offset: Int(slice.offset), count: Int(slice.length))
            state.pointee.uncut.dropFirst(pool: pool)
        }
    }

    /// Counts the whole messages of a window that an ended session does not take any more.
    private mutating func dropWhole(
        _ session: SessionID, _ block: BlockID, offset: Int, count: Int
    ) {
        let state = states.row(session)
        let reason: DropReason =
            sessions[session].cause == .completed ? .surplus : .noUpstream
        let at = pool.address(block) + offset
        var taken = 0
        while taken < count {
            let step = state.pointee.scanner.next(at + taken, count: count &- taken)
            if case .run = step.kind, step.ends { drop(reason) }
            taken &+= step.consumed
        }
    }

    /// Reads on, also what is dropped: to close a socket with bytes unread would destroy what was
    /// just sent on it.
    mutating func readOn(_ leg: LegID, expectsBytes: Bool) {
        guard !states[legs[leg].session].isCutting else { return }
        let row = legs.row(leg)
        guard row.pointee.hasEnded else { return legs.rearm(leg, expectsBytes: expectsBytes) }
        guard row.pointee.mayRead, row.pointee.phase != .closing else { return }
        legs.arm(leg, expectsBytes: expectsBytes)
    }

    /// A paused stream may be read again: what it feeds has room.
    mutating func resume(_ leg: LegID) { legs.rearm(leg, expectsBytes: true) }

    /// A whole message that its session does not take any more.
    mutating func dropSurplus(_ session: SessionID) {
        drop(states[session].expectsAnswers ? .surplus : .noUpstream)
    }

    private mutating func take(
        _ session: SessionID, _ step: ScanStep, _ block: BlockID, offset: Int
    ) {
        if step.begins, step.ends, !step.heldCarriageReturn {
            return deliver(session, block, offset: offset, length: step.length)
        }
        if step.heldCarriageReturn {
            var carriageReturn: UInt8 = 0x0d
            gather(session, &carriageReturn, 1)
        }
        gather(session, pool.address(block) + offset, step.length)
        if step.ends { deliverGathered(session) }
    }

    /// Adds bytes to the message that has begun.
    mutating func gather(_ session: SessionID, _ bytes: UnsafeRawPointer, _ count: Int) {
        let state = states.row(session)
        guard !state.pointee.isSkipping else { return }
        if state.pointee.assembly.isNone { state.pointee.assembled = 0 }
        let length = state.pointee.assembled &+ count
        let hasRoom = length <= Self.datagramMax && growAssembly(session, to: length)
        guard hasRoom else {
            drop(length <= Self.datagramMax ? .queueFull : .oversize)
            state.pointee.isSkipping = true
            return
        }
        let payload = Int(PELMENI_DATAGRAM_PAYLOAD)
        let to = pool.address(state.pointee.assembly) + payload + state.pointee.assembled
        memcpy(to, bytes, count)
        state.pointee.assembled = length
    }

    /// A message is gathered in a small block for as long as it fits: clients that begin messages
    /// and do not go on would else hold all blocks that datagrams are received into. False when
    /// there is no block.
    private mutating func growAssembly(_ session: SessionID, to length: Int) -> Bool {
        let state = states.row(session)
        let old = state.pointee.assembly
        let end = Int(PELMENI_DATAGRAM_PAYLOAD) &+ length
        if !old.isNone, end <= pool.blockClass(of: old).bytes { return true }
        let blockClass: BlockClass = end <= BlockClass.small.bytes ? .small : .datagram
        let block = pool.take(blockClass)
        guard !block.isNone else { return false }
        if blockClass == .datagram {
            state.pointee.gatheredSince = now
            state.pointee.gatheredBefore = state.pointee.assembled
        }
        if !old.isNone {
            memcpy(
                pool.address(block), pool.address(old),
                Int(PELMENI_DATAGRAM_PAYLOAD) &+ state.pointee.assembled)
            pool.release(old)
        }
        state.pointee.assembly = block
        return true
    }

    mutating func deliverGathered(_ session: SessionID) {
        let state = states.row(session)
        let block = state.pointee.assembly
        let isSkipping = state.pointee.isSkipping
        state.pointee.assembly = .none
        state.pointee.isSkipping = false
        guard !block.isNone else {
            // Neither gathered nor skipped: a message without bytes that came in more than one
            // part.
            if !isSkipping { deliverEmpty(session) }
            return
        }
        if !isSkipping {
            deliver(
                session, block, offset: Int(PELMENI_DATAGRAM_PAYLOAD),
                length: state.pointee.assembled)
        }
        pool.release(block)
    }

    /// Throws away what was gathered of a message that does not go on.
    mutating func dropAssembly(_ session: SessionID) {
        let state = states.row(session)
        if !state.pointee.assembly.isNone { pool.release(state.pointee.assembly) }
        state.pointee.assembly = .none
        state.pointee.isSkipping = false
    }

    private mutating func deliverEmpty(_ session: SessionID) {
        let block = pool.take(.datagram)
        guard !block.isNone else { return drop(.queueFull) }
        deliver(session, block, offset: Int(PELMENI_DATAGRAM_PAYLOAD), length: 0)
        pool.release(block)
    }

    /// One whole message: a datagram to the upstream, or an answer to the client.
    private mutating func deliver(_ session: SessionID, _ block: BlockID, offset: Int, length: Int)
    {
        let state = states.row(session)
        let isAnswer = sessions[session].kind == .datagramsToStream
        if isAnswer {
            state.pointee.responses &+= 1
        } else {
            state.pointee.requests &+= 1
        }
        if length > Self.datagramMax {
            drop(.oversize)
        } else if !isAnswer {
            depart(
                sessions[session].upstream, session, block, offset: offset, length: length,
                segment: 0, isAnswer: false)
        } else if state.pointee.name.length == 0 {
            drop(.noReturnAddress)
        } else {
            depart(
                state.pointee.listener, session, block, offset: offset, length: length, segment: 0,
                isAnswer: true)
        }
        guard isOpen(session) else { return }
        if isAnswer {
            if isAnswered(session) { endAfterQueue(session) }
            return
        }
        let most = pairs[sessions[session].pair].requests
        if most != 0, state.pointee.requests >= most { stopReading(session) }
    }
}
