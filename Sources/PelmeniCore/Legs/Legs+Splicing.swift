internal import Glibc

// Long streams between two TCP sockets go through a pipe, and are copied into no block.
//
// A leg of the bulk class is spliced from its next receive on: it waits for readability, splices,
// and waits again. While its peer takes no more, the peer holds the pipe and waits for writability.
// An interactive leg goes back to blocks, and so do all legs under contention: the quantum counts
// blocks.
extension Legs where R: ~Copyable {
    /// Arms a bulk leg with a wait for readability. False when it has to receive into blocks.
    @inline(never)
    mutating func rearmSpliced(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        guard canSplice(leg) else { return receivesBehindPipe(leg) }
        let peer = legs.row(row.pointee.peer)
        guard peer.pointee.queue.isEmpty, peer.pointee.writing != .sending else {
            // Bytes in blocks go first.
            pause(leg)
            return true
        }
        row.pointee.inbound = .spliced
        row.pointee.classVotes = 0
        awaitReadable(leg)
        return true
    }

    /// A leg that may not be spliced any more receives into blocks, once its pipe is empty. Whether
    /// it waits for that.
    private mutating func receivesBehindPipe(_ leg: LegID) -> Bool {
        guard legs[leg].inbound == .spliced else { return false }
        guard legs[legs[leg].peer].piped == 0 else {
            pause(leg)
            return true
        }
        legs[leg].inbound = unspliced(leg)
        return false
    }

    func canSplice(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let session = sessions.row(row.pointee.session)
        let peer = row.pointee.peer
        guard pipes.isAvailable(now), !reads.isContended(now), !peer.isNone,
            session.pointee.kind.isOfChunks, session.pointee.phase == .relaying,
            !row.pointee.inbound.isDiverted || links.left(leg) >= BlockClass.small.bytes
        else { return false }
        // The bytes of a Unix socket are not in pages that splice(2) can move.
        return takesPipe(leg) && takesPipe(peer)
    }

    private func takesPipe(_ leg: LegID) -> Bool {
        !legs[leg].kind.isUnix && !legs[leg].flags.contains(.broken)
    }

    private mutating func awaitReadable(_ leg: LegID) {
        legs[leg].move(reading: .receiving)
        ring.awaitReadable(legs[leg].socket, token: token(leg, .awaitReadable))
    }

    private mutating func awaitWritable(_ leg: LegID) {
        let row = legs.row(leg)
        row.pointee.move(writing: .sending)
        watchStall(row.pointee.session)
        ring.awaitWritable(
            row.pointee.socket, slot: leg.rawValue, token: token(leg, .awaitWritable))
    }

    // MARK: Completions

    mutating func becameReadable(_ leg: LegID) {
        legs[leg].move(reading: .idle)
        if legs[leg].phase == .closing { return closeIfIdle(leg) }
        if legs[leg].phase == .resetting { return resetIfDelivered(leg) }
        // A hook finished the session meanwhile: the bytes are dropped.
        guard legs[leg].inbound == .spliced else { return arm(leg, expectsBytes: true) }
        // The loop's splice budget is spent.
        guard pipes.budget > 0 else { return starve(leg, expectsBytes: true) }
        splice(leg, isTold: true)
    }

    mutating func becameWritable(_ leg: LegID) {
        let row = legs.row(leg)
        row.pointee.move(writing: .idle)
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        // The source of the pipe's bytes is gone, or has ended; or a hook's reply waits.
        // Or its link is done.
        let source = row.pointee.peer
        if row.pointee.phase == .resetting || legs[source].inbound != .spliced
            || legs[source].hasEnded || !row.pointee.queue.isEmpty
        {
            return emptyPipe(leg)
        }
        splice(source, isTold: false)
    }

    // MARK: Moving

