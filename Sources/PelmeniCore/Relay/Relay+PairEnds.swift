internal import CPelmeni
internal import Glibc

// Ends of sessions whose driver speaks with both sides, and their timers.
extension Relay where R: ~Copyable {
    /// The driver ends the session. Its upstream is closed; the client sees what was sent to it.
    mutating func endPair(
        _ session: SessionID, _ cause: EndCause, reset: Bool, _ place: PairDriverPlace
    ) {
        guard !reset else { return breakPair(session, cause) }
        place.row(session).pointee.end(with: cause)
        wakePair(session)
    }

    /// The reason is that of the driver's call.
    func reportEnd(_ session: SessionID, _ cause: EndCause) {
        let kind: WorkerEvent.Kind = cause == .hook ? .hookClosed : .driverFailed
        events.report(WorkerEvent(kind: kind, pair: sessions[session].pair, cause: cause))
    }

    /// Ends both streams behind their queues. What comes until they end is read and dropped: a
    /// close with unread bytes would destroy those just sent. `linger` bounds the wait.
    mutating func endPairInOrder(_ session: SessionID) {
        guard let place = pairPlace(session), let cause = place.row(session).pointee.endsWith
        else { return }
        if sessions[session].phase == .connecting {
            closePairUpstream(session, reset: false, place)
        }
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        if legs[client].inbound != .discarded {
            legs.setCause(session, cause)
            sessions[session].endedAt = now
            let linger = pairs[sessions[session].pair].deadlines.linger
            if linger != 0 { legs.wheel.hasten(session, to: now &+ linger) }
        }
        let isUpstreamOver = upstream.isNone || endInOrder(upstream, .upstream, place, session)
        guard endInOrder(client, .client, place, session), isUpstreamOver else {
            return boundLinger(session, place)
        }
        end(session, cause, reset: false)
    }

    /// Ends a side behind its queue, and drops what still comes. Whether the side is over.
    private mutating func endInOrder(
        _ leg: LegID, _ side: PairSide, _ place: PairDriverPlace, _ session: SessionID
    ) -> Bool {
        let row = place.side(session, side)
        if legs[leg].inbound != .discarded {
            pairDrivers.rests.drop(row)
            row.pointee.isLinked = false
            // A wait for readability is cancelled under the kind of operation that it is.
            if legs[leg].inbound == .spliced { legs.endLink(leg) } else { legs.cancelReceive(leg) }
            legs.endLink(leg)
            legs[leg].inbound = .discarded
            if legs[leg].reading == .starved { legs.reads.remove(leg, legs.legs) }
        }
        if row.pointee.events.contains(.ended), legs[leg].reading != .ended {
            if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
            legs[leg].move(reading: .ended)
        }
        let isBroken = legs[leg].flags.contains(.broken) || row.pointee.events.contains(.broken)
        if !isBroken { shutPair(leg) }
        guard legs[leg].reading == .ended || isBroken else {
            dropOn(leg)
            return false
        }
        return isBroken || legs.isDrained(leg) && !hasSurplus(towards: leg)
    }

    /// Bytes of a side whose session is over.
    mutating func pairBytesLate(_ session: SessionID, _ leg: LegID, _ isMore: Bool) {
        if isOpen(session), !isMore { dropOn(leg) }
    }

    /// Whether a client's kernel has all bytes that were sent to it.
    private func isDelivered(_ session: SessionID) -> Bool {
        let client = sessions[session].client
        return !isLossy(client) && legs.calls.outstanding(legs[client].socket) <= 0
    }

    /// All bytes are with the kernel: a client that does not end its stream is not waited for
    /// as long as `linger`.
    private mutating func boundLinger(_ session: SessionID, _ place: PairDriverPlace) {
        let row = place.row(session)
        guard row.pointee.lingersUntil == 0, !isLossy(sessions[session].client) else { return }
        row.pointee.lingersUntil = now &+ Limits.endedLinger
        legs.wheel.hasten(session, to: row.pointee.lingersUntil)
    }

    /// The session's timer fired. True if it ended: its client had its time behind the last byte.
    private mutating func lingered(_ session: SessionID, _ place: PairDriverPlace) -> Bool {
        let row = place.row(session)
        guard let cause = row.pointee.endsWith, row.pointee.lingersUntil != 0 else { return false }
        guard now >= row.pointee.lingersUntil, isDelivered(session) else {
            legs.wheel.hasten(
                session, to: max(row.pointee.lingersUntil, now &+ Limits.resetWait))
            return false
        }
        expirePair(session, cause)
        return true
    }

    /// The end or the error of a side whose session is over.
    mutating func pairLateEnd(_ session: SessionID, _ leg: LegID, isBroken: Bool) {
        if isBroken {
            legs[leg].flags.insert(.broken)
        } else {
            legs[leg].move(reading: .ended)
        }
        wakePair(session)
    }

    /// The upstream's connection was reset, or failed, behind what it sent.
    mutating func pairBroke(
        _ session: SessionID, _ side: PairSide, _ place: PairDriverPlace
    ) -> Bool {
        guard side == .upstream else {
            end(session, .clientReset, reset: true)
            return false
        }
        let row = place.side(session, .upstream)
        // The driver gets what was left, behind the connection's close.
        let rest = pairDrivers.rests.take(row)
        closePairUpstream(session, reset: true, place)
        if rest.count > 0 { pairDrivers.rests.put(rest, row) }
        return callPair(session, place, .broken, on: .upstream, takesRest: true)
    }

