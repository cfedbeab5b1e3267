internal import CPelmeni
internal import Glibc

// Sessions with a driver: events wait until the loop's completions are handled, so that no call is
// within another one. Then each session's driver has its turn.
extension Relay where R: ~Copyable {
    @inline(__always)
    func driverRow(_ session: SessionID) -> UnsafeMutablePointer<DriverRow>? {
        drivers.place(sessions[session].pair)?.row(session)
    }

    @inline(__always)
    func drivenSide(_ session: SessionID) -> DrivenSide {
        pairs[sessions[session].pair].hooks.driven
    }

    /// The driver's own stream, or socket of datagrams; none of a listener's client.
    func drivenLeg(_ session: SessionID) -> LegID {
        drivenSide(session) == .client ? sessions[session].client : sessions[session].upstream
    }

    /// The leg of the other side; none of a listener's client.
    func otherLeg(_ session: SessionID) -> LegID {
        drivenSide(session) == .client ? sessions[session].upstream : sessions[session].client
    }

    /// Whether a leg is a driver's own.
    func isDriven(_ leg: LegID) -> Bool {
        guard drivers.areThere, !legs[leg].session.isNone else { return false }
        return drivenSide(legs[leg].session) == (legs[leg].kind.isClient ? .client : .upstream)
    }

    /// The session's driver gets a turn at the end of the loop.
    mutating func wake(_ session: SessionID) {
        guard let row = driverRow(session), !row.pointee.isQueued else { return }
        row.pointee.isQueued = true
        drivers.append(session)
    }

    mutating func wake(_ session: SessionID, for event: DriverRow.Events) {
        driverRow(session)?.pointee.events.insert(event)
        wake(session)
    }

    // MARK: Turns

    /// Each waiting driver has a turn. What comes meanwhile waits for the next loop.
    @inline(never)
    mutating func runDrivers() {
        var turns = drivers.count
        while turns > 0, !drivers.isEmpty {
            turns &-= 1
            let session = drivers.popFirst()
            guard let place = drivers.place(sessions[session].pair) else { continue }
            place.row(session).pointee.isQueued = false
            run(session, place)
            heedNotices()
        }
    }

    private mutating func run(_ session: SessionID, _ place: DriverPlace) {
        let row = place.row(session)
        // One that is still dialled is woken once it is linked.
        guard isDriving(session) else { return }
        if row.pointee.events.contains(.opened) {
            row.pointee.events.remove(.opened)
            guard callDriver(session, place, .opened) else { return }
        }
        guard row.pointee.isOver || passItems(session, place) else { return }
        if let cause = row.pointee.endsWith { return finishDriven(session, cause) }
        guard offerRest(session, place), passEvents(session, place) else { return }
        if row.pointee.rest.count > 0 {
            let isMoved = row.pointee.rest.moveToOwn(back: 0)
            assert(isMoved, "what a driver leaves is within the bound of a buffer")
        }
        readOnDriven(session)
        completeDriven(session)
    }

    /// Whether a session's driver is called: both sides are linked, and neither a hook nor the
    /// driver itself has ended it.
    func isDriving(_ session: SessionID) -> Bool {
        guard sessions[session].phase == .relaying, !isFinishing(session) else { return false }
        return !sessions[session].kind.hasMessages || states[session].hookCause == nil
    }

    private mutating func passItems(_ session: SessionID, _ place: DriverPlace) -> Bool {
        let row = place.row(session)
        while let item = row.pointee.items.popFirst() {
            var bytes = item.row
            let arrives = drivenSide(session).isTarget(toClient: item.isToClient)
            if arrives, item.isMessage, !isDatagramDriven(session) {
                counters.add(item.isToClient ? .datagramsToClient : .datagramsToUpstream)
            }
            let isFine = callDriver(session, place, arrives ? .arrived : .received, &bytes)
            bytes.releaseOnWorker()
            guard isFine else { return false }
        }
        return true
    }

    /// Whether the driver's own side has datagrams, which are counted as they are sent.
    private func isDatagramDriven(_ session: SessionID) -> Bool {
        let own = drivenLeg(session)
        return own.isNone || legs[own].kind.isDatagrams
    }

    /// Offers what the driver's own stream brought, while the other side has room.
    private mutating func offerRest(_ session: SessionID, _ place: DriverPlace) -> Bool {
        let row = place.row(session)
        while row.pointee.isFresh, row.pointee.rest.count > 0, canDeliver(session) {
            row.pointee.isFresh = false
            var bytes = row.pointee.rest
            row.pointee.rest = BufferRow()
            let count = bytes.count
            let isFine = callDriver(session, place, .received, &bytes)
            guard isFine, isDriving(session) else {
                bytes.releaseOnWorker()
                return false
            }
            let taken = count &- bytes.count
            if bytes.count == 0 { bytes.releaseOnWorker() }
            row.pointee.rest = bytes
            if taken <= 0, bytes.count >= place.restMax {
                hooks.call.pointee.setReason("takes nothing of a full buffer")
                failDriver(session)
                return false
            }
            // A driver with few commands left may have left what it would take, and behind a full
            // buffer nothing comes that would offer it again. Others go first.
            let isFull = bytes.count >= place.restMax
            guard taken <= 0 || drivers.call.pointee.count < Context.commandsMax / 2 && !isFull
            else {
                row.pointee.isFresh = true
                wake(session)
                return true
            }
        }
        return true
    }

