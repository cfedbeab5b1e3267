internal import Glibc

// A session's timer came up: what is really due, and when to look again.
extension StreamRelay where R: ~Copyable {
    mutating func look(after session: SessionID) {
        switch sessions[session].phase {
        case .connecting: lookConnecting(session)
        case .relaying:
            if sessions[session].kind == .streams {
                lookRelaying(session)
            } else {
                lookMessages(session)
            }
        case .resetting: lookResetting(session)
        case .free, .ending: break
        }
    }

    mutating func lookRelaying(_ session: SessionID) {
        let it = sessions[session]
        let pair = pairs[it.pair]
        if it.resetAt != 0, now >= it.resetAt {
            // A side was found broken, and what it had sent before could not be moved in time.
            return streamBroke(isGone(it.client) ? it.client : it.upstream)
        }
        var due = UInt64.max
        if it.resetAt != 0 { due = it.resetAt }
        if pair.firstByte != 0, !it.hasBytes {
            let at = it.openedAt &+ pair.firstByte
            if now >= at { return expire(session, .firstByte) }
            due = min(due, at)
        }
        if pair.idle != 0 {
            let at = silentSince(session, pair.idle) &+ pair.idle
            if now >= at { return expire(session, .idle) }
            due = min(due, at)
        }
        if pair.linger != 0, it.endedAt != 0 {
            let at = max(it.endedAt, silentSince(session, pair.linger)) &+ pair.linger
            if now >= at { return expire(session, .linger) }
            due = min(due, at)
        }
        guard let client = lookLeg(it.client, session: session, stall: pair.stall),
            let upstream = lookLeg(it.upstream, session: session, stall: pair.stall)
        else { return }
        due = min(due, client, upstream)
        due = min(due, lookLateOptions(session))
        if due != .max { wheel.hasten(session, to: due) }
    }

    /// Since when no byte moved in either direction. The kernel takes bytes long before the far
    /// side does, so it is asked what became of them before that counts as so long.
    mutating func silentSince(_ session: SessionID, _ deadline: UInt64) -> UInt64 {
        let it = sessions[session]
        guard now >= it.activeAt &+ deadline else { return it.activeAt }
        noteDelivery(it.client, session)
        noteDelivery(it.upstream, session)
        return sessions[session].activeAt
    }

    private mutating func noteDelivery(_ leg: LegID, _ session: SessionID) {
        guard !leg.isNone, !legs[leg].kind.isDatagrams, legs[leg].phase != .closing
        else { return }
        let socket = legs[leg].socket
        if ring.outstanding(socket) > 0 {
            if noteAcknowledged(leg) { sessions[session].activeAt = now }
        } else {
            // The last byte was taken a moment after it was sent.
            let sentAt = now &- min(now, ring.sentAgo(socket))
            sessions[session].activeAt = max(sessions[session].activeAt, sentAt)
        }
    }

    /// Notes what the far side has acknowledged. Whether that is more than before; when it was not
    /// asked before, it may be.
    private mutating func noteAcknowledged(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let acknowledged = ring.acknowledged(row.pointee.socket)
        let outstanding = ring.outstanding(row.pointee.socket)
        let mark = acknowledged >= 0 ? acknowledged : Int64.max &- outstanding
        guard mark != row.pointee.progress.acknowledged else { return false }
        row.pointee.progress.acknowledged = mark
        row.pointee.progress.at = now
        return true
    }

    /// Something waits to go out: the session is looked at once its stall deadline may have passed.
    @inline(__always)
    mutating func watchStall(_ session: SessionID) {
        let stall = pairs[sessions[session].pair].stall
        if stall != 0 { wheel.hasten(session, to: now &+ stall) }
    }

    /// Sets the keepalive on both sides when it is time, or says when that will be.
    mutating func lookLateOptions(_ session: SessionID) -> UInt64 {
        let it = sessions[session]
        let pair = pairs.row(it.pair)
        guard pair.pointee.lateOptionsAfter != 0, !it.hasLateOptions else { return .max }
        let at = it.openedAt &+ pair.pointee.lateOptionsAfter
        guard now >= at else { return at }
        sessions[session].hasLateOptions = true
        // A Unix socket refuses them, and needs none: its far side cannot vanish unseen.
        let options = pair.pointee.lateOptions
        configureLate(it.client, options)
        configureLate(it.upstream, options)
        return .max
    }

    /// A client among many has no leg, and datagrams have no connection to keep alive.
    private mutating func configureLate(_ leg: LegID, _ options: SocketOptions) {
        guard !leg.isNone, !legs[leg].kind.isDatagrams else { return }
        _ = ring.configure(legs[leg].socket, family: AF_INET, options: options)
    }

    /// When to look at this leg again; nil when its session was ended.
    mutating func lookLeg(_ leg: LegID, session: SessionID, stall: UInt64) -> UInt64? {
        let row = legs.row(leg)
        var due = UInt64.max
        if row.pointee.reading == .paused {
            // Nothing reads this socket, so a reset of it would go unseen.
            if sessions[session].resetAt == 0, ring.isBroken(row.pointee.socket) {
                row.pointee.marks.insert(.broken)
                setCause(
                    session, row.pointee.kind.isClient ? .clientReset : .upstreamReset)
                sessions[session].resetAt = now &+ RelayLimits.resetWait
                due = now &+ RelayLimits.resetWait
            } else {
                due = now &+ RelayLimits.brokenCheck
            }
        }
        if row.pointee.marks.contains(.unasked) { due = min(due, askWhetherOver(leg, session)) }
        guard stall != 0, row.pointee.writing == .sending else { return due }
        var at = row.pointee.progress.at &+ stall
        if now >= at {
            // A send of a whole queue shows no progress until it ends; what was acknowledged does.
            guard noteAcknowledged(leg) else {
                end(session, .sendStalled, reset: true)
                return nil
            }
            at = now &+ stall
        }
        return min(due, at)
    }

    /// Asks a silent stream whether it is over, though its receive did not tell, and arms that anew
    /// if so. When to ask if it is not silent yet, else never.
    private mutating func askWhetherOver(_ leg: LegID, _ session: SessionID) -> UInt64 {
        let row = legs.row(leg)
        let at = sessions[session].activeAt &+ RelayLimits.silenceCheck
        guard now >= at else { return at }
        row.pointee.marks.remove(.unasked)
        guard row.pointee.reading == .receiving, row.pointee.inbound != .spliced,
            ring.isOver(row.pointee.socket)
        else { return .max }
        // The receive itself tells what it was: bytes that it still holds come first.
        ring.cancel(token(leg, .receive))
        return .max
    }

    mutating func lookResetting(_ session: SessionID) {
        let it = sessions[session]
        if !it.client.isNone, legs[it.client].phase == .resetting {
            resetIfDelivered(it.client)
        } else if !it.upstream.isNone, legs[it.upstream].phase == .resetting {
            resetIfDelivered(it.upstream)
        }
    }

    /// Whether the leg is the one that was found broken.
    func isGone(_ leg: LegID) -> Bool { legs[leg].marks.contains(.broken) }

    /// Whether bytes would be lost: then the end must not look like a clean one.
    func hasWaiting(_ session: SessionID) -> Bool {
        let it = sessions[session]
        return !isDrained(it.client) || !isDrained(it.upstream) || holdsUnread(it.client)
            || holdsUnread(it.upstream)
    }

    /// Whether a leg that is not read, for want of room or of a block, holds bytes. One that was
    /// told of some may have received them since.
    private func holdsUnread(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        if row.pointee.reading == .paused { return true }
        return row.pointee.marks.contains(.unread) && ring.hasUnread(row.pointee.socket)
    }
}
