internal import Glibc

/// The result of checking a session's deadlines.
enum Deadline {
    case passed(EndCause)
    /// When the next deadline passes; `.max` is never.
    case next(UInt64)
}

// A session's timer fired: which deadline has passed, and when the next check is.
extension Legs where R: ~Copyable {
    /// Checks a session of two streams. The deadline that has passed, or nil.
    mutating func checkStreams(_ session: SessionID) -> EndCause? {
        let row = sessions[session]
        if row.resetAt != 0, now >= row.resetAt {
            // A broken side's earlier bytes could not be moved in time.
            streamBroke(isGone(row.client) ? row.client : row.upstream)
            return nil
        }
        var due = row.resetAt == 0 ? UInt64.max : row.resetAt
        switch checkDeadlines(session, idle: pairs[row.pair].deadlines.idle) {
        case .passed(let cause): return cause
        case .next(let time): due = min(due, time)
        }
        let stall = pairs[row.pair].deadlines.stall
        guard let client = checkLeg(row.client, session: session, stall: stall) else { return nil }
        // A driver may have none.
        var upstream = UInt64.max
        if !row.upstream.isNone {
            guard let time = checkLeg(row.upstream, session: session, stall: stall) else {
                return nil
            }
            upstream = time
        }
        due = min(due, client, upstream, checkLateOptions(session))
        if due != .max { wheel.hasten(session, to: due) }
        return nil
    }

    /// Checks the first-byte, idle and linger deadlines.
    ///
    /// - Parameter idle: nanoseconds; 0 is never.
    mutating func checkDeadlines(_ session: SessionID, idle: UInt64) -> Deadline {
        let row = sessions[session]
        let pair = pairs.row(row.pair)
        var due = UInt64.max
        if pair.pointee.deadlines.firstByte != 0, !row.marks.contains(.hasBytes) {
            let at = row.openedAt &+ pair.pointee.deadlines.firstByte
            if now >= at { return .passed(.firstByte) }
            due = at
        }
        if idle != 0 {
            let at = silentSince(session, idle) &+ idle
            if now >= at { return .passed(.idle) }
            due = min(due, at)
        }
        let linger = pair.pointee.deadlines.linger
        if linger != 0, row.endedAt != 0 {
            let at = max(row.endedAt, silentSince(session, linger)) &+ linger
            if now >= at { return .passed(.linger) }
            due = min(due, at)
        }
        return .next(due)
    }

    /// When the last byte moved in either direction. The kernel accepts bytes long before the far
    /// side does, so past the deadline the acknowledged bytes count as well.
    mutating func silentSince(_ session: SessionID, _ deadline: UInt64) -> UInt64 {
        let row = sessions[session]
        guard now >= row.activeAt &+ deadline else { return row.activeAt }
        noteDelivery(row.client, session)
        noteDelivery(row.upstream, session)
        return sessions[session].activeAt
    }

    private mutating func noteDelivery(_ leg: LegID, _ session: SessionID) {
        guard !leg.isNone, !legs[leg].kind.isDatagrams, legs[leg].phase != .closing
        else { return }
        let socket = legs[leg].socket
        if calls.outstanding(socket) > 0 {
            if noteAcknowledged(leg) { sessions[session].activeAt = now }
        } else {
            // All is acknowledged: the last byte shortly after it was sent.
            let sentAt = now &- min(now, calls.sentAgo(socket))
            sessions[session].activeAt = max(sessions[session].activeAt, sentAt)
        }
    }

    /// Notes the acknowledged bytes. True if there are more than at the last call, or at the first.
    private mutating func noteAcknowledged(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let acknowledged = calls.acknowledged(row.pointee.socket)
        let outstanding = calls.outstanding(row.pointee.socket)
        // Another one than before the first check also where nothing is outstanding.
        let mark = acknowledged >= 0 ? acknowledged : Int64.max &- 1 &- outstanding
        return row.pointee.progress.acknowledge(mark, at: now)
    }

    /// Bytes wait to be sent: schedules a check of the stall deadline.
    @inline(__always)
    mutating func watchStall(_ session: SessionID) {
        let stall = pairs[sessions[session].pair].deadlines.stall
        if stall != 0 { wheel.hasten(session, to: now &+ stall) }
    }

