internal import CPelmeni
internal import Glibc

// What comes on the legs of a pair's driver: bytes, ends, errors and room.
extension Relay where R: ~Copyable {
    /// Takes an accepted client into its session. The driver dials.
    mutating func openPair(_ session: SessionID) {
        guard openHooks(session) != nil, let place = pairPlace(session) else { return }
        place.row(session).pointee = PairDriverRow()
        legs.links.clearGiven(session)
        describePair(session, place)
        let isMade = pairDrivers.open(place, session)
        hooks.call.pointee.end()
        guard isMade else {
            reportFailed(session)
            return end(session, .protocolError, reset: true)
        }
        place.row(session).pointee.isMade = true
        guard legs.attachAccepted(session) else { return heedNotices() }
        let client = sessions[session].client
        sessions[session].move(to: .relaying)
        legs[client].peer = .absent
        legs[client].inbound = .driven
        legs.arm(client, expectsBytes: true)
        legs.watch(session)
        if legs.isDraining { place.row(session).pointee.events.insert(.draining) }
        wakePair(session, .client, for: .opened)
    }

    /// An upstream accepted, or none did; or a link is done, or a side takes no more.
    mutating func pairNoticed(_ session: SessionID) {
        guard let place = pairPlace(session), sessions[session].phase == .relaying else { return }
        let row = place.row(session)
        let upstream = sessions[session].upstream
        if row.pointee.endsWith != nil {
            // The driver ended while it dialled.
            legs.closeUpstream(session, reset: false)
        } else if row.pointee.events.contains(.dialling) {
            row.pointee.events.remove(.dialling)
            if upstream.isNone { noUpstream(session, row) } else { adopt(upstream, session, row) }
        }
        notice(session, .client, place)
        if isOpen(session) { notice(session, .upstream, place) }
        if isOpen(session) { wakePair(session) }
    }

    private mutating func noUpstream(
        _ session: SessionID, _ row: UnsafeMutablePointer<PairDriverRow>
    ) {
        dropUnsent(session)
        let hasCause = sessions[session].hasCause
        row.pointee.unreachableCause = hasCause ? sessions[session].cause : .noUpstream
        sessions[session].hasCause = false
        row.pointee.events.insert(.unreachable)
    }

    /// The session has an upstream from now on.
    mutating func adopt(
        _ upstream: LegID, _ session: SessionID, _ row: UnsafeMutablePointer<PairDriverRow>
    ) {
        let client = sessions[session].client
        legs[client].peer = upstream
        legs[upstream].peer = client
        legs[upstream].inbound = .driven
        // A connection gets its keepalive with the next timer.
        if !row.pointee.isReused { sessions[session].marks.remove(.lateOptions) }
        row.pointee.upstream = PairDriverRow.Side()
        row.pointee.upstream.events.insert(.opened)
        noteUpstream(session)
        if legs[upstream].mayRead { legs.arm(upstream, expectsBytes: false) }
        if hasLater(session) { sendSurplus(towards: upstream) }
    }

    /// A splice has given the last byte of a link, or found that a side takes no more.
    private mutating func notice(
        _ session: SessionID, _ side: PairSide, _ place: PairDriverPlace
    ) {
        let leg = leg(session, side)
        guard !leg.isNone else { return }
        if legs[leg].flags.contains(.broken) { sendBroke(session, side) }
        guard isOpen(session) else { return }
        let row = place.side(session, side)
        guard row.pointee.isLinked, !legs.isCounted(leg), legs[leg].inbound == .driven
        else { return }
        row.pointee.isLinked = false
        row.pointee.events.insert(.linked)
    }

    // MARK: Bytes