    /// Moves a leg's bytes to its peer, and waits for the next event of either side.
    ///
    /// - Parameter isTold: the ring reported readability.
    mutating func splice(_ leg: LegID, isTold: Bool) {
        let row = legs.row(leg)
        let peer = row.pointee.peer
        let out = legs.row(peer)
        if row.pointee.reading == .paused { row.pointee.move(reading: .idle) }
        row.pointee.flags.remove(.unread)
        // A hook's reply to the peer goes first.
        guard out.pointee.queue.isEmpty else { return pause(leg) }
        guard ensurePipe(peer) else { return stopSplicing(leg) }
        let result = ring.splice(
            from: row.pointee.socket, slot: leg.rawValue, to: out.pointee.socket,
            pipe: pipes.row(out.pointee.pipe).pointee, inside: Int(out.pointee.piped),
            most: spliceMost(leg))
        if isSpliceRefused(result) {
            pipes.giveUp()
            releasePipe(peer)
            return stopSplicing(leg)
        }
        notePassed(result, on: peer)
        if result.received > 0 {
            countReceived(result.received, on: leg)
            pipes.spend(result.received)
            counters.add(.splicedBytes, UInt64(truncatingIfNeeded: result.received))
            takeCounted(leg, result.received)
        }
        guard result.sendError == 0 || result.sendError == -EAGAIN else {
            return spliceFailed(leg, result)
        }
        if out.pointee.piped == 0 { releasePipe(peer) } else { awaitWritable(peer) }
        goOn(leg, result, isTold: isTold)
    }

    /// Sends what a hook queued while bytes of the pipe went first.
    private mutating func sendWaiting(_ leg: LegID) {
        let row = legs.row(leg)
        guard !row.pointee.queue.isEmpty, row.pointee.writing == .idle,
            row.pointee.phase == .open || row.pointee.phase == .resetting
        else { return }
        row.pointee.progress.begin(at: now)
        send(leg)
    }

    /// Decides the source leg's next operation.
    private mutating func goOn(_ leg: LegID, _ result: SpliceResult, isTold: Bool) {
        let row = legs.row(leg)
        guard !handleEnd(leg, result) else { return }
        guard !isLinkDone(leg) else { return finishLink(leg) }
        guard legs[row.pointee.peer].piped == 0 else { return pause(leg) }
        if result.needsReceive || (isTold && result.received == 0) {
            // The next bytes are not for a pipe; or there are none, and a receive waits where
            // readability would be reported for ever.
            row.pointee.inbound = unspliced(leg)
            return arm(leg, expectsBytes: true)
        }
        let isDry = result.receiveError == -EAGAIN
        if result.received >= BlockClass.small.bytes {
            row.pointee.classVotes = 0
        } else if result.received > 0, isDry {
            row.pointee.classVotes &+= 1
            if row.pointee.classVotes >= Limits.classVotes {
                row.pointee.blockClass = .small
                row.pointee.classVotes = 0
                return stopSplicing(leg, expectsBytes: !isDry)
            }
        }
        guard !reads.isContended(now) else { return stopSplicing(leg, expectsBytes: !isDry) }
        awaitReadable(leg)
    }

    /// Forwards the end or reset that a splice found. True if there was one.
    private mutating func handleEnd(_ leg: LegID, _ result: SpliceResult) -> Bool {
        guard !isCounted(leg) else { return handleCountedEnd(leg, result) }
        guard result.isEnded else {
            guard result.receiveError != 0, result.receiveError != -EAGAIN else { return false }
            streamBroke(leg)
            return true
        }
        streamEnded(leg)
        return true
    }

    /// The leg receives into blocks, until it is bulk again.
    private mutating func stopSplicing(_ leg: LegID, expectsBytes: Bool = true) {
        legs[leg].inbound = unspliced(leg)
        rearm(leg, expectsBytes: expectsBytes)
    }

    /// A system call filter, or a kernel without splice(2): fails before a pipe has any byte.
    private func isSpliceRefused(_ result: SpliceResult) -> Bool {
        guard result.received == 0, result.sent == 0, result.sendError == 0 else { return false }
        return switch -result.receiveError {
        case EINVAL, ENOSYS, EPERM, EACCES: true
        default: false
        }
    }

