// A session's timer fired.
extension Relay where R: ~Copyable {
    mutating func timerFired(_ session: SessionID) {
        guard sessions[session].kind != .drivenStreams else { return pairTimerFired(session) }
        guard !legs.isProbe(session) else { return legs.probeTimerFired(session) }
        if hooks.areThere, isOpen(session), checkParked(session) { return heedNotices() }
        if drivers.areThere, isOpen(session) { checkDrivers(session) }
        switch sessions[session].phase {
        case .connecting: legs.connectingTimerFired(session)
        case .relaying where sessions[session].kind.isOfStreams: streamsTimerFired(session)
        case .relaying: messagesTimerFired(session)
        case .resetting: legs.resettingTimerFired(session)
        case .free, .ending: break
        }
    }

    private mutating func streamsTimerFired(_ session: SessionID) {
        if pairs[sessions[session].pair].hooks.areThere {
            retrySurplus(session)
            heedNotices()
            guard sessions[session].phase == .relaying else { return }
        }
        guard let cause = legs.checkStreams(session) else { return }
        let isFramed = sessions[session].kind == .framedStreams
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        guard !upstream.isNone else {
            return end(session, cause, reset: !legs.isDrained(client) || hasDriven(session))
        }
        let isLossy = isFramed && holdsMessages(session) || hasChunks(session)
        legs.expire(session, cause, isLossy: isLossy)
    }

    /// Whether bytes of two framed streams are not forwarded yet, or the end has to be a reset.
    private mutating func holdsMessages(_ session: SessionID) -> Bool {
        states[session].endsWithReset || holdsMessage(FramedID(session, ofClient: true))
            || holdsMessage(FramedID(session, ofClient: false))
    }

    private mutating func holdsMessage(_ stream: FramedID) -> Bool {
        guard framed[stream].uncut.isEmpty else { return true }
        return framed[stream].scanner.end() != .clean
    }

    private mutating func messagesTimerFired(_ session: SessionID) {
        guard !finishIfDelivered(session) else { return }
        let row = sessions[session]
        // A side without a receive was found reset.
        if row.resetAt != 0, now >= row.resetAt { return end(session, row.cause, reset: true) }
        let stall = pairs[row.pair].deadlines.stall
        guard var due = messageDeadline(session) else { return }
        if stall != 0, !row.upstream.isNone,
            legs[row.upstream].kind.isFlowControlled, legs[row.upstream].writing == .sending
        {
            let at = legs[row.upstream].progress.at &+ stall
            if now >= at { return end(session, .sendStalled, reset: true) }
            due = min(due, at)
        }
        if row.kind != .datagrams {
            let stream = row.kind == .streamToDatagrams ? row.client : row.upstream
            guard !stream.isNone else { return legs.wheel.hasten(session, to: due) }
            guard let leg = legs.checkLeg(stream, session: session, stall: stall) else { return }
            due = min(due, leg, legs.checkLateOptions(session))
        }
        if due != .max { legs.wheel.hasten(session, to: due) }
    }

    /// When the next deadline passes; nil when one has passed and ended the session.
    private mutating func messageDeadline(_ session: SessionID) -> UInt64? {
        let row = sessions[session]
        let isDrained = legs.isDraining && (row.kind.hasNamedClient || row.endedAt != 0)
        var idle = pairs[row.pair].deadlines.idle
        if isDrained { idle = min(idle == 0 ? .max : idle, Limits.drainSilence) }
        switch legs.checkDeadlines(session, idle: idle) {
        case .next(let due): return due
        case .passed(.idle) where isHeldByUnread(session):
            sessions[session].activeAt = now
            return now &+ idle
        case .passed(.idle) where isDrained && (hasParked(session) || isBusy(session)):
            sessions[session].activeAt = now
            return now &+ idle
        // The client had ended: only responses were awaited.
        case .passed(.idle) where row.endedAt != 0:
            end(session, .completed, reset: hasQueued(session))
        case .passed(.linger) where !hasQueued(session):
            end(session, .completed, reset: false)
        case .passed(let cause):
            end(session, cause, reset: hasQueued(session))
        }
        return nil
    }
}
