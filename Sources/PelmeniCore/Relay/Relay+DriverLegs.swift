internal import CPelmeni
internal import Glibc

// A driver's own stream: its bytes wait for the driver, and its ends for the bytes before them.
extension Relay where R: ~Copyable {
    /// Makes a new session's state. False when the driver refuses, and the session ended.
    mutating func openDriver(_ session: SessionID) -> Bool {
        guard let place = drivers.place(sessions[session].pair) else { return true }
        let row = place.row(session)
        row.pointee = DriverRow()
        describeDriver(session)
        let isMade = drivers.open(place, session)
        hooks.call.pointee.end()
        guard isMade else {
            reportFailed(session)
            end(session, .protocolError, reset: true)
            return false
        }
        row.pointee.isMade = true
        return true
    }

    /// Both sides are linked.
    mutating func linkDriver(_ session: SessionID) {
        let side = drivenSide(session)
        guard side != .none else { return }
        wake(session, for: .opened)
    }

    /// A session's last leg is closed: its driver is told, and what waited for it is freed.
    mutating func closeDriver(_ session: SessionID) {
        guard let place = drivers.place(sessions[session].pair) else { return }
        let row = place.row(session)
        if row.pointee.isQueued {
            row.pointee.isQueued = false
            drivers.remove(session)
        }
        row.pointee.rest.releaseOnWorker()
        while var item = row.pointee.items.popFirst() {
            if item.isMessage { drop(item.isToClient ? .surplus : .noUpstream) }
            item.row.releaseOnWorker()
        }
        guard row.pointee.isMade else { return }
        row.pointee.isMade = false
        // A driver's command may be what ends the session: the commands behind it stay as they are.
        let count = drivers.call.pointee.count
        describeDriver(session)
        drivers.close(place, session, sessions[session].cause)
        hooks.call.pointee.end()
        drivers.call.pointee.count = count
    }

    // MARK: Receiving

    /// Bytes of a driver's own stream.
    mutating func drivenReceived(_ leg: LegID, _ completion: Completion) {
        let session = legs[leg].session
        legs[leg].flags.remove(.unread)
        guard legs[leg].inbound == .driven, let row = driverRow(session) else {
            pool.release(completion.block)
            if legs[leg].inbound == .discarded, !completion.more { dropOn(leg) }
            return
        }
        legs.countReceived(Int(completion.result), on: leg)
        legs.vote(leg, bytes: completion.result, in: pool.blockClass(of: completion.block))
        addRest(row, completion.block, Int(completion.result))
        row.pointee.isFresh = true
        row.pointee.expectsBytes = completion.flags.contains(.nonEmpty)
        if completion.more, legs.ring.mayMissEnds, !legs[leg].flags.contains(.unasked) {
            legs.askLater(leg)
        }
        wake(session)
    }

    /// Puts received bytes behind those not taken, which then lie in one piece.
    private func addRest(
        _ row: UnsafeMutablePointer<DriverRow>, _ block: BlockID, _ count: Int
    ) {
        guard row.pointee.rest.count > 0 else {
            row.pointee.rest.releaseOnWorker()
            row.pointee.rest = BufferRow(
                pool, block, offset: 0, count: count, headroom: 0,
                tailroom: pool.blockClass(of: block).bytes &- count)
            return
        }
        let bytes = UnsafeRawBufferPointer(start: pool.address(block), count: count)
        let isAdded =
            row.pointee.rest.moveToOwn(back: count) && row.pointee.rest.append(bytes)
        assert(isAdded, "a receive and what was left are within the bound of a buffer")
        counters.add(.copiedBytes, UInt64(truncatingIfNeeded: count))
        pool.release(block)
    }

    /// Reads a driver's own stream on, unless its bytes wait.
    mutating func readOnDriven(_ session: SessionID) {
        let leg = drivenLeg(session)
        guard !leg.isNone, !legs[leg].kind.isDatagrams, legs[leg].inbound == .driven,
            legs[leg].phase == .open, let row = driverRow(session),
            let place = drivers.place(sessions[session].pair)
        else { return }
        let isEnding = !row.pointee.events.isDisjoint(with: [.ended, .broken])
        let isFull = row.pointee.rest.count >= place.restMax || isEnding
        guard isFull || !canDeliver(session) else {
            if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
            return legs.rearm(leg, expectsBytes: row.pointee.expectsBytes)
        }
        // An armed receive would go on to its limit.
        if row.pointee.rest.count > 0 || row.pointee.isPaused { legs.cancelReceive(leg) }
        if legs[leg].reading == .idle { legs.pause(leg) }
    }

    /// The other side has room: what waits for it is offered.
    mutating func resumeDriven(_ leg: LegID) {
        legs[leg].move(reading: .idle)
        let session = legs[leg].session
        let other = otherLeg(session)
        if !other.isNone, !legs[other].kind.isDatagrams { sendSurplus(towards: other) }
        if isOpen(session) { wake(session) }
    }

    // MARK: Outcomes

