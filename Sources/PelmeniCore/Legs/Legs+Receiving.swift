internal import Glibc

// Reading: watermarks, block classes, starvation, ends.
extension Legs where R: ~Copyable {
    /// Queues a linked stream's bytes for its peer. False for any other completion of a receive,
    /// see ``receivedUnlinked(_:_:)``.
    @inline(__always)
    mutating func received(_ leg: LegID, _ completion: Completion) -> Bool {
        let row = legs.row(leg)
        if !completion.more { row.pointee.move(reading: .idle) }
        let result = completion.result
        guard result > 0, row.pointee.phase == .open, row.pointee.inbound == .linked
        else { return false }
        row.pointee.flags.remove(.unread)
        let peer = row.pointee.peer
        let slice = Slice(
            block: completion.block, offset: 0, length: UInt32(truncatingIfNeeded: result))
        countReceived(Int(result), on: leg)
        vote(leg, bytes: result, in: pool.blockClass(of: completion.block))
        guard enqueue(peer, slice) else {
            pool.release(completion.block)
            end(row.pointee.session, .pool, reset: true)
            return true
        }
        if !completion.more {
            rearm(leg, expectsBytes: completion.flags.contains(.nonEmpty))
        } else if ring.mayMissEnds, !row.pointee.flags.contains(.unasked) {
            askLater(leg)
        }
        return true
    }

    /// Once the stream falls silent, its socket is asked whether the stream has ended.
    @inline(never)
    mutating func askLater(_ leg: LegID) {
        legs[leg].flags.insert(.unasked)
        wheel.hasten(legs[leg].session, to: now &+ Limits.silenceCheck)
    }

    @inline(__always)
    mutating func countReceived(_ bytes: Int, on leg: LegID) {
        let session = sessions.row(legs[leg].session)
        session.pointee.activeAt = now
        session.pointee.marks.insert(.hasBytes)
        if legs[leg].kind.isClient {
            moved.toUpstream &+= UInt64(truncatingIfNeeded: bytes)
        } else {
            moved.toClient &+= UInt64(truncatingIfNeeded: bytes)
        }
    }

    /// Handles a receive without bytes, with unwanted bytes, or of a diverted stream.
    mutating func receivedUnlinked(_ leg: LegID, _ completion: Completion) -> Outcome {
        let row = legs.row(leg)
        let result = completion.result
        if result > 0, row.pointee.phase == .open { return .bytes }
        if !completion.block.isNone { pool.release(completion.block) }
        let isDiverted = row.pointee.inbound.isDiverted
        switch row.pointee.phase {
        case .closing: closeIfIdle(leg)
        case .resetting: resetIfDelivered(leg)
        case _ where completion.more: break
        case _ where result == -ENOBUFS:
            if isDiverted { return .starved }
            lackBlock(leg)
        case _ where result == -ECANCELED || result == -EINTR || result == -EAGAIN:
            if isDiverted { return .interrupted }
            rearm(leg, expectsBytes: false)
        case _ where isDiverted:
            return result == 0 ? .ended : .broke
        case _ where result == 0: streamEnded(leg)
        default: streamBroke(leg)
        }
        return .moved
    }

    /// A Unix peer passed descriptors with its bytes or its datagram. The kernel has closed them:
    /// no receive has room for them.
    @inline(never)
    mutating func noteDescriptors(_ leg: LegID) {
        counters.add(.descriptorsDropped)
        let session = legs[leg].session
        let pair = session.isNone ? legs[leg].pair : sessions[session].pair
        events.report(WorkerEvent(kind: .descriptorsDropped, pair: pair))
    }

    // MARK: Arming

    /// Reads on, unless the peer's queue is above its watermark, or the leg waits for its quantum.
    @inline(__always)
    mutating func rearm(_ leg: LegID, expectsBytes: Bool) {
        let row = legs.row(leg)
        guard row.pointee.mayRead, row.pointee.phase == .open else { return }
        guard isBelowWatermark(leg) else { return pause(leg) }
        if row.pointee.blockClass == .bulk, rearmSpliced(leg) { return }
        if reads.mustWait(row.pointee, now) { return starve(leg, expectsBytes: expectsBytes) }
        arm(leg, expectsBytes: expectsBytes)
    }

    @inline(__always)
    func isBelowWatermark(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let queued = legs[row.pointee.peer].queue.bytes
        return queued == 0 || queued <= resumeWatermark(row.pointee.blockClass)
    }

    @inline(__always)
    mutating func pause(_ leg: LegID) {
        legs[leg].move(reading: .paused)
        wheel.hasten(legs[leg].session, to: now &+ Limits.brokenCheck)
    }

    /// Queued bytes at which reading resumes. A ring that reads once per receive may go up to the
    /// high watermark; a multishot ring would be armed for a few bytes at a time.
    @inline(__always)
    func resumeWatermark(_ blockClass: BlockClass) -> Int {
        let high = highWatermark(blockClass)
        guard ring.isMultishot else { return high &- 1 }
        let low = blockClass == .small ? Limits.smallLow : Limits.bulkLow
        return min(low, high / 2)
    }

