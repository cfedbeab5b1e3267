internal import CPelmeni
internal import Glibc

// Sessions whose driver speaks with both sides: events wait until the loop's completions are
// handled, so that no call is within another one. Then each session has its turn.
extension Relay where R: ~Copyable {
    @inline(__always)
    func pairPlace(_ session: SessionID) -> PairDriverPlace? {
        pairDrivers.place(sessions[session].pair)
    }

    func leg(_ session: SessionID, _ side: PairSide) -> LegID {
        let row = sessions[session]
        guard side == .upstream else { return row.client }
        // While connecting the row has the attempts.
        return row.phase == .connecting ? .none : row.upstream
    }

    func pairSide(of leg: LegID) -> PairSide { legs[leg].kind.isClient ? .client : .upstream }

    /// The session gets a turn at the end of the loop.
    mutating func wakePair(_ session: SessionID) {
        guard let row = pairPlace(session)?.row(session), !row.pointee.isQueued else { return }
        row.pointee.isQueued = true
        pairDrivers.append(session)
    }

    mutating func wakePair(
        _ session: SessionID, _ side: PairSide, for event: PairDriverRow.Side.Events
    ) {
        pairPlace(session)?.side(session, side).pointee.events.insert(event)
        wakePair(session)
    }

    /// Whether a session's driver is called.
    func isPairDriving(_ session: SessionID, _ place: PairDriverPlace) -> Bool {
        isOpen(session) && place.row(session).pointee.endsWith == nil
    }

    // MARK: Turns

    /// Each waiting session has a turn. What comes meanwhile waits for the next loop.
    @inline(never)
    mutating func runPairDrivers() {
        var turns = pairDrivers.count
        while turns > 0, !pairDrivers.isEmpty {
            turns &-= 1
            let session = pairDrivers.popFirst()
            guard let place = pairPlace(session) else { continue }
            place.row(session).pointee.isQueued = false
            runPair(session, place)
            heedNotices()
        }
    }

    private mutating func runPair(_ session: SessionID, _ place: PairDriverPlace) {
        var rounds = Limits.driverRoundsMax
        while rounds > 0 {
            rounds &-= 1
            let before = pairDrivers.calls
            guard passAll(session, place) else { break }
            // Commands may have caused events.
            guard pairDrivers.calls == before else { continue }
            break
        }
        guard isOpen(session) else { return }
        guard place.row(session).pointee.endsWith == nil else { return endPairInOrder(session) }
        if rounds == 0 { wakePair(session) }
        keepRest(place.side(session, .client))
        keepRest(place.side(session, .upstream))
        readOnPair(session, .client, place)
        if isOpen(session) { readOnPair(session, .upstream, place) }
        if isOpen(session) { freeLater(session) }
    }

    /// Frees what a session had while its upstream was dialled, once it is empty: it takes more
    /// than all other rows of an idle session. At the end of a turn nothing points to it.
    private func freeLater(_ session: SessionID) {
        guard let chain = chain(of: session), chain.pointee.count == 0 else { return }
        let row = chain.pointee.row(session)
        guard let later = row.pointee.later, later.pointee.isUnused else { return }
        later.pointee.toUpstream.removeAll(pool)
        later.pointee.toClient.removeAll(pool)
        pelmeni_bytes_give_back(later)
        row.pointee.later = nil
    }

    /// What waits for long would keep a block from streams.
    private func keepRest(_ side: UnsafeMutablePointer<PairDriverRow.Side>) {
        guard let rest = pairDrivers.rests.bytes(side) else { return }
        let isMoved = rest.pointee.moveToOwn(back: 0)
        assert(isMoved, "what a driver leaves is within the bound of a buffer")
    }

