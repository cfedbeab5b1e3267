internal import CPelmeni
internal import Glibc

// Sessions with drivers: events wait until the loop's completions are handled, so that no call is
// within another one. Then each driver has its turn.
extension Relay where R: ~Copyable {
    func place(_ driver: DriverID) -> DriverPlace? {
        drivers.place(sessions[driver.session].pair, ofClient: driver.isOfClient)
    }

    @inline(__always)
    func row(_ driver: DriverID) -> UnsafeMutablePointer<DriverRow>? {
        place(driver)?.row(driver.session)
    }

    @inline(__always)
    func driven(_ session: SessionID) -> DrivenSides {
        pairs[sessions[session].pair].hooks.driven
    }

    /// The driver's own stream, or socket of datagrams; none of a listener's client.
    func ownLeg(_ driver: DriverID) -> LegID {
        let row = sessions[driver.session]
        return driver.isOfClient ? row.client : row.upstream
    }

    /// The leg of the other side; none of a listener's client.
    func otherLeg(_ driver: DriverID) -> LegID { ownLeg(driver.other) }

    /// Whether a leg is a driver's own.
    func isDriven(_ leg: LegID) -> Bool {
        guard drivers.areThere, !legs[leg].session.isNone else { return false }
        return driven(legs[leg].session).take(toClient: legs[leg].kind.isClient)
    }

    func driver(of leg: LegID) -> DriverID {
        DriverID(legs[leg].session, ofClient: legs[leg].kind.isClient)
    }

    /// The driver gets a turn at the end of the loop.
    mutating func wake(_ driver: DriverID) {
        guard let row = row(driver), !row.pointee.isQueued else { return }
        row.pointee.isQueued = true
        drivers.append(driver)
    }

    mutating func wake(_ driver: DriverID, for event: DriverRow.Events) {
        row(driver)?.pointee.events.insert(event)
        wake(driver)
    }

    /// Each driver of a session gets a turn.
    mutating func wakeDrivers(_ session: SessionID) {
        wake(DriverID(session, ofClient: true))
        wake(DriverID(session, ofClient: false))
    }

    // MARK: Turns

    /// Each waiting driver has a turn. What comes meanwhile waits for the next loop.
    @inline(never)
    mutating func runDrivers() {
        var turns = drivers.count
        while turns > 0, !drivers.isEmpty {
            turns &-= 1
            let driver = drivers.popFirst()
            guard let place = place(driver) else { continue }
            place.row(driver.session).pointee.isQueued = false
            run(driver, place)
            heedNotices()
        }
    }

    private mutating func run(_ driver: DriverID, _ place: DriverPlace) {
        let row = place.row(driver.session)
        // One that is still dialled is woken once it is linked.
        guard isDriving(driver.session) else { return }
        if row.pointee.dialling.phase == .waiting { connectOnDemand(driver) }
        guard isDriving(driver.session), passDialEvents(driver, place) else { return }
        if row.pointee.events.contains(.opened) {
            row.pointee.events.remove(.opened)
            let own = ownLeg(driver)
            if !own.isNone { drivers.call.pointee.peer = legs.calls.peerName(legs[own].socket) }
            let goesOn = callDriver(driver, place, .opened)
            drivers.call.pointee.peer = SocketAddress()
            guard goesOn else { return }
        }
        guard row.pointee.isOver || passItems(driver, place) else { return }
        if row.pointee.events.contains(.deliversEnd) { deliverEnd(driver) }
        guard isDriving(driver.session) else { return }
        if let cause = row.pointee.endsWith {
            // A driver that a hook ends may have kept something for its own side.
            if row.pointee.isFinishedByHook, !row.pointee.hasOtherEnded {
                row.pointee.events.insert(.otherEnded)
                guard pass(.otherEnded, as: .otherEnded, driver, place) else { return }
            }
            return finishDriven(driver, cause)
        }
        guard offerRest(driver, place), passEvents(driver, place) else { return }
        if place.dials { resumeHeld(driver.session) }
        if row.pointee.rest.count > 0 {
            let isMoved = row.pointee.rest.moveToOwn(back: 0)
            assert(isMoved, "what a driver leaves is within the bound of a buffer")
        }
        readOnDriven(driver)
        completeDriven(driver.session)
    }