    /// Sets the keepalive on both sides when due; else returns when it will be.
    mutating func checkLateOptions(_ session: SessionID) -> UInt64 {
        let row = sessions[session]
        let pair = pairs.row(row.pair)
        guard pair.pointee.lateOptionsAfter != 0, !row.marks.contains(.lateOptions) else {
            return .max
        }
        let at = row.openedAt &+ pair.pointee.lateOptionsAfter
        guard now >= at else { return at }
        sessions[session].marks.insert(.lateOptions)
        // A Unix socket refuses keepalive, and needs none: its far side cannot vanish unseen.
        let options = pair.pointee.lateOptions
        configureLate(row.client, options)
        configureLate(row.upstream, options)
        return .max
    }

    /// A listener's client has no leg, and a datagram socket no connection to keep alive.
    private mutating func configureLate(_ leg: LegID, _ options: SocketOptions) {
        guard !leg.isNone, !legs[leg].kind.isDatagrams else { return }
        _ = calls.configure(legs[leg].socket, family: AF_INET, options: options)
    }

    /// When to check this leg again; nil when its session was ended.
    mutating func checkLeg(_ leg: LegID, session: SessionID, stall: UInt64) -> UInt64? {
        let row = legs.row(leg)
        var due = UInt64.max
        if row.pointee.reading == .paused {
            // A paused leg has no receive that would report a reset.
            if sessions[session].resetAt == 0, calls.isBroken(row.pointee.socket) {
                due = noteReset(leg)
            } else {
                due = now &+ Limits.brokenCheck
            }
        }
        if row.pointee.flags.contains(.unasked) { due = min(due, askWhetherOver(leg, session)) }
        guard stall != 0, row.pointee.writing == .sending else { return due }
        var at = row.pointee.progress.at &+ stall
        if now >= at {
            // A send of a whole queue shows no progress until it completes; acknowledged bytes do.
            guard noteAcknowledged(leg) else {
                end(session, .sendStalled, reset: true)
                return nil
            }
            at = now &+ stall
        }
        return min(due, at)
    }

    /// A stream was reset, and bytes that came before the reset are not forwarded yet: the session
    /// waits a second for them. Returns when it ends.
    mutating func noteReset(_ leg: LegID) -> UInt64 {
        let session = legs[leg].session
        legs[leg].flags.insert(.broken)
        setCause(session, legs[leg].kind.isClient ? .clientReset : .upstreamReset)
        sessions[session].resetAt = now &+ Limits.resetWait
        return sessions[session].resetAt
    }

    /// Asks a silent stream's socket for an end that its receive missed, and cancels the receive if
    /// there is one: it is then armed anew. Returns when to ask a stream that is not silent yet.
    private mutating func askWhetherOver(_ leg: LegID, _ session: SessionID) -> UInt64 {
        let row = legs.row(leg)
        let at = sessions[session].activeAt &+ Limits.silenceCheck
        guard now >= at else { return at }
        row.pointee.flags.remove(.unasked)
        guard row.pointee.reading == .receiving, row.pointee.inbound != .spliced,
            calls.isOver(row.pointee.socket)
        else { return .max }
        // The new receive reports the end, behind bytes that are still unread.
        ring.cancel(token(leg, .receive))
        return .max
    }

    mutating func resettingTimerFired(_ session: SessionID) {
        let row = sessions[session]
        if !row.client.isNone, legs[row.client].phase == .resetting {
            resetIfDelivered(row.client)
        }
        // The first one may have ended the session, and freed its row.
        guard sessions[session].phase == .resetting else { return }
        if !row.upstream.isNone, legs[row.upstream].phase == .resetting {
            resetIfDelivered(row.upstream)
        }
    }

    /// Whether this is the leg found broken.
    func isGone(_ leg: LegID) -> Bool { legs[leg].flags.contains(.broken) }

    /// Whether an end would lose bytes: it must not look orderly then.
    func hasWaiting(_ session: SessionID) -> Bool {
        let row = sessions[session]
        return !isDrained(row.client) || !isDrained(row.upstream) || holdsUnread(row.client)
            || holdsUnread(row.upstream)
    }

    /// Whether a leg that is not read, for want of room or of a block, has unread bytes. A leg
    /// marked `unread` may have received them since.
    private func holdsUnread(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        if row.pointee.reading == .paused { return true }
        return row.pointee.flags.contains(.unread) && calls.hasUnread(row.pointee.socket)
    }
}
