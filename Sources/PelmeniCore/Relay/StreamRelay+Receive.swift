internal import Glibc

// Reading: marks, block classes, starvation, ends.
extension StreamRelay where R: ~Copyable {
    @inline(__always)
    mutating func received(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        if !completion.more { row.pointee.flags.remove(.receiving) }
        let result = completion.result
        guard result > 0, row.pointee.flags.isDisjoint(with: [.closing, .resetting, .framed]) else {
            if result > 0, row.pointee.flags.isDisjoint(with: [.closing, .resetting]) {
                return framedReceived(leg, completion)
            }
            if !completion.block.isNone { pool.release(completion.block) }
            return receivedNothing(leg, completion)
        }
        row.pointee.flags.remove(.unread)
        let peer = row.pointee.peer
        let slice = Slice(
            block: completion.block, offset: 0, length: UInt32(truncatingIfNeeded: result))
        book(received: Int(result), on: leg)
        vote(leg, bytes: result, in: pool.blockClass(of: completion.block))
        guard enqueue(peer, slice) else {
            pool.release(completion.block)
            return end(row.pointee.session, .pool, reset: true)
        }
        if !completion.more {
            rearm(leg, expectsBytes: completion.flags.contains(.nonEmpty))
        } else if ring.mayMissEnds, !row.pointee.flags.contains(.unasked) {
            askLater(leg)
        }
    }

    /// A stream that falls silent from here on is asked once whether it is over.
    @inline(never)
    mutating func askLater(_ leg: LegID) {
        legs[leg].flags.insert(.unasked)
        wheel.hasten(legs[leg].session, to: now &+ RelayLimits.silenceCheck)
    }

    /// Counts what a stream brought.
    @inline(__always)
    mutating func book(received bytes: Int, on leg: LegID) {
        let session = sessions.row(legs[leg].session)
        session.pointee.activeAt = now
        session.pointee.hasBytes = true
        if legs[leg].flags.contains(.client) {
            bytesToUpstream &+= UInt64(truncatingIfNeeded: bytes)
        } else {
            bytesToClient &+= UInt64(truncatingIfNeeded: bytes)
        }
    }

    /// No bytes, or bytes that nobody wants any more.
    mutating func receivedNothing(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        let result = completion.result
        if row.pointee.flags.contains(.closing) { return closeIfIdle(leg) }
        if row.pointee.flags.contains(.resetting) { return resetIfDelivered(leg) }
        guard !completion.more else { return }
        switch result {
        case 0:
            streamEnded(leg)
        case -ENOBUFS:
            starve(leg)
        case -ECANCELED, -EINTR, -EAGAIN:
            let isFramed = legs[leg].flags.contains(.framed)
            isFramed ? readOn(leg, expectsBytes: false) : rearm(leg, expectsBytes: false)
        default:
            if !comesLater(leg, result) { streamBroke(leg) }
        }
    }

    /// The far side sent all it will send.
    mutating func streamEnded(_ leg: LegID) {
        noteHiddenReset(leg)
        // After an error was seen on the way out, the end is what is left of the reset.
        if legs[leg].flags.contains(.broken) {
            return comesLater(leg, -ECONNRESET) ? () : streamBroke(leg)
        }
        if legs[leg].flags.contains(.framed) { return framedEnded(leg) }
        legs[leg].flags.insert(.ended)
        let session = legs[leg].session
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        settle(leg)
        let linger = pairs[Int(sessions[session].pair)].linger
        if linger != 0, sessions[session].phase == .relaying {
            wheel.hasten(session, to: now &+ linger)
        }
    }

    /// A reset that a send is told of is told once: a receive beside it ends with 0, as at an end.
    /// The send's completion may still be on its way, or say nothing: with MSG_WAITALL it carries
    /// the part that went out before (Linux 6.18), and the rest of it is under way again.
    private mutating func noteHiddenReset(_ leg: LegID) {
        guard legs[leg].flags.contains(.sending), ring.isGone(legs[leg].socket)
        else { return }
        legs[leg].flags.insert(.broken)
    }

    /// Forwards an end once everything before it went out; closes when both directions are done.
    mutating func settle(_ leg: LegID) {
        let peer = legs[leg].peer
        guard legs[leg].flags.contains(.ended), isDrained(peer),
            !legs[peer].flags.contains(.endSent)
        else { return }
        let session = legs[leg].session
        guard sessions[session].phase == .relaying else { return }
        // A stream of messages has no leg at its other end that an end could go to.
        guard peer != leg else { return endOnceDelivered(session, leg) }
        legs[peer].flags.insert(.endSent)
        if legs[peer].flags.contains(.ended), isDrained(leg) {
            // Both ends came: closing sends whatever end is still to be sent.
            return end(session, .completed, reset: false)
        }
        _ = ring.shutdownWrite(legs[peer].socket)
    }