    /// Whether the driver may be offered bytes of its stream: what it delivers has room.
    func canDeliver(_ session: SessionID) -> Bool {
        guard let row = driverRow(session), !row.pointee.isPaused else { return false }
        let toClient = drivenSide(session) == .upstream
        guard !isParked(session, isToClient: toClient) else { return false }
        let other = otherLeg(session)
        guard !other.isNone else { return true }
        let queued = legs[other].queue.bytes
        return !hasSurplus(towards: other)
            && (queued == 0 || queued < legs.highWatermark(.small))
    }

    private mutating func passEvents(_ session: SessionID, _ place: DriverPlace) -> Bool {
        let row = place.row(session)
        let isOffered = row.pointee.rest.count == 0 || !row.pointee.isFresh
        if isOffered, canDeliver(session), !passEnd(session, place) { return false }
        if row.pointee.events.contains(.otherBroken) {
            streamBroke(otherLeg(session))
            return false
        }
        guard pass(.otherEnded, as: .otherEnded, session, place),
            pass(.drained, as: .drained, session, place),
            pass(.timer, as: .timer, session, place)
        else { return false }
        guard sessions[session].kind.hasMessages else { return true }
        // The session's last responses may have gone out with this turn.
        answered(session)
        return isDriving(session)
    }

    private mutating func pass(
        _ event: DriverRow.Events, as call: DriverEvent, _ session: SessionID,
        _ place: DriverPlace
    ) -> Bool {
        let row = place.row(session)
        guard row.pointee.events.contains(event) else { return true }
        row.pointee.events.remove(event)
        if event == .otherEnded { row.pointee.hasOtherEnded = true }
        guard callDriver(session, place, call) else { return false }
        // A stream of messages for clients of datagrams: the session ends with it.
        guard event == .otherEnded, sessions[session].kind == .datagramsToStream else {
            return true
        }
        endAfterQueue(session)
        return false
    }

    /// The end or the error of the driver's own stream, behind its bytes.
    private mutating func passEnd(_ session: SessionID, _ place: DriverPlace) -> Bool {
        let row = place.row(session)
        let leg = drivenLeg(session)
        if row.pointee.events.contains(.broken) {
            streamBroke(leg)
            return false
        }
        guard row.pointee.events.contains(.ended) else { return true }
        row.pointee.events.remove(.ended)
        // The reset behind this end may have been seen since.
        if legs.findHiddenReset(leg) {
            streamBroke(leg)
            return false
        }
        if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
        legs.endReading(leg)
        if sessions[session].kind.hasMessages { states[session].hasStreamEnded = true }
        var rest = row.pointee.rest
        row.pointee.rest = BufferRow()
        let isFine = callDriver(session, place, .ended, &rest)
        rest.releaseOnWorker()
        return isFine
    }

    // MARK: Calls

    private mutating func callDriver(
        _ session: SessionID, _ place: DriverPlace, _ event: DriverEvent
    ) -> Bool {
        var none = BufferRow()
        let isFine = callDriver(session, place, event, &none)
        none.releaseOnWorker()
        return isFine
    }

    /// Calls a driver, and carries out its commands. False when the session does not go on.
    private mutating func callDriver(
        _ session: SessionID, _ place: DriverPlace, _ event: DriverEvent, _ bytes: inout BufferRow
    ) -> Bool {
        describeDriver(session)
        let isFine = drivers.call(place, session, event, &bytes)
        hooks.call.pointee.end()
        if isFine, drivers.call.pointee.isOverfull {
            hooks.call.pointee.setReason("more commands in one call than room for them")
        }
        guard isFine, !drivers.call.pointee.isOverfull else {
            dropCommands(from: 0, session)
            failDriver(session)
            return false
        }
        return carryOut(session)
    }

    /// What a driver may see of its session.
    func describeDriver(_ session: SessionID) {
        guard let chain = chain(of: session) else { return }
        let call = drivers.call
        let leg = drivenLeg(session)
        describe(session, chain, isToClient: false)
        call.pointee.row = hooks.call.pointee.row
        call.pointee.clientName = hooks.call.pointee.clientName
        call.pointee.queued = leg.isNone ? 0 : legs[leg].queue.bytes
        call.pointee.now = now
        call.pointee.count = 0
        call.pointee.isOverfull = false
        hooks.call.pointee.begin(stage: chain.pointee.count, pair: sessions[session].pair)
    }
}
