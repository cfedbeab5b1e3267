internal import CPelmeni
internal import Glibc

// A driver's own stream: its bytes wait for the driver, and its ends for the bytes before them.
extension Relay where R: ~Copyable {
    /// Makes the states of a new session. False when a driver refuses, and the session ended.
    mutating func openDrivers(_ session: SessionID) -> Bool {
        guard drivers.areThere else { return true }
        // Rows first: the end of one that refuses looks at both.
        row(DriverID(session, ofClient: true))?.pointee = DriverRow()
        row(DriverID(session, ofClient: false))?.pointee = DriverRow()
        return openDriver(DriverID(session, ofClient: true))
            && openDriver(DriverID(session, ofClient: false))
    }

    private mutating func openDriver(_ driver: DriverID) -> Bool {
        guard let place = place(driver) else { return true }
        describeDriver(driver)
        let isMade = drivers.open(place, driver.session)
        hooks.call.pointee.end()
        guard isMade else {
            reportFailed(driver.session)
            end(driver.session, .protocolError, reset: true)
            return false
        }
        place.row(driver.session).pointee.isMade = true
        return true
    }

    /// Both sides are linked.
    mutating func linkDrivers(_ session: SessionID) {
        guard !driven(session).isEmpty else { return }
        wake(DriverID(session, ofClient: true), for: .opened)
        wake(DriverID(session, ofClient: false), for: .opened)
    }

    /// A session's last leg is closed: its drivers are told, and what waited for them is freed.
    mutating func closeDrivers(_ session: SessionID) {
        closeDriver(DriverID(session, ofClient: true))
        closeDriver(DriverID(session, ofClient: false))
    }