    /// Whether all that is to go out on a leg was handed over.
    @inline(__always)
    func isDrained(_ leg: LegID) -> Bool {
        legs[leg].queue.isEmpty && legs[leg].piped == 0
    }

    // MARK: Arming

    /// Reads on, unless the peer's queue is over its mark, or others wait for a turn.
    @inline(__always)
    mutating func rearm(_ leg: LegID, expectsBytes: Bool) {
        let row = legs.row(leg)
        guard
            row.pointee.flags.isDisjoint(with: [.receiving, .ended, .closing, .resetting, .starved])
        else { return }
        guard isBelowMark(leg) else { return pause(leg) }
        if row.pointee.blockClass == .bulk, rearmSpliced(leg) { return }
        if isCrowded, isHeavy(leg) {
            row.pointee.flags.remove(.paused)
            return queueStarved(leg, expectsBytes: expectsBytes)
        }
        arm(leg, expectsBytes: expectsBytes)
    }

    @inline(__always)
    private func isBelowMark(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let queued = legs[row.pointee.peer].queue.bytes
        return queued == 0 || queued <= resumeMark(row.pointee.blockClass)
            || row.pointee.peer == leg
    }

    @inline(__always)
    mutating func pause(_ leg: LegID) {
        legs[leg].flags.insert(.paused)
        wheel.hasten(legs[leg].session, to: now &+ RelayLimits.brokenCheck)
    }

    /// The queue at which reading starts again. A ring that reads once each time may go up to the
    /// high mark; a multishot one would otherwise be armed for a few bytes at a time.
    @inline(__always)
    func resumeMark(_ blockClass: BlockClass) -> Int {
        let high = highMark(blockClass)
        guard ring.isMultishot else { return high &- 1 }
        let low = blockClass == .small ? RelayLimits.smallLow : RelayLimits.bulkLow
        return min(low, high / 2)
    }

    @inline(__always)
    func highMark(_ blockClass: BlockClass) -> Int {
        let free = (pool.freeBlocks(blockClass) &* blockClass.bytes) >> poolShareShift
        let high = blockClass == .small ? RelayLimits.smallHigh : RelayLimits.bulkHigh
        return min(high, max(blockClass.bytes, free))
    }

    @inline(__always)
    mutating func arm(_ leg: LegID, expectsBytes: Bool) {
        let row = legs.row(leg)
        assert(
            row.pointee.flags.isDisjoint(with: [.receiving, .closing, .starved]),
            "a leg has one receive in flight")
        row.pointee.flags.remove(.paused)
        row.pointee.flags.insert(.receiving)
        let blockClass = row.pointee.blockClass
        let queued = legs[row.pointee.peer].queue.bytes
        var limit = max(blockClass.bytes, highMark(blockClass) &- queued)
        // While others wait for a block, one is a turn.
        let isTurn = isCrowded && isHeavy(leg)
        if isTurn || row.pointee.flags.contains(.unix) { limit = blockClass.bytes }
        ring.receive(
            row.pointee.socket, blockClass: blockClass, limit: limit,
            expectsBytes: expectsBytes, token: token(leg, .receive))
    }