    /// Whether a session's drivers are called: both sides are linked, and neither a hook nor a
    /// driver has ended it.
    func isDriving(_ session: SessionID) -> Bool {
        guard sessions[session].phase == .relaying, !isFinishing(session) else { return false }
        return !sessions[session].kind.hasMessages || states[session].hookCause == nil
    }

    private mutating func passItems(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        let row = place.row(driver.session)
        while !row.pointee.items.isEmpty, mayTakeArrival(driver, place),
            let item = row.pointee.items.popFirst()
        {
            var bytes = item.row
            let arrives = item.isToClient == driver.isOfClient
            if arrives, item.isMessage, !hasDatagrams(driver) {
                counters.add(item.isToClient ? .datagramsToClient : .datagramsToUpstream)
            }
            let isFine = callDriver(driver, place, arrives ? .arrived : .received, &bytes)
            bytes.releaseOnWorker()
            guard isFine else { return false }
        }
        return isDriving(driver.session)
    }

    /// Whether the driver's own side has datagrams, which are counted as they are sent.
    func hasDatagrams(_ driver: DriverID) -> Bool {
        let own = ownLeg(driver)
        return own.isNone || legs[own].kind.isDatagrams
    }

    /// Offers what the driver's own stream brought, while the other side has room.
    private mutating func offerRest(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        let row = place.row(driver.session)
        while row.pointee.isFresh, row.pointee.rest.count > 0, canDeliver(driver) {
            row.pointee.isFresh = false
            var bytes = row.pointee.rest
            row.pointee.rest = BufferRow()
            row.pointee.dialling.hasLostRest = false
            let count = bytes.count
            let isFine = callDriver(driver, place, .received, &bytes)
            guard !row.pointee.dialling.hasLostRest else {
                // The bytes were of an upstream that the driver has closed.
                bytes.releaseOnWorker()
                return isFine && isDriving(driver.session)
            }
            guard isFine, isDriving(driver.session) else {
                bytes.releaseOnWorker()
                return false
            }
            let taken = count &- bytes.count
            if bytes.count == 0 { bytes.releaseOnWorker() }
            row.pointee.rest = bytes
            if taken <= 0, bytes.count >= place.restMax, !row.pointee.isPaused {
                hooks.call.pointee.setReason("takes nothing of a full buffer")
                failDriver(driver)
                return false
            }
            // A driver with few commands left may have left what it would take, and behind a full
            // buffer nothing comes that would offer it again. Others go first.
            let isFull = bytes.count >= place.restMax
            guard taken <= 0 || drivers.call.pointee.count < Context.commandsMax / 2 && !isFull
            else {
                row.pointee.isFresh = true
                wake(driver)
                return true
            }
        }
        return true
    }

    private mutating func passEvents(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        let row = place.row(driver.session)
        let isOffered = row.pointee.rest.count == 0 || !row.pointee.isFresh
        if isOffered, canDeliver(driver), !passEnd(driver, place) { return false }
        if row.pointee.events.contains(.otherBroken) {
            streamBroke(otherLeg(driver))
            return false
        }
        // The message that an asynchronous hook or the engine has comes before the end.
        let isBehindParked =
            isParked(driver.session, isToClient: driver.isOfClient)
            || place.dials && (row.pointee.dialling.holds || !row.pointee.items.isEmpty)
        guard isBehindParked || pass(.otherEnded, as: .otherEnded, driver, place),
            pass(.drained, as: .drained, driver, place), pass(.timer, as: .timer, driver, place)
        else { return false }
        guard sessions[driver.session].kind.hasMessages else { return true }
        // The session's last responses may have gone out with this turn.
        answered(driver.session)
        return isDriving(driver.session)
    }

