internal import Glibc

// Long streams between two TCP sockets: their bytes go through a pipe of the kernel's, and are
// copied into no block.
//
// A leg that has earned bulk blocks is spliced from its next receive on. It then waits for bytes,
// splices, and waits again; while its peer takes no more, the peer has the pipe and waits for room.
// A leg that brings little goes back to blocks, and so do all once many of them compete: blocks are
// what turns are counted in.
extension Legs where R: ~Copyable {
    /// Arms a leg that brings much by waiting for its bytes. False when it is to receive into
    /// blocks.
    @inline(never)
    mutating func rearmSpliced(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        guard canSplice(leg) else { return false }
        let peer = legs.row(row.pointee.peer)
        guard peer.pointee.queue.isEmpty, peer.pointee.writing != .sending else {
            // What is in blocks goes first.
            pause(leg)
            return true
        }
        row.pointee.inbound = .spliced
        row.pointee.classVotes = 0
        awaitReadable(leg)
        return true
    }

    private func canSplice(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let session = sessions.row(row.pointee.session)
        let peer = row.pointee.peer
        guard pipes.isAvailable(now), !reads.isContended(now), !peer.isNone,
            session.pointee.kind == .streams, session.pointee.phase == .relaying
        else { return false }
        // A Unix socket's bytes do not lie in pages that could change hands.
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
        // Others have their turn first.
        guard pipes.budget > 0 else { return starve(leg, expectsBytes: true) }
        splice(leg, isTold: true)
    }

    mutating func becameWritable(_ leg: LegID) {
        let row = legs.row(leg)
        row.pointee.move(writing: .idle)
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        // The leg that the bytes came from is gone, or has no more of them.
        if row.pointee.phase == .resetting
            || legs[row.pointee.peer].hasEnded
        {
            return emptyPipe(leg)
        }
        splice(row.pointee.peer, isTold: false)
    }

    // MARK: Moving

    /// Moves what a leg brings to its peer, and waits for what comes next on either side.
    ///
    /// - Parameter isTold: the ring said that there is something.
    mutating func splice(_ leg: LegID, isTold: Bool) {
        let row = legs.row(leg)
        let peer = row.pointee.peer
        let out = legs.row(peer)
        if row.pointee.reading == .paused { row.pointee.move(reading: .idle) }
        row.pointee.flags.remove(.unread)
        guard ensurePipe(peer) else { return stopSplicing(leg) }
        let result = ring.splice(
            from: row.pointee.socket, slot: leg.rawValue, to: out.pointee.socket,
            pipe: pipes.row(out.pointee.pipe).pointee, inside: Int(out.pointee.piped),
            most: pipes.quantum)
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
        }
        guard result.sendError == 0 || result.sendError == -EAGAIN else {
            return spliceFailed(leg, result)
        }
        if out.pointee.piped == 0 { releasePipe(peer) } else { awaitWritable(peer) }
        goOn(leg, result, isTold: isTold)
    }

    /// What is next for the leg that bytes were received on.
    private mutating func goOn(_ leg: LegID, _ result: SpliceResult, isTold: Bool) {
        let row = legs.row(leg)
        guard !handleEnd(leg, result) else { return }
        guard legs[row.pointee.peer].piped == 0 else { return pause(leg) }
        if result.needsReceive || (isTold && result.received == 0) {
            // What is next is not for a pipe; or nothing is, and a receive finds out without going
            // in circles.
            row.pointee.inbound = .linked
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

    /// Forwards the end, or the reset, that a splice found. Whether it did.
    private mutating func handleEnd(_ leg: LegID, _ result: SpliceResult) -> Bool {
        guard result.isEnded else {
            guard result.receiveError != 0, result.receiveError != -EAGAIN else { return false }
            streamBroke(leg)
            return true
        }
        streamEnded(leg)
        return true
    }

    /// From here on the leg receives into blocks, unless it earns a pipe again.
    private mutating func stopSplicing(_ leg: LegID, expectsBytes: Bool = true) {
        legs[leg].inbound = .linked
        rearm(leg, expectsBytes: expectsBytes)
    }

    /// A filter of system calls, or a kernel that cannot: found out before any byte is in a pipe.
    private func isSpliceRefused(_ result: SpliceResult) -> Bool {
        guard result.received == 0, result.sent == 0, result.sendError == 0 else { return false }
        return switch -result.receiveError {
        case EINVAL, ENOSYS, EPERM, EACCES: true
        default: false
        }
    }

    /// The peer takes nothing any more: what is in the pipe has no reader.
    private mutating func spliceFailed(_ leg: LegID, _ result: SpliceResult) {
        let row = legs.row(leg)
        let generation = row.pointee.generation
        releasePipe(row.pointee.peer)
        row.pointee.inbound = .linked
        _ = sendFailed(row.pointee.peer, result.sendError)
        guard row.pointee.generation == generation, row.pointee.phase == .open,
            row.pointee.reading != .receiving
        else { return }
        guard !handleEnd(leg, result) else { return }
        rearm(leg, expectsBytes: true)
    }

    /// Sends what is left in a pipe that is filled no more.
    private mutating func emptyPipe(_ leg: LegID) {
        let row = legs.row(leg)
        let result = ring.splice(
            from: -1, slot: leg.rawValue, to: row.pointee.socket,
            pipe: pipes.row(row.pointee.pipe).pointee, inside: Int(row.pointee.piped), most: 0)
        notePassed(result, on: leg)
        guard result.sendError == 0 || result.sendError == -EAGAIN else {
            releasePipe(leg)
            _ = sendFailed(leg, result.sendError)
            return
        }
        guard row.pointee.piped == 0 else { return awaitWritable(leg) }
        releasePipe(leg)
        if row.pointee.phase == .resetting { return resetIfDelivered(leg) }
        forwardEndIfDrained(row.pointee.peer)
    }

    private mutating func notePassed(_ result: SpliceResult, on leg: LegID) {
        let row = legs.row(leg)
        // A byte went out, or is the first one to wait.
        if result.sent > 0 || (row.pointee.piped == 0 && result.received > 0) {
            row.pointee.progress.at = now
            sessions[row.pointee.session].activeAt = now
        }
        row.pointee.piped = UInt32(Int(row.pointee.piped) &+ result.received &- result.sent)
    }

    // MARK: Pipes

    /// Sees to it that a leg has a pipe. False when there is none.
    private mutating func ensurePipe(_ leg: LegID) -> Bool {
        guard legs[leg].pipe == PipeTable.none else { return true }
        let pipe = pipes.take()
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

    /// Takes a leg's pipe from it. One that is not empty is closed: nobody else may find those
    /// bytes.
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

    /// Closes the pipes, once no leg has one.
    mutating func closePipes() {
        for pipe in 0..<pipes.capacity {
            let row = pipes.row(UInt8(pipe))
            if row.pointee.fill >= 0 { calls.closePipe(row.pointee) }
            row.pointee = SplicePipe(fill: -1, drain: -1)
        }
    }
}