    /// Bytes of a leg of a driver's pair.
    mutating func pairReceived(_ leg: LegID, _ completion: Completion) {
        guard !legs.isParked(leg) else {
            // Nothing was asked.
            pool.release(completion.block)
            return legs.closeParked(leg)
        }
        let session = legs[leg].session
        let count = Int(completion.result)
        legs[leg].flags.remove(.unread)
        guard let place = pairPlace(session), legs[leg].inbound != .discarded else {
            pool.release(completion.block)
            return pairBytesLate(session, leg, completion.more)
        }
        let side = pairSide(of: leg)
        let row = place.side(session, side)
        legs.countReceived(count, on: leg)
        legs.vote(leg, bytes: completion.result, in: pool.blockClass(of: completion.block))
        var offset = 0
        if legs[leg].inbound == .counted {
            guard let passed = passCounted(leg, completion.block, count) else {
                return pool.release(completion.block)
            }
            offset = passed
            if !legs.isCounted(leg) {
                row.pointee.isLinked = false
                row.pointee.events.insert(.linked)
                wakePair(session)
            }
        }
        if offset < count {
            row.pointee.isFresh = true
            addRest(row, completion.block, offset: offset, count: count &- offset)
        } else {
            pool.release(completion.block)
        }
        row.pointee.expectsBytes = completion.flags.contains(.nonEmpty)
        if completion.more {
            if legs.ring.mayMissEnds, !legs[leg].flags.contains(.unasked) { legs.askLater(leg) }
        } else if legs.isCounted(leg) {
            readOnCounted(leg, expectsBytes: row.pointee.expectsBytes)
        }
        if offset < count { wakePair(session) }
    }

    /// Puts received bytes behind those of a side that were not taken. Takes over the lease.
    @inline(__always)
    private mutating func addRest(
        _ side: UnsafeMutablePointer<PairDriverRow.Side>, _ block: BlockID, offset: Int, count: Int
    ) {
        if let rest = pairDrivers.rests.bytes(side) {
            return addRest(&rest.pointee, block, offset: offset, count: count)
        }
        var rest = BufferRow()
        addRest(&rest, block, offset: offset, count: count)
        pairDrivers.rests.put(rest, side)
    }

    /// Gives received bytes of a counted leg to its peer. How many; nil when the session ended.
    private mutating func passCounted(_ leg: LegID, _ block: BlockID, _ count: Int) -> Int? {
        let session = legs[leg].session
        let peer = legs[leg].peer
        guard hasLater(session), hasSurplus(towards: peer) else {
            return legs.passCounted(leg, block, count)
        }
        // Behind bytes that wait for a block.
        let passed = Int(min(UInt64(truncatingIfNeeded: count), legs.links.left(leg)))
        pool.lease(block)
        let row = BufferRow(pool, block, offset: 0, count: passed, headroom: 0, tailroom: 0)
        sendChunk(row, on: peer, session)
        guard isOpen(session) else { return nil }
        legs.noteCounted(leg, passed)
        return passed
    }

    /// Reads a counted leg on, unless bytes for its peer wait for a block.
    private mutating func readOnCounted(_ leg: LegID, expectsBytes: Bool) {
        let session = legs[leg].session
        guard hasLater(session), hasSurplus(towards: legs[leg].peer) else {
            return legs.rearm(leg, expectsBytes: expectsBytes)
        }
        if legs[leg].reading == .idle { legs.pause(leg) }
    }

    /// Reads a side on, unless its bytes wait.
    mutating func readOnPair(_ session: SessionID, _ side: PairSide, _ place: PairDriverPlace) {
        let leg = leg(session, side)
        guard !leg.isNone, legs[leg].phase == .open, !legs[leg].hasEnded else { return }
        let row = place.side(session, side)
        let isEnding = !row.pointee.events.isDisjoint(with: [.ended, .broken])
        if row.pointee.isLinked, !isEnding {
            return readOnCounted(leg, expectsBytes: row.pointee.expectsBytes)
        }
        // Behind its end a stream waits for room as one that is paused.
        let isFull = pairDrivers.rests.count(row) >= place.restMax || isEnding
        guard isFull || !mayOffer(session, side, place) else {
            if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
            return legs.rearm(leg, expectsBytes: row.pointee.expectsBytes)
        }
        // Room for the other side's bytes resumes this leg; room for its own has to be told.
        if !legs.isDrained(leg) { legs[leg].flags.insert(.tellsDrained) }
        // An armed receive would go on to its limit. While nothing comes it stays: it tells of a
        // reset, and the next exchange needs it.
        if row.pointee.rest != RestTable.none { legs.cancelReceive(leg) }
        if legs[leg].reading == .idle { legs.pause(leg) }
    }

