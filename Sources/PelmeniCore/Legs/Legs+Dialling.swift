internal import CPelmeni
internal import Glibc

// Dialling: upstreams round-robin, the addresses of each with an attempt delay.
extension Legs where R: ~Copyable {
    /// Gives the session an upstream to begin with; -1 is the next one, round-robin.
    mutating func assign(_ session: SessionID, upstream: Int) {
        guard upstream < 0 else {
            let first = UInt8(truncatingIfNeeded: upstream)
            return beginChoice(session, UpstreamPolicy(first: first))
        }
        let pair = pairs.row(sessions[session].pair)
        beginChoice(session, UpstreamPolicy(first: pair.pointee.nextUpstream))
        let next = pair.pointee.nextUpstream &+ 1
        pair.pointee.nextUpstream = next < pair.pointee.upstreamCount ? next : 0
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
                while choice.pointee.policy.address
                    < pairs[row.pointee.pair].upstreams[upstream].addressCount
                {
                    if dialAddress(session, upstream: upstream) { return }
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
        guard row.pointee.kind != .drivenStreams, !pair.pointee.hooks.dialsOnDemand else {
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
        guard row.pointee.addressCount > 0 || choice.pointee.policy.address > 0 else {
            if !entry.pointee.hasCause {
                entry.pointee.cause = .resolveFailed
                entry.pointee.hasCause = true
            }
            return false
        }
        return !choice.pointee.policy.passesOver(
            isBackingOff: row.pointee.backoffUntil > now, of: pair.pointee.upstreamCount)
    }

    /// Dials one address. False when the attempt could not start.
    mutating func dialAddress(_ session: SessionID, upstream: Int) -> Bool {
        let entry = sessions.row(session)
        if entry.pointee.kind.forwardsDatagrams {
            return dialDatagrams(session, upstream: upstream)
        }
        let choice = dialRow(session)
        let pair = pairs.row(entry.pointee.pair)
        let row = pair.pointee.upstreams + upstream
        if choice.pointee.policy.address == 0, choice.pointee.retryAt == 0 {
            choice.pointee.dialledAt = now
        }
        choice.pointee.retryAt = 0
        choice.pointee.attemptAt = now
        let address = row.pointee.addresses + choice.pointee.policy.nextAddress(of: upstream)
        let family = address.pointee.family
        var socket = calls.open(family: family)
        if reserve.note(socket), spendReserve() { socket = calls.open(family: family) }
        let kind: LegRow.Kind = family == AF_UNIX ? .unixUpstream : .upstream
        let leg = addLeg(kind, socket: socket, session, upstream: upstream)
        guard !leg.isNone else { return false }
        legs[leg].move(writing: .connecting)
        legs[leg].next = entry.pointee.upstream
        entry.pointee.upstream = leg
        _ = calls.configure(socket, family: family, options: pair.pointee.options)
        ring.connect(socket, to: address, token: token(leg, .connect))
        scheduleDial(session)
        return true
    }

    /// Makes a leg towards an upstream from a socket, or from the error of its opening. None on
    /// failure, which the session notes.
    mutating func addLeg(
        _ kind: LegRow.Kind, socket: Int32, _ session: SessionID, upstream: Int
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
        legs[leg].upstream = UInt16(truncatingIfNeeded: upstream)
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

    func upstreamFailed(_ session: SessionID, _ upstream: Int) {
        let row = sessions[session]
        // Lack of descriptors is not the upstream's fault.
        guard row.cause != .limit else { return }
        noteFailed(row.pair, UInt16(truncatingIfNeeded: upstream), row.cause)
    }

    /// Starts an upstream's backoff; the first failure in a row is reported.
    func noteFailed(_ pair: PairID, _ upstream: UInt16, _ cause: EndCause, error: Int32 = 0) {
        let row = pairs[pair].upstreams + Int(upstream)
        let isNew = row.pointee.failures == 0
        row.pointee.failed(now: now)
        guard isNew else { return }
        events.report(
            WorkerEvent(
                kind: .upstreamFailed, pair: pair, cause: cause, upstream: upstream, error: error))
    }

    /// An upstream accepted, or answered.
    @inline(__always)
    func noteAlive(_ pair: PairID, _ upstream: UInt16) {
        let row = pairs[pair].upstreams + Int(upstream)
        guard row.pointee.failures > 0 else { return }
        row.pointee.succeeded()
        events.report(WorkerEvent(kind: .upstreamRecovered, pair: pair, upstream: upstream))
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
        if choice.pointee.policy.address
            < pair.pointee.upstreams[currentUpstream(session)].addressCount
        {
            due = min(due, choice.pointee.attemptAt &+ Limits.connectionAttemptDelay)
        }
        wheel.hasten(session, to: due)
    }

    mutating func connectingTimerFired(_ session: SessionID) {
        let pair = pairs.row(sessions[session].pair)
        guard !endIfAbandoned(session) else { return }
        let choice = dialRow(session)
        let upstream = currentUpstream(session)
        if now >= choice.pointee.dialledAt &+ pair.pointee.deadlines.connect {
            noteFailure(session, -ETIMEDOUT)
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
            if !dialAddress(session, upstream: upstream) { dial(session) }
            return
        }
        if now >= choice.pointee.attemptAt &+ Limits.connectionAttemptDelay,
            choice.pointee.policy.address < pair.pointee.upstreams[upstream].addressCount
        {
            if !dialAddress(session, upstream: upstream) { scheduleDial(session) }
            return
        }
        scheduleDial(session)
    }
}