    /// An outcome of a driver's own stream. False when the legs' owner of old handles it.
    mutating func resolveDriven(_ outcome: Outcome, _ leg: LegID) -> Bool {
        guard drivers.areThere else { return false }
        let session = legs[leg].session
        if outcome == .drained, drivenSide(session) != .none { return drained(leg) }
        guard isDriven(leg), legs[leg].inbound == .driven, !isFinishing(session) else {
            return false
        }
        switch outcome {
        case .handled, .moved, .bytes: break
        case .ended:
            wake(session, for: legs.findHiddenReset(leg) ? .broken : .ended)
        case .broke: wake(session, for: .broken)
        case .sendBroke where sessions[session].kind.isOfStreams:
            legs.writeBroke(leg)
            let peer = legs[leg].peer
            if legs[leg].phase == .open, legs[peer].reading == .paused { resume(peer) }
        case .sendBroke: wake(session, for: .broken)
        case .starved: legs.lackBlock(leg)
        case .interrupted: wake(session)
        case .drained: _ = drained(leg)
        case .resumed: resume(legs[leg].peer)
        }
        return true
    }

    /// All bytes queued on a leg of a driven session are sent.
    private mutating func drained(_ leg: LegID) -> Bool {
        let session = legs[leg].session
        guard sessions[session].phase == .relaying, !isFinishing(session) else { return false }
        legs[leg].flags.remove(.tellsDrained)
        if legs[leg].flags.contains(.shutsBehindQueue) { shutBehindQueue(leg) }
        guard isOpen(session) else { return true }
        if isDriven(leg), let row = driverRow(session), row.pointee.awaitsDrained {
            row.pointee.awaitsDrained = false
            wake(session, for: .drained)
        }
        if sessions[session].kind.isOfStreams {
            resumePeer(leg)
            if isOpen(session) { completeDriven(session) }
            return true
        }
        if legs[leg].hasEnded { return false }
        resumePeer(leg)
        return true
    }

    /// Shuts a stream down once its queue is sent.
    mutating func shutBehindQueue(_ leg: LegID) {
        guard legs[leg].phase == .open, legs[leg].writing != .shut else { return }
        guard legs.isDrained(leg), !hasSurplus(towards: leg) else {
            legs[leg].flags.insert(.shutsBehindQueue)
            return
        }
        legs[leg].move(writing: .shut)
        _ = legs.calls.shutdownWrite(legs[leg].socket)
    }

    /// Ends a session of two streams once nothing can cross it any more.
    mutating func completeDriven(_ session: SessionID) {
        guard sessions[session].phase == .relaying, sessions[session].kind.isOfStreams,
            let row = driverRow(session), row.pointee.events.isEmpty,
            row.pointee.items.isEmpty
        else { return }
        let (own, other) = (drivenLeg(session), otherLeg(session))
        guard legs[own].reading == .ended, legs[other].reading == .ended,
            legs[other].writing == .shut, legs.isDrained(own), !hasSurplus(towards: own)
        else { return }
        end(session, .completed, reset: false)
    }

    /// The other side's stream has ended, behind everything that arrived.
    mutating func otherEnded(_ session: SessionID) {
        if driverRow(session)?.pointee.hasOtherEnded == false { wake(session, for: .otherEnded) }
    }

    // MARK: Timers

    /// The session's timer fired: it may be the driver's.
    mutating func checkDriver(_ session: SessionID) {
        guard let row = driverRow(session) else { return }
        if sessions[session].phase == .relaying { retryOwnSurplus(session) }
        guard isOpen(session), row.pointee.timerAt != 0 else { return }
        guard now >= row.pointee.timerAt else {
            return legs.wheel.hasten(session, to: row.pointee.timerAt)
        }
        row.pointee.timerAt = 0
        wake(session, for: .timer)
    }

    /// Blocks may be free for what the driver sent on its stream. Between two streams, the stream's
    /// own check does it.
    private mutating func retryOwnSurplus(_ session: SessionID) {
        let own = drivenLeg(session)
        guard !sessions[session].kind.isOfStreams, !own.isNone, !legs[own].kind.isDatagrams,
            hasSurplus(towards: own)
        else { return }
        sendSurplus(towards: own)
        if isOpen(session), !hasSurplus(towards: own) { resumePeer(own) }
    }

    /// Whether the other side's reset has to wait for what arrived before it.
    mutating func breaksLater(_ leg: LegID) -> Bool {
        let session = legs[leg].session
        guard drivers.areThere, let row = driverRow(session), !isDriven(leg),
            !row.pointee.items.isEmpty
        else { return false }
        wake(session, for: .otherBroken)
        return true
    }

    /// Whether an end now would lose bytes: some wait for the driver.
    func hasDriven(_ session: SessionID) -> Bool {
        guard drivers.areThere, let row = driverRow(session) else { return false }
        if row.pointee.rest.count > 0 || !row.pointee.items.isEmpty { return true }
        let own = drivenLeg(session)
        return !own.isNone && !legs[own].kind.isDatagrams && hasSurplus(towards: own)
    }
}