    /// Tells the driver each event that waits, once. False when the session does not go on.
    private mutating func passAll(_ session: SessionID, _ place: PairDriverPlace) -> Bool {
        let row = place.row(session)
        guard isPairDriving(session, place) else { return false }
        if row.pointee.events.contains(.dials) { connectPair(session) }
        guard pass(.opened, .client, .clientOpened, session, place) else { return false }
        if row.pointee.events.contains(.unreachable) {
            row.pointee.events.remove(.unreachable)
            guard callPair(session, place, .unreachable) else { return false }
        }
        guard pass(.clientFinished, .clientFinished, session, place),
            pass(.upstreamFinished, .upstreamFinished, session, place)
        else { return false }
        // What the upstream answers comes behind what it was sent.
        guard pass(.opened, .upstream, .upstreamOpened, session, place),
            pass(.linked, .client, .clientLinked, session, place),
            passSide(.upstream, session, place), passSide(.client, session, place)
        else { return false }
        return pass(.timer, .timer, session, place) && pass(.draining, .draining, session, place)
    }

    private mutating func pass(
        _ event: PairDriverRow.Events, _ call: PairDriverEvent, _ session: SessionID,
        _ place: PairDriverPlace
    ) -> Bool {
        let row = place.row(session)
        guard row.pointee.events.contains(event) else { return true }
        row.pointee.events.remove(event)
        return callPair(session, place, call)
    }

    private mutating func pass(
        _ event: PairDriverRow.Side.Events, _ side: PairSide, _ call: PairDriverEvent,
        _ session: SessionID, _ place: PairDriverPlace
    ) -> Bool {
        let row = place.side(session, side)
        guard row.pointee.events.contains(event) else { return true }
        row.pointee.events.remove(event)
        return callPair(session, place, call)
    }

    /// The events of a side in order: its link's end, its bytes, its stream's end.
    private mutating func passSide(
        _ side: PairSide, _ session: SessionID, _ place: PairDriverPlace
    ) -> Bool {
        let isClient = side == .client
        return pass(.linked, side, isClient ? .clientLinked : .upstreamLinked, session, place)
            && offerRest(side, session, place)
            && passEnd(side, session, place)
            && pass(.drained, side, isClient ? .clientDrained : .upstreamDrained, session, place)
    }

    /// Offers what a side brought, while there is room for what the driver makes of it.
    private mutating func offerRest(
        _ side: PairSide, _ session: SessionID, _ place: PairDriverPlace
    ) -> Bool {
        let row = place.side(session, side)
        let event: PairDriverEvent = side == .client ? .clientReceived : .upstreamReceived
        while row.pointee.isFresh, row.pointee.rest != RestTable.none,
            mayOffer(session, side, place)
        {
            row.pointee.isFresh = false
            let count = pairDrivers.rests.count(row)
            guard callPair(session, place, event, on: side) else { return false }
            let left = pairDrivers.rests.count(row)
            guard left > 0, !row.pointee.isLinked, !row.pointee.isPaused else { continue }
            guard left < count else {
                guard left >= place.restMax else { return true }
                hooks.call.pointee.setReason("takes nothing of a full buffer")
                failPair(session)
                return false
            }
            // A driver with few commands left may have left what it would take.
            guard pairDrivers.commandsOfLastCall < Context.commandsMax / 2, left < place.restMax
            else {
                row.pointee.isFresh = true
                continue
            }
        }
        return true
    }

    /// Whether the driver may be offered bytes of a side.
    func mayOffer(_ session: SessionID, _ side: PairSide, _ place: PairDriverPlace) -> Bool {
        let row = place.side(session, side)
        // The end of a link is told before what came behind it.
        return !row.pointee.isPaused && !row.pointee.isLinked
            && !row.pointee.events.contains(.linked)
            && hasPairRoom(leg(session, side.other)) && mayAnswer(leg(session, side))
    }

    /// Whether a side's bytes may be offered as far as its own queue goes. Bytes of the other side
    /// that it does not take must not halt it: an upload may wait for its response to be read.
    private func mayAnswer(_ leg: LegID) -> Bool {
        leg.isNone || legs[leg].queue.bytes < Limits.answersHigh && !hasSurplus(towards: leg)
    }

    private func hasPairRoom(_ leg: LegID) -> Bool {
        guard !leg.isNone else { return true }
        let queued = legs[leg].queue.bytes
        return (queued == 0 || queued < legs.highWatermark(.small)) && !hasSurplus(towards: leg)
    }

