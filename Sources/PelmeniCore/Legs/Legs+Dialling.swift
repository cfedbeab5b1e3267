internal import CPelmeni
internal import Glibc

// Dialling: upstreams round-robin, the addresses of each with an attempt delay.
extension Legs where R: ~Copyable {
    /// Gives the session an upstream to begin with; -1 is the next one, round-robin.
    mutating func assign(_ session: SessionID, upstream: Int) {
        let pair = pairs.row(sessions[session].pair)
        let first = upstream < 0 ? pair.pointee.takeTurn() : pair.pointee.takeTurn(of: upstream)
        beginChoice(session, UpstreamPolicy(first: first))
    }

    /// Dials a new session, or queues it for one of the next loops when this one has no dial left.
    @inline(__always)
    mutating func dialInTurn(_ session: SessionID) {
        if dials.grant() { return dial(session) }
        dials.append(sessions[session].client, legs)
        if dials.isContended { reads.noteContention(now) }
    }

    /// Dials the upstream that a driver's session was given.
    mutating func beginDial(_ session: SessionID) {
        let row = sessions.row(session)
        row.pointee.hasCause = false
        dialRow(session).pointee.retryAt = 0
        row.pointee.move(to: .connecting)
        dial(session)
    }

    /// Dials the next queued session. False when none waits, or the loop has no dial left.
    mutating func dialNext() -> Bool {
        let client = dials.popFirst(legs)
        guard !client.isNone else { return false }
        let session = legs[client].session
        // The check costs a call, and most sessions wait for a loop or two.
        let hasWaited = now &- sessions[session].openedAt >= Limits.brokenCheck
        if hasWaited, endIfAbandoned(session) { return true }
        dial(session)
        return true
    }

    /// Dials the next address; ends the session when no address and no attempt is left.
    mutating func dial(_ session: SessionID) {
        let row = sessions.row(session)
        let choice = dialRow(session)
        let count = pairs[row.pointee.pair].upstreamCount
        while true {
            let upstream = currentUpstream(session)
            if !choice.pointee.policy.isOver(count), isWorthDialling(session, upstream) {
                while let address = nextAddress(session, of: upstream) {
                    if dialAddress(session, address, of: upstream) { return }
                }
                // Attempts at this upstream are in flight; the next upstream waits for them.
                if !row.pointee.upstream.isNone { return }
                upstreamFailed(session, upstream)
            }
            choice.pointee.policy.moveOn()
            guard !choice.pointee.policy.isOver(count) else { break }
        }
        guard row.pointee.upstream.isNone else { return }
        // A driver that dials may answer its client itself.
        let pair = pairs.row(row.pointee.pair)
        guard
            row.pointee.marks.contains(.probe)
                || row.pointee.kind != .drivenStreams && !pair.pointee.hooks.dialsOnDemand
        else {
            endChoice(session)
            row.pointee.move(to: .relaying)
            return notify(session)
        }
        end(session, row.pointee.hasCause ? row.pointee.cause : .noUpstream, reset: true)
    }

    @inline(__always)
    func currentUpstream(_ session: SessionID) -> Int {
        let count = pairs[sessions[session].pair].upstreamCount
        return dialRow(session).pointee.policy.current(of: count)
    }

    /// The first round skips upstreams in backoff, the second one dials them; each upstream once.
    func isWorthDialling(_ session: SessionID, _ upstream: Int) -> Bool {
        let entry = sessions.row(session)
        let pair = pairs.row(entry.pointee.pair)
        let choice = dialRow(session)
        guard choice.pointee.policy.mayDial(upstream) else { return false }
        let row = pair.pointee.upstreams + upstream
        guard row.pointee.addressCount > 0 || !choice.pointee.policy.isFresh else {
            if !entry.pointee.hasCause {
                entry.pointee.cause = .resolveFailed
                entry.pointee.hasCause = true
            }
            return false
        }
        return !choice.pointee.policy.passesOver(
            isBackingOff: row.pointee.backoff.isResting(now), of: pair.pointee.upstreamCount)
    }

    /// The address that the session dials next; nil when it has dialled each.
    private func nextAddress(_ session: SessionID, of upstream: Int) -> Int? {
        let row = pairs[sessions[session].pair].upstreams + upstream
        let choice = dialRow(session)
        let lookup = choice.pointee.policy.lookup
        if lookup != row.pointee.lookups {
            choice.pointee.policy.forget(
                row.pointee.numbers(since: lookup), lookup: row.pointee.lookups)
        }
        return row.pointee.next(after: choice.pointee.policy.addresses, now)
    }

    /// An address of an upstream, as a leg knows it.
    private func dialled(
        _ session: SessionID, _ number: Int, of upstream: Int
    ) -> LegRow.Dialled {
        let row = pairs[sessions[session].pair].upstreams + upstream
        return LegRow.Dialled(
            upstream: UInt8(truncatingIfNeeded: upstream),
            address: UInt8(truncatingIfNeeded: number),
            generation: row.pointee.address(number).pointee.generation)
    }