    // MARK: Outcomes

    /// An outcome of a leg of a pair's driver, parked ones too.
    mutating func resolvePair(_ outcome: Outcome, _ leg: LegID) {
        guard !legs.isParked(leg) else { return legs.closeParked(leg) }
        let session = legs[leg].session
        let side = pairSide(of: leg)
        guard let place = pairPlace(session), isOpen(session) else { return }
        let isOver = place.row(session).pointee.endsWith != nil
        switch outcome {
        case .handled, .moved, .bytes: break
        case .ended where isOver, .broke where isOver:
            let isBroken = outcome == .broke || legs.findHiddenReset(leg)
            pairLateEnd(session, leg, isBroken: isBroken)
        case .sendBroke where isOver: pairLateEnd(session, leg, isBroken: true)
        case .ended where legs.findHiddenReset(leg): pairReadBroke(session, side)
        case .ended: wakePair(session, side, for: .ended)
        case .broke: pairReadBroke(session, side)
        case .sendBroke: sendBroke(session, side)
        case .starved: legs.lackBlock(leg)
        case .interrupted where legs[leg].inbound == .discarded: dropOn(leg)
        case .interrupted where legs.isCounted(leg): readOnCounted(leg, expectsBytes: false)
        case .interrupted: wakePair(session)
        case .drained: pairDrained(session, leg, place)
        case .resumed: pairResumed(legs[leg].peer)
        }
    }

    private mutating func pairReadBroke(_ session: SessionID, _ side: PairSide) {
        guard side == .upstream else { return end(session, .clientReset, reset: true) }
        wakePair(session, .upstream, for: .broken)
    }

    /// A side takes no more. A client's session ends; what an upstream sent before is read first.
    private mutating func sendBroke(_ session: SessionID, _ side: PairSide) {
        guard side == .upstream else { return end(session, .clientReset, reset: true) }
        let leg = sessions[session].upstream
        legs[leg].flags.insert(.broken)
        // Its end is known already: then nothing would tell.
        if legs[leg].hasEnded { wakePair(session, .upstream, for: .broken) }
        let client = sessions[session].client
        if legs[client].reading == .paused { pairResumed(client) }
    }

    /// The leg, which was paused, has room for its bytes at its peer again.
    mutating func pairResumed(_ leg: LegID) {
        guard legs[leg].reading == .paused else { return }
        legs[leg].move(reading: .idle)
        if legs.isCounted(leg) {
            readOnCounted(leg, expectsBytes: true)
        } else {
            wakePair(legs[leg].session)
        }
    }

    /// A pipe's last bytes may be the last ones for a side.
    mutating func pairPipeEmptied(_ session: SessionID, _ leg: LegID) {
        guard isOpen(session), let place = pairPlace(session), legs[leg].phase == .open,
            legs.isDrained(leg)
        else { return }
        pairDrained(session, leg, place)
    }

    /// All bytes queued on a leg are sent.
    mutating func pairDrained(_ session: SessionID, _ leg: LegID, _ place: PairDriverPlace) {
        legs[leg].flags.remove(.tellsDrained)
        if legs[leg].flags.contains(.shutsBehindQueue) { shutPair(leg) }
        let side = place.side(session, pairSide(of: leg))
        if side.pointee.awaitsDrained, !hasSurplus(towards: leg) {
            side.pointee.awaitsDrained = false
            side.pointee.events.insert(.drained)
        }
        wakePair(session)
        let peer = legs[leg].peer
        if peer != .absent { pairResumed(peer) }
    }
}