    @inline(__always)
    func highWatermark(_ blockClass: BlockClass) -> Int {
        let free = (pool.freeBlocks(blockClass) &* blockClass.bytes) >> poolShareShift
        let high = blockClass == .small ? Limits.smallHigh : Limits.bulkHigh
        return min(high, max(blockClass.bytes, free))
    }

    @inline(__always)
    mutating func arm(_ leg: LegID, expectsBytes: Bool) {
        let row = legs.row(leg)
        assert(row.pointee.phase != .closing, "a leg that closes is not read")
        row.pointee.move(reading: .receiving)
        let blockClass = row.pointee.blockClass
        let queued = legs[row.pointee.peer].queue.bytes
        var limit = max(blockClass.bytes, highWatermark(blockClass) &- queued)
        // While other legs wait for a block, the quantum is one block.
        let isTurn = reads.mustWait(row.pointee, now)
        if isTurn || row.pointee.kind.isUnix { limit = blockClass.bytes }
        if row.pointee.flags.contains(.readsBlock) {
            row.pointee.flags.remove(.readsBlock)
            if row.pointee.inbound == .driven { limit = blockClass.bytes }
        }
        ring.receive(
            row.pointee.socket, blockClass: blockClass, limit: limit,
            isUnix: row.pointee.kind.isUnix, expectsBytes: expectsBytes,
            token: token(leg, .receive))
    }

    /// Changes the leg's class after several receives in a row of the other class's size. Only a
    /// block of the present class votes: after a change the receive in flight has the old class.
    @inline(__always)
    mutating func vote(_ leg: LegID, bytes: Int32, in blockClass: BlockClass) {
        let row = legs.row(leg)
        guard blockClass == row.pointee.blockClass else { return }
        let isFull = bytes >= Int32(BlockClass.small.bytes)
        if blockClass == .small {
            guard isFull else {
                row.pointee.classVotes = 0
                return
            }
        } else if isFull, isBulkPlentiful {
            row.pointee.classVotes = 0
            return
        }
        row.pointee.classVotes &+= 1
        guard row.pointee.classVotes >= Limits.classVotes else { return }
        if blockClass == .bulk {
            row.pointee.blockClass = .small
        } else if isBulkPlentiful {
            row.pointee.blockClass = .bulk
        } else {
            // Keep the vote at its maximum: the leg is bulk, but bulk blocks are scarce.
            row.pointee.classVotes = Limits.classVotes
            return
        }
        row.pointee.classVotes = 0
    }

    @inline(__always)
    var isBulkPlentiful: Bool {
        pool.freeBlocks(.bulk) &* Limits.bulkFreeShare >= pool.totalBlocks(.bulk)
    }

    // MARK: Starvation

    /// No block was free: the leg waits for one, behind earlier legs.
    mutating func lackBlock(_ leg: LegID) {
        counters.add(.starved)
        let row = legs.row(leg)
        // If only the posted bulk blocks are used up, the leg stays bulk.
        if row.pointee.blockClass == .bulk, pool.freeBlocks(.bulk) == 0 {
            row.pointee.fallToSmall()
        }
        starve(leg, expectsBytes: true)
    }

    mutating func starve(_ leg: LegID, expectsBytes: Bool) {
        if expectsBytes { legs[leg].flags.insert(.unread) }
        reads.append(leg, legs, now)
    }

    /// Arms as many starved legs as there are blocks: arming at once would fail again, a timer
    /// would be late. True if a session has to give up its blocks: none has been free for too long.
    mutating func feedStarved() -> Bool {
        let isExhausted = ring.available(.small) == 0
        var small = ring.reachable(.small)
        while pipes.budget > 0 {
            let leg = reads.nextSpliced(legs)
            guard !leg.isNone else { break }
            splice(leg, isTold: true)
        }
        while small > 0 {
            let leg = reads.nextInteractive(legs)
            guard !leg.isNone else { break }
            feed(leg)
            small &-= 1
        }
        var quantum = reads.quantum(small: small, bulk: ring.reachable(.bulk), now)
        while true {
            let isBulkGone = pool.freeBlocks(.bulk) == 0
            let leg = reads.nextBulk(&quantum, legs, isBulkGone: isBulkGone)
            guard !leg.isNone else { break }
            feed(leg)
        }
        return isExhausted && reads.checksExhaustion(now)
    }

    private mutating func feed(_ leg: LegID) {
        guard isBelowWatermark(leg) else { return pause(leg) }
        arm(leg, expectsBytes: legs[leg].flags.contains(.unread))
    }

    /// The session with queued blocks that has gone longest without releasing one: a reader of a
    /// byte at a time counts as one of none. None, if no queue is older than `oldest`; else
    /// `oldest` becomes that queue's time.
    func oldestHolder(_ oldest: inout UInt64) -> SessionID {
        var victim = LegID.none
        for leg in legSlab.used
        where legs[leg].isInUse && !legs[leg].queue.isEmpty {
            guard legs[leg].phase != .closing, legs[leg].progress.drainedUntil < oldest
            else { continue }
            oldest = legs[leg].progress.drainedUntil
            victim = leg
        }
        return victim.isNone ? .none : legs[victim].session
    }

    mutating func endForItsBlocks(_ session: SessionID) {
        events.report(
            WorkerEvent(kind: .poolExhausted, pair: sessions[session].pair, cause: .pool))
        end(session, .pool, reset: true)
    }
}