    /// Dials one address. False when the attempt could not start.
    mutating func dialAddress(_ session: SessionID, _ number: Int, of upstream: Int) -> Bool {
        let entry = sessions.row(session)
        let choice = dialRow(session)
        let pair = pairs.row(entry.pointee.pair)
        if choice.pointee.policy.isFresh, choice.pointee.retryAt == 0 {
            choice.pointee.dialledAt = now
        }
        choice.pointee.policy.noteDialled(number, of: upstream)
        if entry.pointee.kind.forwardsDatagrams {
            guard !dialDatagrams(session, number, of: upstream) else { return true }
            noteAddressFailed(session, dialled(session, number, of: upstream))
            return false
        }
        choice.pointee.retryAt = 0
        choice.pointee.attemptAt = now
        let row = (pair.pointee.upstreams + upstream).pointee.address(number)
        let family = row.pointee.address.family
        var socket = calls.open(family: family)
        if reserve.note(socket), spendReserve() { socket = calls.open(family: family) }
        let kind: LegRow.Kind = family == AF_UNIX ? .unixUpstream : .upstream
        let leg = addLeg(kind, socket: socket, session, number, of: upstream)
        guard !leg.isNone else {
            noteAddressFailed(session, dialled(session, number, of: upstream))
            return false
        }
        legs[leg].move(writing: .connecting)
        legs[leg].next = entry.pointee.upstream
        entry.pointee.upstream = leg
        _ = calls.configure(socket, family: family, options: pair.pointee.options)
        ring.connect(socket, to: &row.pointee.address, token: token(leg, .connect))
        scheduleDial(session)
        return true
    }

    /// Makes a leg towards an upstream from a socket, or from the error of its opening. None on
    /// failure, which the session notes.
    mutating func addLeg(
        _ kind: LegRow.Kind, socket: Int32, _ session: SessionID, _ address: Int,
        of upstream: Int
    ) -> LegID {
        guard socket >= 0 else {
            noteFailure(session, socket)
            return .none
        }
        let leg = allocateLeg(kind, socket: socket, session: session)
        guard !leg.isNone else {
            calls.close(socket)
            noteFailure(session, -EMFILE)
            return leg
        }
        legs[leg].dialled = dialled(session, address, of: upstream)
        sessions[session].legs &+= 1
        counters.add(.connects)
        return leg
    }

    /// Closes the reserve's descriptor; false when it is spent.
    mutating func spendReserve() -> Bool {
        guard let descriptor = reserve.spend() else { return false }
        calls.close(descriptor)
        return true
    }

    func noteFailure(_ session: SessionID, _ error: Int32) {
        let row = sessions.row(session)
        row.pointee.hasCause = true
        row.pointee.cause =
            switch -error {
            case ECONNREFUSED, ENOENT, ECONNRESET, EPIPE: .connectRefused
            case ETIMEDOUT: .connectTimeout
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: .limit
            default: .noUpstream
            }
    }

    /// Ends a session whose client reset before an upstream accepted: until then no receive would
    /// report the reset. True if ended.
    ///
    /// A client that only half-closed still waits for the response.
    private mutating func endIfAbandoned(_ session: SessionID) -> Bool {
        let client = sessions[session].client
        guard !client.isNone, calls.isBroken(legs[client].socket) else { return false }
        // The upstreams' errors so far are not the cause.
        sessions[session].hasCause = false
        end(session, .clientReset, reset: true)
        return true
    }

    /// Schedules the next check: the next address, the connect deadline, or a client gone.
    mutating func scheduleDial(_ session: SessionID) {
        let row = sessions[session]
        let choice = dialRow(session)
        let pair = pairs.row(row.pair)
        var due = choice.pointee.dialledAt &+ pair.pointee.deadlines.connect
        if !row.client.isNone { due = min(due, now &+ Limits.brokenCheck) }
        if nextAddress(session, of: currentUpstream(session)) != nil {
            due = min(due, choice.pointee.attemptAt &+ Limits.connectionAttemptDelay)
        }
        wheel.hasten(session, to: due)
    }

    /// The connect deadline has passed: each address in flight has failed.
    private func failAttempts(_ session: SessionID) {
        var leg = sessions[session].upstream
        while !leg.isNone {
            noteAddressFailed(session, legs[leg].dialled, error: -ETIMEDOUT)
            leg = legs[leg].next
        }
    }

    mutating func connectingTimerFired(_ session: SessionID) {
        let pair = pairs.row(sessions[session].pair)
        guard !endIfAbandoned(session) else { return }
        let choice = dialRow(session)
        let upstream = currentUpstream(session)
        if now >= choice.pointee.dialledAt &+ pair.pointee.deadlines.connect {
            noteFailure(session, -ETIMEDOUT)
            failAttempts(session)
            closeAttempts(session)
            upstreamFailed(session, upstream)
            choice.pointee.policy.moveOn()
            choice.pointee.retryAt = 0
            return dial(session)
        }
        if choice.pointee.retryAt != 0 {
            let due = min(
                choice.pointee.retryAt, choice.pointee.dialledAt &+ pair.pointee.deadlines.connect)
            guard now >= choice.pointee.retryAt else { return wheel.hasten(session, to: due) }
            choice.pointee.policy.restart()
            if let address = nextAddress(session, of: upstream),
                dialAddress(session, address, of: upstream)
            {
                return
            }
            return dial(session)
        }
        if now >= choice.pointee.attemptAt &+ Limits.connectionAttemptDelay,
            let address = nextAddress(session, of: upstream)
        {
            if !dialAddress(session, address, of: upstream) { scheduleDial(session) }
            return
        }
        scheduleDial(session)
    }
}
