internal import Glibc

// Parked legs: connections to upstreams that wait for a session. Each is read, and closed by
// whatever comes: a byte, an end or an error.
extension Legs where R: ~Copyable {
    /// Makes the row that parked legs have for a session.
    func beginParking() {
        sessions[links.parkedSession] = SessionRow()
        sessions[links.parkedSession].kind = .drivenStreams
        sessions[links.parkedSession].move(to: .connecting)
        sessions[links.parkedSession].move(to: .relaying)
    }

    @inline(__always)
    func isParked(_ leg: LegID) -> Bool { legs[leg].session == links.parkedSession }

    /// Whether an upstream's leg is clean: nothing came, nothing is on its way.
    private func isClean(_ leg: LegID) -> Bool {
        let row = legs.row(leg)
        let isIdle = row.pointee.reading == .receiving || row.pointee.mayRead
        return isIdle && row.pointee.phase == .open && row.pointee.writing == .idle
            && row.pointee.inbound == .driven && isDrained(leg)
            && row.pointee.flags.isDisjoint(with: [.broken, .shutsBehindQueue, .unread])
    }

    /// Takes the upstream's leg out of a session, and parks it; one that is not clean is closed.
    ///
    /// - Parameters:
    ///   - isWanted: the driver says that the last exchange was complete.
    ///   - time: until when.
    mutating func park(_ session: SessionID, isWanted: Bool, until time: UInt64) {
        let leg = sessions[session].upstream
        guard isWanted, !isDraining, links.parked < parkedMax, isClean(leg) else {
            return closeUpstream(session, reset: !isDrained(leg))
        }
        detach(session, leg)
        let row = legs.row(leg)
        let upstream = pairs[sessions[session].pair].upstreams + Int(row.pointee.dialled.upstream)
        row.pointee.session = links.parkedSession
        row.pointee.pair = sessions[session].pair
        row.pointee.flags.remove([.unasked, .tellsDrained])
        row.pointee.progress.at = time
        row.pointee.next = upstream.pointee.parked
        upstream.pointee.parked = leg
        links.parked &+= 1
        links.open &+= 1
        wheel.hasten(links.parkedSession, to: time)
        if row.pointee.reading == .receiving { return }
        if row.pointee.reading == .paused { row.pointee.move(reading: .idle) }
        arm(leg, expectsBytes: false)
    }

    /// A quarter of the sessions' legs, and a thousand at most.
    private var parkedMax: Int { min(Limits.parkedMax, max(1, limits.sessions / 4)) }

    /// The upstream's leg belongs to no session any more.
    private func detach(_ session: SessionID, _ leg: LegID) {
        let client = sessions[session].client
        sessions[session].upstream = .none
        sessions[session].legs &-= 1
        if !client.isNone { legs[client].peer = .absent }
        legs[leg].peer = .absent
    }

    /// Closes a session's upstream, or the dials for one; the session goes on.
    mutating func closeUpstream(_ session: SessionID, reset: Bool) {
        let row = sessions.row(session)
        if row.pointee.phase == .connecting {
            closeAttempts(session)
            endChoice(session)
            row.pointee.hasCause = false
            return row.pointee.move(to: .relaying)
        }
        let leg = row.pointee.upstream
        guard !leg.isNone else { return }
        let client = row.pointee.client
        row.pointee.upstream = .none
        if !client.isNone { legs[client].peer = .absent }
        legs[leg].peer = .absent
        close(leg, reset: reset)
    }

    /// Gives a session a parked leg of the upstream that it would dial. False when there is none.
    mutating func takeParked(_ session: SessionID) -> Bool {
        let row = sessions.row(session)
        let upstream = pairs[row.pointee.pair].upstreams + currentUpstream(session)
        while !upstream.pointee.parked.isNone {
            let leg = upstream.pointee.parked
            // An end or a byte may have come since the last loop. A row of one address may have
            // got another one.
            guard legs[leg].phase == .open, !hasMoved(leg, row.pointee.pair),
                !calls.stirs(legs[leg].socket)
            else {
                closeParked(leg)
                continue
            }
            unpark(leg)
            links.open &-= 1
            legs[leg].session = session
            legs[leg].pair = PairID(0)
            legs[leg].progress.at = now
            row.pointee.upstream = leg
            row.pointee.legs &+= 1
            endChoice(session)
            return true
        }
        return false
    }

    /// Whether a leg's address belongs to no row any more, where each has one of its own.
    private func hasMoved(_ leg: LegID, _ pair: PairID) -> Bool {
        guard pairs[pair].spreadsAddresses else { return false }
        let dialled = legs[leg].dialled
        return !pairs[pair].upstreams[Int(dialled.upstream)].isPresent(dialled)
    }

    /// Takes a leg out of its list.
    private mutating func unpark(_ leg: LegID) {
        let row = legs.row(leg)
        let upstream = pairs[row.pointee.pair].upstreams + Int(row.pointee.dialled.upstream)
        var at = upstream.pointee.parked
        if at == leg {
            upstream.pointee.parked = row.pointee.next
        } else {
            while legs[at].next != leg { at = legs[at].next }
            legs[at].next = row.pointee.next
        }
        row.pointee.next = .none
        links.parked &-= 1
        if links.parked == 0 { wheel.remove(links.parkedSession) }
    }

    /// Something came on a parked leg, or its time is over.
    mutating func closeParked(_ leg: LegID) {
        guard legs[leg].phase == .open else { return closeIfIdle(leg) }
        unpark(leg)
        close(leg, reset: false)
    }

    /// The timer of parked legs fired.
    mutating func closeExpired() {
        var due = UInt64.max
        for leg in legSlab.used
        where legs[leg].isInUse && isParked(leg) && legs[leg].phase == .open {
            if now >= legs[leg].progress.at {
                closeParked(leg)
            } else {
                due = min(due, legs[leg].progress.at)
            }
        }
        if due != .max { wheel.hasten(links.parkedSession, to: due) }
    }

    /// The worker drains or stops.
    mutating func closeAllParked() {
        for leg in legSlab.used
        where legs[leg].isInUse && isParked(leg) && legs[leg].phase == .open {
            closeParked(leg)
        }
    }
}