    /// The end or the error of a side, behind its bytes.
    private mutating func passEnd(
        _ side: PairSide, _ session: SessionID, _ place: PairDriverPlace
    ) -> Bool {
        let row = place.side(session, side)
        guard !row.pointee.events.isDisjoint(with: [.ended, .broken]) else { return true }
        let isOffered = row.pointee.rest == RestTable.none || !row.pointee.isFresh
        guard isOffered, !row.pointee.isPaused, !row.pointee.events.contains(.linked)
        else { return true }
        let leg = leg(session, side)
        // The reset behind an end may have been seen since.
        let isBroken = row.pointee.events.contains(.broken) || legs.findHiddenReset(leg)
        row.pointee.events.subtract([.ended, .broken])
        row.pointee.isLinked = false
        legs.endLink(leg)
        guard !isBroken else { return pairBroke(session, side, place) }
        if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
        legs[leg].move(reading: .ended)
        return callPair(
            session, place, side == .client ? .clientEnded : .upstreamEnded, on: side,
            takesRest: true)
    }

    // MARK: Calls

    /// Calls the driver without bytes.
    mutating func callPair(
        _ session: SessionID, _ place: PairDriverPlace, _ event: PairDriverEvent
    ) -> Bool {
        var none = BufferRow()
        let isFine = invoke(session, place, event, &none)
        none.releaseOnWorker()
        return isFine && carryOutPair(session, place)
    }

    /// Calls the driver with the bytes that a side has, and carries out its commands: those that
    /// are left come first in a link.
    ///
    /// - Parameter takesRest: bytes that are left are dropped.
    mutating func callPair(
        _ session: SessionID, _ place: PairDriverPlace, _ event: PairDriverEvent,
        on side: PairSide, takesRest: Bool = false
    ) -> Bool {
        let row = place.side(session, side)
        var bytes = pairDrivers.rests.take(row)
        let isFine = invoke(session, place, event, &bytes)
        if takesRest || bytes.count == 0 || !isFine { bytes.releaseOnWorker() }
        // The row of a driver that failed may be free by now.
        guard isFine else { return false }
        if bytes.count > 0 { pairDrivers.rests.put(bytes, row) }
        return carryOutPair(session, place)
    }

    /// False when the driver failed, and the session with it.
    private mutating func invoke(
        _ session: SessionID, _ place: PairDriverPlace, _ event: PairDriverEvent,
        _ bytes: inout BufferRow
    ) -> Bool {
        describePair(session, place)
        let cause = place.row(session).pointee.unreachableCause
        let isFine = pairDrivers.call(place, session, event, &bytes, cause: cause)
        hooks.call.pointee.end()
        if isFine, pairDrivers.call.pointee.isOverfull {
            hooks.call.pointee.setReason("more commands in one call than room for them")
        }
        guard isFine, !pairDrivers.call.pointee.isOverfull else {
            dropPairCommands(from: 0)
            failPair(session)
            return false
        }
        return true
    }

    /// What a driver may see of its session.
    func describePair(_ session: SessionID, _ place: PairDriverPlace) {
        guard let chain = chain(of: session) else { return }
        let call = pairDrivers.call
        let (client, upstream) = (leg(session, .client), leg(session, .upstream))
        call.pointee.row = UnsafePointer(chain.pointee.row(session))
        call.pointee.queued = client.isNone ? 0 : legs[client].queue.bytes
        call.pointee.queuedUpstream = upstream.isNone ? 0 : legs[upstream].queue.bytes
        call.pointee.hasUpstream = !upstream.isNone
        call.pointee.links.clientLeft = client.isNone ? 0 : legs.links.left(client)
        call.pointee.links.upstreamLeft = upstream.isNone ? 0 : legs.links.left(upstream)
        let given = legs.links.given(session)
        call.pointee.links.fromClient = given.fromClient
        call.pointee.links.fromUpstream = given.fromUpstream
        call.pointee.isReused = place.row(session).pointee.isReused
        call.pointee.isDraining = legs.isDraining
        call.pointee.work.executor = place.executor
        call.pointee.work.session = session
        call.pointee.now = now
        call.pointee.count = 0
        call.pointee.isOverfull = false
        // Behind the numbers of the hooks.
        hooks.call.pointee.begin(stage: chain.pointee.count, pair: sessions[session].pair)
    }
}
