internal import Glibc

// Sessions whose driver connects to upstreams on demand: they open without one, and may have
// several, one after the other. The session goes on when one is lost.
extension Relay where R: ~Copyable {
    @inline(__always)
    func dialsOnDemand(_ session: SessionID) -> Bool {
        pairs[sessions[session].pair].hooks.dialsOnDemand
    }

    /// The driver that connects; none of a session that is dialled as it opens.
    func dialler(_ session: SessionID) -> DriverID {
        guard dialsOnDemand(session) else { return .none }
        let isOfServer = drivers.place(sessions[session].pair, ofClient: true)?.dials == true
        return DriverID(session, ofClient: isOfServer)
    }

    /// Takes a new session into its relaying phase, without an upstream.
    ///
    /// - Parameter upstream: the one that a hook chose, or -1.
    @inline(never)
    mutating func openOnDemand(_ session: SessionID, upstream: Int) {
        let client = sessions[session].client
        guard client.isNone || legs.attachAccepted(session) else { return heedNotices() }
        sessions[session].move(to: .relaying)
        let driver = dialler(session)
        row(driver)?.pointee.dialling.wanted = Int16(truncatingIfNeeded: upstream)
        if !client.isNone {
            legs[client].peer = .absent
            legs[client].inbound = isDriven(client) ? .driven : .framed
            legs.arm(client, expectsBytes: true)
        }
        legs.watch(session)
        if legs.isDraining { wake(driver, for: .draining) }
        wake(DriverID(session, ofClient: true), for: .opened)
    }

    // MARK: Connecting

    /// Dials an upstream, or waits for one of the next loops.
    mutating func connectOnDemand(_ driver: DriverID) {
        let session = driver.session
        guard let row = row(driver), sessions[session].phase == .relaying,
            sessions[session].upstream.isNone, row.pointee.dialling.phase != .dialled
        else { return }
        guard legs.dials.grant() else {
            row.pointee.dialling.phase = .waiting
            return wake(driver)
        }
        row.pointee.dialling.phase = .dialled
        row.pointee.dialling.isUsed = false
        legs.assign(session, upstream: Int(row.pointee.dialling.wanted))
        legs.beginDial(session)
        heedNotices()
    }

    /// An upstream accepted, or none did.
    mutating func linkOnDemand(_ session: SessionID) {
        let driver = dialler(session)
        guard let row = row(driver), row.pointee.dialling.phase == .dialled else { return }
        row.pointee.dialling.phase = .none
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        guard !upstream.isNone else {
            let hasCause = sessions[session].hasCause
            row.pointee.dialling.lostBy = hasCause ? sessions[session].cause : .noUpstream
            sessions[session].hasCause = false
            return wake(driver, for: .unreachable)
        }
        noteUpstream(session)
        legs[upstream].peer = client.isNone ? .absent : client
        if !client.isNone { legs[client].peer = upstream }
        if legs[upstream].kind.isDatagrams {
            legs.armDatagrams(upstream)
        } else {
            // It gets its keepalive with the next timer.
            sessions[session].marks.remove(.lateOptions)
            legs[upstream].inbound = .driven
            legs.arm(upstream, expectsBytes: false)
        }
        if driver.isOfClient { wake(driver, for: .connected) }
        wake(DriverID(session, ofClient: false), for: .opened)
    }

    // MARK: Disconnecting

    /// Closes the session's upstream, or gives up dialling. What came of it and was not taken is
    /// dropped.
    mutating func disconnect(_ session: SessionID) {
        let driver = dialler(session)
        guard let row = row(driver), isOpen(session) else { return }
        row.pointee.dialling.phase = .none
        row.pointee.events.subtract([.connected, .unreachable])
        var isLossy = false
        if !driver.isOfClient {
            row.pointee.rest.releaseOnWorker()
            row.pointee.rest = BufferRow()
            row.pointee.dialling.hasLostRest = true
            row.pointee.events.subtract([.opened, .ended, .broken, .drained])
            row.pointee.awaitsDrained = false
            row.pointee.isPaused = false
            let upstream = sessions[session].upstream
            // An end behind bytes that are lost would look orderly.
            isLossy =
                sessions[session].phase == .relaying && !upstream.isNone
                && (!legs.isDrained(upstream) || hasSurplus(towards: upstream))
            dropUnsent(session)
            // Messages may wait for the next upstream.
            wake(driver)
        }
        legs.closeUpstream(session, reset: isLossy)
        heedNotices()
    }