    /// Which class the leg should have: it takes several receives in a row that say the same. Only
    /// a block of the leg's own class has a say: after a change the receive in flight still brings
    /// the other one.
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
        guard row.pointee.classVotes >= RelayLimits.classVotes else { return }
        if blockClass == .bulk {
            row.pointee.blockClass = .small
        } else if isBulkPlentiful {
            row.pointee.blockClass = .bulk
        } else {
            // It goes on asking, and is known to bring much.
            row.pointee.classVotes = RelayLimits.classVotes
            return
        }
        row.pointee.classVotes = 0
    }

    @inline(__always)
    var isBulkPlentiful: Bool {
        pool.freeBlocks(.bulk) &* RelayLimits.bulkFreeShare >= pool.totalBlocks(.bulk)
    }

    // MARK: Starvation

    /// There was no block: the leg waits for one, behind those that came before.
    mutating func starve(_ leg: LegID) {
        counters.add(.starved)
        let row = legs.row(leg)
        if row.pointee.blockClass == .bulk, pool.freeBlocks(.bulk) == 0 {
            // Small blocks may well be there. Were only the posted ones used up, bulk goes on.
            row.pointee.blockClass = .small
            row.pointee.classVotes = 1
        }
        queueStarved(leg, expectsBytes: true)
    }

    /// Legs that bring little wait apart from those that bring much, and are fed first: behind a
    /// thousand fast ones a small message was up to 450 ms late.
    mutating func queueStarved(_ leg: LegID, expectsBytes: Bool) {
        assert(
            legs[leg].flags.isDisjoint(with: [.starved, .undialled, .closing]),
            "a leg stands in one list")
        legs[leg].flags.insert(.starved)
        if expectsBytes { legs[leg].flags.insert(.unread) }
        guard isHeavy(leg) else { return starvedLight.append(leg, legs) }
        if legs[leg].flags.contains(.spliced) {
            starvedSpliced.append(leg, legs)
        } else {
            starvedHeavy.append(leg, legs)
        }
        if starvedHeavy.count &+ starvedSpliced.count >= RelayLimits.crowd {
            crowdedUntil = now &+ RelayLimits.crowdedTime
        }
    }

    /// Whether many legs found no block a moment ago. Those that bring much then take turns, behind
    /// all others.
    @inline(__always)
    var isCrowded: Bool { now < crowdedUntil }

    /// Whether the last receive filled a small block, so that more is to be expected.
    @inline(__always)
    private func isHeavy(_ leg: LegID) -> Bool {
        legs[leg].blockClass == .bulk || legs[leg].classVotes != 0
    }

    @inline(__always)
    var isStarving: Bool { needsBlocks || !starvedSpliced.isEmpty }

    @inline(__always)
    private var needsBlocks: Bool { !starvedLight.isEmpty || !starvedHeavy.isEmpty }

    /// Arms as many starved legs as there are blocks: at once would fail again, a timer would be
    /// late.
    mutating func feedStarved() {
        let isExhausted = ring.available(.small) == 0
        var small = ring.reachable(.small)
        feedsAgain = false
        while spliceBytesLeft > 0, !starvedSpliced.isEmpty {
            feedSpliced(starvedSpliced.popFirst(legs))
        }
        while small > 0, !starvedLight.isEmpty {
            feed(starvedLight.popFirst(legs))
            small &-= 1
        }
        // In a crowd a quarter is left to those that come with little and are not starved yet.
        feedHeavy(small: isCrowded ? small &- small / 4 : small)
        guard needsBlocks, isExhausted, now &- exhaustionCheckedAt >= RelayLimits.exhaustionCheck
        else { return }
        exhaustionCheckedAt = now
        relieveExhaustion()
    }

    /// In a crowd heavy legs take turns, one block each, and no more in one loop than small
    /// messages can wait for.
    private mutating func feedHeavy(small: Int) {
        var small = small
        var bulk = ring.reachable(.bulk)
        var bytes = isCrowded ? RelayLimits.crowdedTurn : .max
        while bytes > 0, !starvedHeavy.isEmpty {
            let row = legs.row(starvedHeavy.first)
            if row.pointee.blockClass == .bulk, bulk == 0 {
                guard pool.freeBlocks(.bulk) == 0 else { break }
                row.pointee.blockClass = .small
                row.pointee.classVotes = 1
            }
            if row.pointee.blockClass == .bulk {
                bulk &-= 1
            } else {
                guard small > 0 else { break }
                small &-= 1
            }
            bytes &-= row.pointee.blockClass.bytes
            feed(starvedHeavy.popFirst(legs))
        }
    }

    private mutating func feedSpliced(_ leg: LegID) {
        legs[leg].flags.remove(.starved)
        feedsAgain = true
        splice(leg, isTold: true)
    }

    private mutating func feed(_ leg: LegID) {
        legs[leg].flags.remove(.starved)
        feedsAgain = true
        guard isBelowMark(leg) else { return pause(leg) }
        arm(leg, expectsBytes: legs[leg].flags.contains(.unread))
    }

    /// Closes the session that holds blocks and has gone longest without giving them back: a reader
    /// that takes a byte at a time holds them as one that takes none.
    @inline(never)
    mutating func relieveExhaustion() {
        var victim = LegID.none
        var oldest = now &- RelayLimits.exhaustionPatience
        for leg in usedLegs
        where legs[leg].flags.contains(.inUse) && !legs[leg].queue.isEmpty {
            guard !legs[leg].flags.contains(.closing), legs[leg].drainedUntil < oldest
            else { continue }
            oldest = legs[leg].drainedUntil
            victim = leg
        }
        if !victim.isNone { endForItsBlocks(legs[victim].session) }
    }

    mutating func endForItsBlocks(_ session: SessionID) {
        events.report(
            RelayEvent(kind: .poolExhausted, pair: sessions[session].pair, cause: .pool))
        end(session, .pool, reset: true)
    }

    /// Takes a leg out of the starved queue, wherever it stands.
    mutating func takeOutStarved(_ leg: LegID) {
        guard
            starvedLight.remove(leg, legs) || starvedHeavy.remove(leg, legs)
                || starvedSpliced.remove(leg, legs) || starvedDatagrams.remove(leg, legs)
        else { return }
        legs[leg].flags.remove(.starved)
    }
}