    /// The peer takes no more: the bytes in the pipe have no reader.
    private mutating func spliceFailed(_ leg: LegID, _ result: SpliceResult) {
        let row = legs.row(leg)
        let generation = row.pointee.generation
        releasePipe(row.pointee.peer)
        row.pointee.inbound = unspliced(leg)
        noteSendFailed(row.pointee.peer, result.sendError)
        guard row.pointee.generation == generation, row.pointee.phase == .open,
            row.pointee.reading != .receiving
        else { return }
        guard !handleEnd(leg, result) else { return }
        rearm(leg, expectsBytes: true)
    }

    /// A leg that takes no more from a pipe may be read through hooks.
    private mutating func noteSendFailed(_ leg: LegID, _ error: Int32) {
        guard sendFailed(leg, error) == .sendBroke else { return }
        let session = legs[leg].session
        guard sessions[session].kind == .drivenStreams else { return writeBroke(leg) }
        legs[leg].flags.insert(.broken)
        notify(session)
    }

    /// Sends the rest of a pipe that is not filled any more.
    private mutating func emptyPipe(_ leg: LegID) {
        let row = legs.row(leg)
        let result = ring.splice(
            from: -1, slot: leg.rawValue, to: row.pointee.socket,
            pipe: pipes.row(row.pointee.pipe).pointee, inside: Int(row.pointee.piped), most: 0)
        notePassed(result, on: leg)
        guard result.sendError == 0 || result.sendError == -EAGAIN else {
            releasePipe(leg)
            return noteSendFailed(leg, result.sendError)
        }
        guard row.pointee.piped == 0 else { return awaitWritable(leg) }
        releasePipe(leg)
        sendWaiting(leg)
        if row.pointee.phase == .resetting { return resetIfDelivered(leg) }
        forwardEndIfDrained(row.pointee.peer)
    }

    private mutating func notePassed(_ result: SpliceResult, on leg: LegID) {
        let row = legs.row(leg)
        // A byte was sent, or is the first one to wait.
        if result.sent > 0 || (row.pointee.piped == 0 && result.received > 0) {
            row.pointee.progress.at = now
            sessions[row.pointee.session].activeAt = now
        }
        row.pointee.piped = UInt32(Int(row.pointee.piped) &+ result.received &- result.sent)
    }

    // MARK: Pipes

    /// Gives a leg a pipe if it has none. False when no pipe is free.
    private mutating func ensurePipe(_ leg: LegID) -> Bool {
        guard legs[leg].pipe == PipeTable.none else { return true }
        let pipe = pipes.allocate()
        guard pipe != PipeTable.none else { return false }
        if pipes.row(pipe).pointee.fill < 0 {
            let made = calls.openPipe(bytes: Limits.pipeBytes)
            guard made.fill >= 0 else {
                pipes.giveBack(pipe)
                pipes.backOff(now)
                return false
            }
            pipes.row(pipe).pointee = made
        }
        legs[leg].pipe = pipe
        return true
    }

    /// Takes a leg's pipe back. A pipe with bytes is closed: the next stream must not get them.
    mutating func releasePipe(_ leg: LegID) {
        let row = legs.row(leg)
        let pipe = row.pointee.pipe
        guard pipe != PipeTable.none else { return }
        if row.pointee.piped != 0 {
            calls.closePipe(pipes.row(pipe).pointee)
            pipes.row(pipe).pointee = SplicePipe(fill: -1, drain: -1)
        }
        row.pointee.piped = 0
        row.pointee.pipe = PipeTable.none
        pipes.giveBack(pipe)
    }

    /// Closes the pipes; no leg has one.
    mutating func closePipes() {
        for pipe in 0..<pipes.capacity {
            let row = pipes.row(UInt8(pipe))
            if row.pointee.fill >= 0 { calls.closePipe(row.pointee) }
            row.pointee = SplicePipe(fill: -1, drain: -1)
        }
    }
}