    /// What was sent before goes out; then both sides are reset.
    mutating func breakPair(_ session: SessionID, _ cause: EndCause) {
        guard isOpen(session) else { return }
        if let place = pairPlace(session) { closePairUpstream(session, reset: true, place) }
        legs.breakClient(session, cause)
        heedNotices()
    }

    /// The driver threw, or broke a rule.
    mutating func failPair(_ session: SessionID) {
        guard isOpen(session) else { return }
        reportFailed(session)
        breakPair(session, .protocolError)
    }

    /// A session's last leg is closed: its driver is told, and what waited for it is freed.
    mutating func closePairDriver(_ session: SessionID) {
        guard let place = pairPlace(session) else { return }
        let row = place.row(session)
        if row.pointee.isQueued {
            row.pointee.isQueued = false
            pairDrivers.remove(session)
        }
        pairDrivers.rests.drop(place.side(session, .client))
        pairDrivers.rests.drop(place.side(session, .upstream))
        replacePairTask(session, .client, by: 0)
        replacePairTask(session, .upstream, by: 0)
        guard row.pointee.isMade else { return }
        row.pointee.isMade = false
        // A driver's command may be what ends the session: the commands behind it stay as they are.
        let count = pairDrivers.call.pointee.count
        describePair(session, place)
        pairDrivers.close(place, session, sessions[session].cause)
        hooks.call.pointee.end()
        pairDrivers.call.pointee.count = count
    }

    // MARK: Timers

    mutating func pairTimerFired(_ session: SessionID) {
        guard session != legs.links.parkedSession else { return legs.closeExpired() }
        guard let place = pairPlace(session) else { return }
        checkPairTimer(session, place)
        switch sessions[session].phase {
        case .connecting: legs.connectingTimerFired(session)
        case .relaying: relayingPairTimerFired(session)
        case .resetting: legs.resettingTimerFired(session)
        case .free, .ending: break
        }
    }

    private mutating func checkPairTimer(_ session: SessionID, _ place: PairDriverPlace) {
        let row = place.row(session)
        guard isOpen(session), row.pointee.timerAt != 0 else { return }
        guard now >= row.pointee.timerAt else {
            return legs.wheel.hasten(session, to: row.pointee.timerAt)
        }
        row.pointee.timerAt = 0
        row.pointee.events.insert(.timer)
        wakePair(session)
    }

    private mutating func relayingPairTimerFired(_ session: SessionID) {
        retryPairSurplus(session, .client)
        retryPairSurplus(session, .upstream)
        heedNotices()
        guard sessions[session].phase == .relaying, let place = pairPlace(session),
            !lingered(session, place)
        else { return }
        let row = sessions[session]
        var due = UInt64.max
        switch legs.checkDeadlines(session, idle: pairs[row.pair].deadlines.idle) {
        case .passed(let cause): return expirePair(session, cause)
        case .next(let time): due = time
        }
        let stall = pairs[row.pair].deadlines.stall
        guard let client = legs.checkLeg(row.client, session: session, stall: stall)
        else { return }
        due = min(due, client)
        if !row.upstream.isNone {
            guard let upstream = legs.checkLeg(row.upstream, session: session, stall: stall)
            else { return }
            due = min(due, upstream)
        }
        due = min(due, legs.checkLateOptions(session))
        if sessions[session].resetAt != 0 { foundReset(session) }
        if due != .max, isOpen(session) { legs.wheel.hasten(session, to: due) }
    }

    /// A paused side was found reset: nothing is read from it any more.
    private mutating func foundReset(_ session: SessionID) {
        sessions[session].resetAt = 0
        guard !legs.isGone(sessions[session].client) else {
            return end(session, .clientReset, reset: true)
        }
        // The cause is the driver's to say.
        sessions[session].hasCause = false
        let upstream = sessions[session].upstream
        guard !upstream.isNone, legs.isGone(upstream) else { return }
        wakePair(session, .upstream, for: .broken)
    }

    private mutating func expirePair(_ session: SessionID, _ cause: EndCause) {
        guard let endsWith = pairPlace(session)?.row(session).pointee.endsWith else {
            return end(session, cause, reset: true)
        }
        // Each side sees an end in order only behind all of its bytes.
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        legs.end(
            session, endsWith, resetsClient: isLossy(client),
            resetsUpstream: !upstream.isNone && isLossy(upstream))
        heedNotices()
    }

    private func isLossy(_ leg: LegID) -> Bool {
        !legs.isDrained(leg) || hasSurplus(towards: leg)
    }

    /// Blocks may be free for what the driver sent.
    private mutating func retryPairSurplus(_ session: SessionID, _ side: PairSide) {
        guard isOpen(session), hasLater(session) else { return }
        let leg = leg(session, side)
        guard !leg.isNone, hasSurplus(towards: leg) else { return }
        sendSurplus(towards: leg)
        guard isOpen(session), !hasSurplus(towards: leg) else { return }
        if legs[leg].flags.contains(.shutsBehindQueue) { shutPair(leg) }
        wakePair(session)
    }

    /// The engine drains: drivers are told.
    mutating func drainPairs() {
        legs.closeAllParked()
        for session in legs.sessionSlab.used
        where sessions[session].kind == .drivenStreams && isOpen(session) {
            pairPlace(session)?.row(session).pointee.events.insert(.draining)
            wakePair(session)
        }
        heedNotices()
    }
}
