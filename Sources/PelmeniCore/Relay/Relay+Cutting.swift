internal import CPelmeni
internal import Glibc

// Cutting streams into messages: as many as one loop may, and as the other side has room for.
extension Relay where R: ~Copyable {
    @inline(__always)
    func framedID(_ leg: LegID) -> FramedID {
        FramedID(legs[leg].session, ofClient: legs[leg].kind.isClient)
    }

    @inline(__always)
    func leg(of stream: FramedID) -> LegID {
        let row = sessions[stream.session]
        return stream.isOfClient ? row.client : row.upstream
    }

    /// Cuts received bytes into messages. A message that lies whole in the block is not copied.
    mutating func framedReceived(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        let session = row.pointee.session
        let count = Int(completion.result)
        if !row.pointee.hasEnded { sessions[session].activeAt = now }
        sessions[session].marks.insert(.hasBytes)
        if row.pointee.kind.isClient {
            legs.moved.toUpstream &+= UInt64(count)
        } else if sessions[session].kind == .framedStreams {
            legs.moved.toClient &+= UInt64(count)
        }
        let generation = row.pointee.generation
        let stream = framedID(leg)
        // Earlier bytes go first.
        let isBehind = !framed[stream].uncut.isEmpty
        let taken = isBehind ? 0 : cut(leg, completion.block, offset: 0, count: count)
        guard row.pointee.generation == generation, row.pointee.phase == .open else {
            // The session ended within this block.
            dropWhole(stream, completion.block, offset: taken, count: count &- taken)
            pool.release(completion.block)
            guard row.pointee.generation == generation, row.pointee.phase == .closing
            else { return }
            return closeIfIdle(leg)
        }
        if completion.more, legs.ring.mayMissEnds, !row.pointee.flags.contains(.unasked) {
            legs.askLater(leg)
        }
        guard taken == count else {
            return keepUncut(leg, completion.block, offset: taken, count: count &- taken)
        }
        pool.release(completion.block)
        guard !completion.more else { return }
        readOn(leg, expectsBytes: completion.flags.contains(.nonEmpty))
    }

    /// Cuts messages from a window, within the loop's budget and the other side's room; returns the
    /// bytes cut. The last message may have ended the session and freed its rows.
    ///
    /// - Parameter isKept: the window is the stream's first uncut block.
    private mutating func cut(
        _ leg: LegID, _ block: BlockID, offset: Int, count: Int, isKept: Bool = false
    ) -> Int {
        let row = legs.row(leg)
        let stream = framedID(leg)
        let generation = row.pointee.generation
        let at = pool.address(block) + offset
        var left = cuts.grant()
        defer { cuts.giveBack(left) }
        var taken = 0
        while taken < count, left > 0, row.pointee.generation == generation,
            row.pointee.phase == .open, hasRoom(leg)
        {
            left &-= 1
            let step = framed[stream].scanner.next(at + taken, count: count &- taken)
            if isKept { framed[stream].uncut.remove(step.consumed, pool: pool) }
            let isSurplus = row.pointee.hasEnded
            switch step.kind {
            case .needsMore: break
            case .run where isSurplus:
                if step.ends, !endsCounted(stream) { dropSurplus(stream.session) }
            case .bad where isSurplus: break
            case .run:
                add(step, to: stream, block, offset: offset &+ taken &+ step.start)
            case .bad(let error):
                badFrame(stream, error)
            }
            taken &+= step.consumed
        }
        return taken
    }

    /// Whether the other side takes more of a stream's messages. Datagrams without room are dropped
    /// and counted; a stream loses no message, so its source is not cut meanwhile.
    @inline(__always)
    private func hasRoom(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        if hooks.areThere, !row.pointee.hasEnded, isParked(leg) || isHeld(row.pointee.session) {
            return false
        }
        guard sessions[row.pointee.session].kind == .framedStreams, !row.pointee.hasEnded
        else { return true }
        let queued = legs[row.pointee.peer].queue.bytes
        return queued == 0 || queued < legs.highWatermark(.small)
    }

    // MARK: Later

    /// Keeps a block, and its lease, until the stream is cut again.
    private mutating func keepUncut(_ leg: LegID, _ block: BlockID, offset: Int, count: Int) {
        let slice = Slice(block: block, offset: UInt32(offset), length: UInt32(count))
        let stream = framedID(leg)
        guard framed[stream].uncut.append(slice, pool: pool) else {
            // No piece is free: no queue holds the messages, so they are counted now, in order.
            legs.setCause(stream.session, .pool)
            dropMessages(stream)
            dropWhole(stream, block, offset: offset, count: count)
            pool.release(block)
            return end(stream.session, .pool, reset: true)
        }
        awaitCut(leg)
    }

    /// Stops reading a stream with uncut bytes. Cutting goes on in one of the next loops, or once
    /// the other side has room.
    mutating func awaitCut(_ leg: LegID) {
        let stream = framedID(leg)
        guard !framed[stream].isQueued else { return }
        // An armed receive would go on to its limit, and exhaustion closes no session for these
        // blocks.
        legs.cancelReceive(leg)
        guard !hasRoom(leg) else { return cuts.append(stream, framed) }
        // Else the cancelled receive's completion gets here again.
        if legs[leg].reading == .idle { legs.pause(leg) }
    }

    /// The leg has room: its peer may be read again.
    mutating func resumePeer(_ leg: LegID) {
        if legs.resumePeer(leg) == .resumed { resume(legs[leg].peer) }
    }