    private mutating func closeDriver(_ driver: DriverID) {
        guard let place = place(driver) else { return }
        let row = place.row(driver.session)
        if row.pointee.isQueued {
            row.pointee.isQueued = false
            drivers.remove(driver)
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
        describeDriver(driver)
        drivers.close(place, driver.session, sessions[driver.session].cause)
        hooks.call.pointee.end()
        drivers.call.pointee.count = count
    }

    // MARK: Receiving

    /// Bytes of a driver's own stream.
    mutating func drivenReceived(_ leg: LegID, _ completion: Completion) {
        let driver = driver(of: leg)
        legs[leg].flags.remove(.unread)
        guard legs[leg].inbound == .driven, let row = row(driver) else {
            pool.release(completion.block)
            if legs[leg].inbound == .discarded, !completion.more { dropOn(leg) }
            return
        }
        legs.countReceived(Int(completion.result), on: leg)
        legs.vote(leg, bytes: completion.result, in: pool.blockClass(of: completion.block))
        addRest(
            &row.pointee.rest, completion.block, offset: 0, count: Int(completion.result))
        row.pointee.isFresh = true
        row.pointee.expectsBytes = completion.flags.contains(.nonEmpty)
        if completion.more, legs.ring.mayMissEnds, !legs[leg].flags.contains(.unasked) {
            legs.askLater(leg)
        }
        wake(driver)
    }

    /// Puts received bytes behind those not taken, which then lie in one piece.
    /// Takes over the lease.
    func addRest(_ rest: inout BufferRow, _ block: BlockID, offset: Int, count: Int) {
        guard rest.count > 0 else {
            rest.releaseOnWorker()
            rest = BufferRow(
                pool, block, offset: offset, count: count, headroom: 0,
                tailroom: pool.blockClass(of: block).bytes &- offset &- count)
            return
        }
        let bytes = UnsafeRawBufferPointer(start: pool.address(block) + offset, count: count)
        let isAdded = rest.moveToOwn(back: count) && rest.append(bytes)
        assert(isAdded, "a receive and what was left are within the bound of a buffer")
        counters.add(.copiedBytes, UInt64(truncatingIfNeeded: count))
        pool.release(block)
    }

    /// Reads a driver's own stream on, unless its bytes wait.
    mutating func readOnDriven(_ driver: DriverID) {
        let leg = ownLeg(driver)
        guard !leg.isNone, !legs[leg].kind.isDatagrams, legs[leg].inbound == .driven,
            legs[leg].phase == .open, let place = place(driver)
        else { return }
        let row = place.row(driver.session)
        let isEnding = !row.pointee.events.isDisjoint(with: [.ended, .broken])
        let isFull = row.pointee.rest.count >= place.restMax || isEnding
        guard isFull || !canDeliver(driver) else {
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
        let driver = driver(of: leg)
        let other = otherLeg(driver)
        if !other.isNone, !legs[other].kind.isDatagrams { sendSurplus(towards: other) }
        if isOpen(driver.session) { wake(driver) }
    }

    /// Whether the driver may be offered bytes of its stream: what it delivers has room.
    func canDeliver(_ driver: DriverID) -> Bool {
        guard let row = row(driver), !row.pointee.isPaused,
            !isParked(driver.session, isToClient: driver.deliversToClient),
            !driver.isOfClient || !isHeld(driver.session)
        else { return false }
        let other = otherLeg(driver)
        guard !other.isNone else { return true }
        let queued = legs[other].queue.bytes
        return !hasSurplus(towards: other)
            && (queued == 0 || queued < legs.highWatermark(.small))
    }

    // MARK: Outcomes

    /// An outcome of a session with drivers. False when the leg's usual owner handles it.
    mutating func resolveDriven(_ outcome: Outcome, _ leg: LegID) -> Bool {
        guard drivers.areThere else { return false }
        let session = legs[leg].session
        guard !driven(session).isEmpty else { return false }
        if outcome == .drained { return drained(leg) }
        guard isDriven(leg), legs[leg].inbound == .driven, !isFinishing(session) else {
            return false
        }
        let driver = driver(of: leg)
        switch outcome {
        case .handled, .moved, .bytes: break
        case .ended: wake(driver, for: legs.findHiddenReset(leg) ? .broken : .ended)
        case .broke: wake(driver, for: .broken)
        case .sendBroke where sessions[session].kind.isOfStreams && !dialsOnDemand(session):
            legs.writeBroke(leg)
            let peer = legs[leg].peer
            if legs[leg].phase == .open, legs[peer].reading == .paused { resume(peer) }
        case .sendBroke: wake(driver, for: .broken)
        case .starved: legs.lackBlock(leg)
        case .interrupted: wake(driver)
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
        // A session of messages that is finishing shuts its stream itself.
        let isFinishing = legs[leg].hasEnded && !sessions[session].kind.isOfStreams
        if legs[leg].flags.contains(.shutsBehindQueue), !isFinishing { shutBehindQueue(leg) }
        guard isOpen(session) else { return true }
        if isDriven(leg), let row = row(driver(of: leg)), row.pointee.awaitsDrained {
            row.pointee.awaitsDrained = false
            wake(driver(of: leg), for: .drained)
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
            !dialsOnDemand(session), isComplete(sessions[session].client),
            isComplete(sessions[session].upstream)
        else { return }
        end(session, .completed, reset: false)
    }

    /// Whether a stream has ended, and no byte waits for it; a driver's, whether it knows all.
    private func isComplete(_ leg: LegID) -> Bool {
        guard legs[leg].reading == .ended, legs.isDrained(leg), !hasSurplus(towards: leg) else {
            return false
        }
        guard isDriven(leg), let row = row(driver(of: leg)) else {
            return legs[leg].writing == .shut
        }
        // Between two drivers, no end is told by a stream.
        let isTold = !isDriven(legs[leg].peer) || row.pointee.hasOtherEnded
        return isTold && row.pointee.events.isEmpty && row.pointee.items.isEmpty
    }

    /// The other side's stream has ended, behind everything that arrived.
    mutating func otherEnded(_ driver: DriverID) {
        if row(driver)?.pointee.hasOtherEnded == false { wake(driver, for: .otherEnded) }
    }

    // MARK: Timers

    /// The session's timer fired: it may be a driver's.
    mutating func checkDrivers(_ session: SessionID) {
        check(DriverID(session, ofClient: true))
        if isOpen(session) { check(DriverID(session, ofClient: false)) }
    }

    private mutating func check(_ driver: DriverID) {
        guard let row = row(driver) else { return }
        if sessions[driver.session].phase == .relaying { retryOwnSurplus(driver) }
        guard isOpen(driver.session), row.pointee.timerAt != 0 else { return }
        guard now >= row.pointee.timerAt else {
            return legs.wheel.hasten(driver.session, to: row.pointee.timerAt)
        }
        row.pointee.timerAt = 0
        wake(driver, for: .timer)
    }

    /// Blocks may be free for what the driver sent on its stream. Between two streams, the stream's
    /// own check does it.
    private mutating func retryOwnSurplus(_ driver: DriverID) {
        let own = ownLeg(driver)
        guard !sessions[driver.session].kind.isOfStreams, !own.isNone,
            !legs[own].kind.isDatagrams, hasSurplus(towards: own)
        else { return }
        sendSurplus(towards: own)
        if isOpen(driver.session), !hasSurplus(towards: own) { resumePeer(own) }
    }

    /// Whether a built-in side's reset has to wait for what arrived before it.
    mutating func breaksLater(_ leg: LegID) -> Bool {
        guard drivers.areThere, !isDriven(leg) else { return false }
        let driver = DriverID(legs[leg].session, ofClient: !legs[leg].kind.isClient)
        guard let row = row(driver), !row.pointee.items.isEmpty else { return false }
        wake(driver, for: .otherBroken)
        return true
    }

    /// Whether an end now would lose bytes: some wait for a driver, or for a block.
    func hasDriven(_ session: SessionID) -> Bool {
        guard drivers.areThere else { return false }
        return holds(DriverID(session, ofClient: true)) || holds(DriverID(session, ofClient: false))
    }

    private func holds(_ driver: DriverID) -> Bool {
        guard let row = row(driver) else { return false }
        if row.pointee.rest.count > 0 || !row.pointee.items.isEmpty { return true }
        let own = ownLeg(driver)
        return !own.isNone && !legs[own].kind.isDatagrams && hasSurplus(towards: own)
    }
}