    mutating func pass(
        _ event: DriverRow.Events, as call: DriverEvent, _ driver: DriverID, _ place: DriverPlace
    ) -> Bool {
        let row = place.row(driver.session)
        guard row.pointee.events.contains(event) else { return true }
        row.pointee.events.remove(event)
        if event == .otherEnded { row.pointee.hasOtherEnded = true }
        guard callDriver(driver, place, call) else { return false }
        // A stream of messages for clients of datagrams: the session ends with it.
        guard event == .otherEnded, driver.isOfClient,
            sessions[driver.session].kind == .datagramsToStream
        else { return true }
        endAfterQueue(driver.session)
        return false
    }

    /// The end or the error of the driver's own stream, behind its bytes.
    private mutating func passEnd(_ driver: DriverID, _ place: DriverPlace) -> Bool {
        let row = place.row(driver.session)
        guard !row.pointee.events.isDisjoint(with: [.ended, .broken]) else { return true }
        // What was delivered goes first.
        if let other = self.row(driver.other), !other.pointee.items.isEmpty {
            wake(driver)
            return true
        }
        let leg = ownLeg(driver)
        // The reset behind an end may have been seen since.
        let isDialled = place.dials && !driver.isOfClient
        if row.pointee.events.contains(.broken) || legs.findHiddenReset(leg) {
            guard !isDialled else {
                loseUpstream(driver.session, .upstreamReset)
                return true
            }
            streamBroke(leg)
            return false
        }
        row.pointee.events.remove(.ended)
        if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
        guard !isDialled else { return passUpstreamEnd(driver, place) }
        legs.endReading(leg)
        if sessions[driver.session].kind.hasMessages {
            states[driver.session].hasStreamEnded = true
        }
        var rest = row.pointee.rest
        row.pointee.rest = BufferRow()
        let isFine = callDriver(driver, place, .ended, &rest)
        rest.releaseOnWorker()
        return isFine
    }

    // MARK: Calls

    private mutating func callDriver(
        _ driver: DriverID, _ place: DriverPlace, _ event: DriverEvent
    ) -> Bool {
        var none = BufferRow()
        let isFine = callDriver(driver, place, event, &none)
        none.releaseOnWorker()
        return isFine
    }

    /// Calls a driver, and carries out its commands. False when the session does not go on.
    mutating func callDriver(
        _ driver: DriverID, _ place: DriverPlace, _ event: DriverEvent, _ bytes: inout BufferRow
    ) -> Bool {
        describeDriver(driver)
        let isFine = drivers.call(place, driver.session, event, &bytes)
        hooks.call.pointee.end()
        if isFine, drivers.call.pointee.isOverfull {
            hooks.call.pointee.setReason("more commands in one call than room for them")
        }
        guard isFine, !drivers.call.pointee.isOverfull else {
            dropCommands(from: 0, driver)
            failDriver(driver)
            return false
        }
        return carryOut(driver)
    }

    /// What a driver may see of its session.
    func describeDriver(_ driver: DriverID) {
        guard let chain = chain(of: driver.session) else { return }
        let call = drivers.call
        let leg = ownLeg(driver)
        describe(driver.session, chain, isToClient: false)
        call.pointee.row = hooks.call.pointee.row
        call.pointee.clientName = hooks.call.pointee.clientName
        call.pointee.queued = leg.isNone ? 0 : legs[leg].queue.bytes
        call.pointee.now = now
        describeOther(driver)
        call.pointee.count = 0
        call.pointee.isOverfull = false
        // Behind the numbers of the hooks.
        hooks.call.pointee.begin(
            stage: chain.pointee.count &+ (driver.isOfClient ? 0 : 1),
            pair: sessions[driver.session].pair)
    }
}