    /// The stream's peer has room: the paused stream may be read again.
    mutating func resume(_ leg: LegID) {
        guard legs[leg].inbound != .driven else { return resumeDriven(leg) }
        guard sessions[legs[leg].session].kind != .hookedStreams else { return resumeChunks(leg) }
        let stream = framedID(leg)
        guard framed[stream].uncut.isEmpty else {
            legs[leg].move(reading: .idle)
            return awaitCut(leg)
        }
        guard hooks.areThere, framed[stream].lastResult <= 0 else {
            return legs.rearm(leg, expectsBytes: true)
        }
        legs[leg].move(reading: .idle)
        if !isParked(leg) { endCut(leg) } else { legs.pause(leg) }
    }

    /// Cuts each waiting stream once, within the loop's budget.
    @inline(never)
    mutating func cutWaiting() {
        var turns = cuts.count
        // A session that ends takes its streams out.
        while turns > 0, cuts.budget > 0, !cuts.isEmpty {
            turns &-= 1
            cutOn(cuts.popFirst(framed))
        }
    }

    private mutating func cutOn(_ stream: FramedID) {
        // An ended session counts its uncut messages once its last leg is closed.
        guard
            sessions[stream.session].phase == .relaying
                || dialsOnDemand(stream.session)
                    && sessions[stream.session].phase == .connecting
        else { return }
        let leg = leg(of: stream)
        let generation = legs[leg].generation
        let slice = pool.piece(framed[stream].uncut.first).pointee.slice
        if !legs[leg].hasEnded { sessions[stream.session].activeAt = now }
        pool.lease(slice.block)
        _ = cut(
            leg, slice.block, offset: Int(slice.offset), count: Int(slice.length), isKept: true)
        pool.release(slice.block)
        guard legs[leg].generation == generation, isOpen(stream.session) else { return }
        guard framed[stream].uncut.isEmpty else {
            return hasRoom(leg) ? cuts.append(stream, framed) : awaitCut(leg)
        }
        guard !hooks.areThere || !isParked(leg) else {
            return legs[leg].reading == .idle ? legs.pause(leg) : ()
        }
        endCut(leg)
    }

    /// All messages of a stream are cut: what came behind them, or the next bytes.
    private mutating func endCut(_ leg: LegID) {
        let stream = framedID(leg)
        let last = framed[stream].lastResult
        framed[stream].lastResult = 1
        // The reset behind this end may have been seen since.
        if last < 0 || (last == 0 && legs.findHiddenReset(leg)) {
            return breaksLater(leg) ? () : streamBroke(leg)
        }
        if last == 0 { return framedEnded(leg) }
        readOn(leg, expectsBytes: true)
    }

    /// Whether a stream's end or error has to wait for the messages before it.
    mutating func comesLater(_ leg: LegID, _ result: Int32) -> Bool {
        guard legs[leg].inbound.isDiverted else { return false }
        let stream = framedID(leg)
        // A stream whose bytes are dropped waits for no hook.
        let isParked = hooks.areThere && !legs[leg].hasEnded && isParked(leg)
        guard !framed[stream].uncut.isEmpty || isParked else { return false }
        framed[stream].lastResult = min(framed[stream].lastResult, result)
        if hooks.areThere, result < 0 { noteResetBehindParked(leg) }
        awaitCut(leg)
        return true
    }

    /// Reads on, dropped bytes too: a close with unread bytes would destroy the bytes just sent.
    mutating func readOn(_ leg: LegID, expectsBytes: Bool) {
        guard framed[framedID(leg)].uncut.isEmpty else { return awaitCut(leg) }
        let row = legs.row(leg)
        if hooks.areThere, row.pointee.mayRead, !row.pointee.hasEnded, isParked(leg) {
            return legs.pause(leg)
        }
        guard row.pointee.hasEnded else { return legs.rearm(leg, expectsBytes: expectsBytes) }
        guard row.pointee.mayRead, row.pointee.phase != .closing else { return }
        legs.arm(leg, expectsBytes: expectsBytes)
    }

    // MARK: Dropping

    /// Drops an ended session's uncut bytes, and counts its whole messages.
    mutating func dropMessages(_ stream: FramedID) {
        defer { dropAssembly(stream) }
        if framed[stream].isQueued { cuts.remove(stream, framed) }
        while !framed[stream].uncut.isEmpty {
            let slice = pool.piece(framed[stream].uncut.first).pointee.slice
            dropWhole(stream, slice.block, offset: Int(slice.offset), count: Int(slice.length))
            framed[stream].uncut.dropFirst(pool: pool)
        }
    }

    /// Counts the whole messages of a window as drops of an ended session.
    private mutating func dropWhole(
        _ stream: FramedID, _ block: BlockID, offset: Int, count: Int
    ) {
        let isCompleted = sessions[stream.session].cause == .completed
        let at = pool.address(block) + offset
        var taken = 0
        while taken < count {
            let step = framed[stream].scanner.next(at + taken, count: count &- taken)
            taken &+= step.consumed
            guard case .run = step.kind, step.ends, !endsCounted(stream) else { continue }
            drop(isCompleted ? .surplus : .noUpstream)
        }
    }

    /// Counts a whole message over the session's limit.
    mutating func dropSurplus(_ session: SessionID) {
        drop(states[session].expectsResponses ? .surplus : .noUpstream)
    }

    /// A message ends. True if it was counted before: it found no block.
    private mutating func endsCounted(_ stream: FramedID) -> Bool {
        defer { framed[stream].assembly.isSkipping = false }
        return framed[stream].assembly.isSkipping
    }
}