    /// The upstream refused, or its connection broke. The driver goes on without it.
    mutating func loseUpstream(_ session: SessionID, _ cause: EndCause) {
        disconnect(session)
        let driver = dialler(session)
        row(driver)?.pointee.dialling.lostBy = cause
        // Else the present cause would be that of the session's end.
        sessions[session].hasCause = false
        wake(driver, for: .unreachable)
    }

    // MARK: Messages for a client's driver

    /// Whether the driver may take the next message: it does not hold them, and is connected.
    mutating func mayTakeArrival(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        guard place.dials, !driver.isOfClient else { return true }
        let row = place.row(driver.session)
        guard !row.pointee.dialling.holds else { return false }
        let upstream = sessions[driver.session].upstream
        guard !upstream.isNone else {
            connectOnDemand(driver)
            return false
        }
        guard row.pointee.dialling.isUsed else {
            row.pointee.dialling.isUsed = true
            return true
        }
        // A kept connection that has ended, or that speaks unasked, is not used again.
        let isClean =
            row.pointee.rest.count == 0
            && row.pointee.events.isDisjoint(with: [.ended, .broken])
            && !legs.calls.stirs(legs[upstream].socket)
        if !isClean { disconnect(driver.session) }
        return isClean
    }

    /// Whether enough messages wait for a driver that holds them: their stream is not read on.
    func isHeld(_ session: SessionID) -> Bool {
        guard dialsOnDemand(session), let row = row(DriverID(session, ofClient: false))
        else { return false }
        return row.pointee.items.count >= Limits.heldItemsMax
            || row.pointee.items.bytes >= Limits.smallHigh
    }

    /// Reads the stream on whose messages were held back.
    mutating func resumeHeld(_ session: SessionID) {
        let client = sessions[session].client
        guard sessions[session].kind == .framedStreams, !client.isNone,
            legs[client].reading == .paused, !isHeld(session), !isFinishing(session)
        else { return }
        resume(client)
    }

    /// Whether a driver works on a message, or has more to do.
    func isBusy(_ session: SessionID) -> Bool {
        guard dialsOnDemand(session), let row = row(dialler(session)) else { return false }
        return row.pointee.dialling.holds || !row.pointee.items.isEmpty
    }

    /// Drivers that dial are told of a drain.
    mutating func drainDialled(_ session: SessionID) {
        if dialsOnDemand(session) { wake(dialler(session), for: .draining) }
    }

    // MARK: Events

    /// Tells a driver that dials what became of it.
    mutating func passDialEvents(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        guard place.dials else { return true }
        return pass(.unreachable, as: .unreachable, driver, place)
            && pass(.connected, as: .connected, driver, place)
            && pass(.draining, as: .draining, driver, place)
    }

    /// The end of an upstream that a client's driver may do without: its connection is closed.
    mutating func passUpstreamEnd(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        let row = place.row(driver.session)
        let upstream = ownLeg(driver)
        legs[upstream].move(reading: .ended)
        var rest = row.pointee.rest
        row.pointee.rest = BufferRow()
        let isFine = callDriver(driver, place, .ended, &rest)
        rest.releaseOnWorker()
        guard isFine, isDriving(driver.session) else { return false }
        if ownLeg(driver) == upstream { disconnect(driver.session) }
        return true
    }

    /// What a driver may see of the other side.
    func describeOther(_ driver: DriverID) {
        let (call, session) = (drivers.call, driver.session)
        let row = sessions[session]
        let isToClient = driver.deliversToClient
        call.pointee.hasUpstream = row.phase == .relaying && !row.upstream.isNone
        call.pointee.isDraining = legs.isDraining
        call.pointee.otherSide.hasStream =
            isToClient ? !row.kind.hasNamedClient : !row.kind.forwardsDatagrams
        call.pointee.otherSide.longestMessage =
            call.pointee.otherSide.hasStream
            ? pairs[row.pair].framing(ofClient: isToClient).maxFrame : Self.datagramMax
        call.pointee.otherSide.hasParked = isParked(session, isToClient: driver.isOfClient)
        call.pointee.otherSide.lostBy = self.row(driver)?.pointee.dialling.lostBy ?? .noUpstream
    }
}
