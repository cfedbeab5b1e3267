internal import CPelmeni
internal import Glibc

// Finding an upstream that accepts: upstreams in turn, the addresses of one with a head start each.
extension StreamRelay where R: ~Copyable {
    /// Gives the session the upstream whose turn it is.
    mutating func takeTurn(_ session: SessionID) {
        let pair = pairs + Int(sessions[session].pair)
        sessions[session].turn = pair.pointee.turn
        let next = pair.pointee.turn &+ 1
        pair.pointee.turn = next < pair.pointee.upstreamCount ? next : 0
    }

    /// Dials a new session, or lets it wait for one of the next loops when this one has dialled
    /// many.
    ///
    /// On loopback a connect runs the whole handshake in the call, listener's side included: a
    /// thousand that were accepted at once kept everybody else waiting for 60 ms and more.
    @inline(__always)
    mutating func dialInTurn(_ session: SessionID) {
        if dialsLeft > 0, undialled.isEmpty {
            dialsLeft &-= 1
            return dial(session)
        }
        let client = sessions[session].client
        assert(
            legs[client].flags.isDisjoint(with: [.starved, .undialled]),
            "a leg stands in one list")
        legs[client].flags.insert(.undialled)
        undialled.append(client, legs)
        // What a burst will bring comes in turns from the start.
        if undialled.count >= RelayLimits.crowd { crowdedUntil = now &+ RelayLimits.crowdedTime }
    }

    /// Dials those that waited, as many as one loop may.
    @inline(never)
    mutating func dialWaiting() {
        while dialsLeft > 0, !undialled.isEmpty {
            dialsLeft &-= 1
            let client = undialled.popFirst(legs)
            legs[client].flags.remove(.undialled)
            let session = legs[client].session
            // A look costs a call: most wait for a loop or two.
            let hasWaited = now &- sessions[session].openedAt >= RelayLimits.brokenCheck
            guard hasWaited, endIfAbandoned(session) else {
                dial(session)
                continue
            }
        }
    }

    mutating func takeOutUndialled(_ leg: LegID) {
        if undialled.remove(leg, legs) { legs[leg].flags.remove(.undialled) }
    }

    /// Dials the next address that may accept; ends the session when none is left and none is being
    /// tried.
    mutating func dial(_ session: SessionID) {
        let it = sessions.row(session)
        let count = pairs[Int(it.pointee.pair)].upstreamCount
        while true {
            let upstream = currentUpstream(session)
            if it.pointee.looked < 2 &* count, isWorthDialling(session, upstream) {
                while it.pointee.address
                    < pairs[Int(it.pointee.pair)].upstreams[upstream].addressCount
                {
                    if dialAddress(session, upstream: upstream) { return }
                }
                // Addresses of this one may still be answering; the next upstream waits for them.
                if !it.pointee.upstream.isNone { return }
                upstreamFailed(session, upstream)
            }
            it.pointee.looked &+= 1
            it.pointee.address = 0
            guard it.pointee.looked < 2 &* count else { break }
        }
        guard it.pointee.upstream.isNone else { return }
        end(session, it.pointee.hasCause ? it.pointee.cause : .noUpstream, reset: true)
    }

    /// The upstream's number within the pair.
    @inline(__always)
    func currentUpstream(_ session: SessionID) -> Int {
        let it = sessions.row(session)
        let count = pairs[Int(it.pointee.pair)].upstreamCount
        return Int((it.pointee.turn &+ it.pointee.looked) % max(1, count))
    }

    /// First those that do not rest; the second time around the others as well, each once.
    func isWorthDialling(_ session: SessionID, _ upstream: Int) -> Bool {
        let it = sessions.row(session)
        let pair = pairs + Int(it.pointee.pair)
        if it.pointee.address > 0 { return true }
        guard it.pointee.tried & (1 << UInt64(upstream)) == 0 else { return false }
        let row = pair.pointee.upstreams + upstream
        guard row.pointee.addressCount > 0 else {
            if !it.pointee.hasCause {
                it.pointee.cause = .resolveFailed
                it.pointee.hasCause = true
            }
            return false
        }
        return it.pointee.looked >= pair.pointee.upstreamCount || row.pointee.restsUntil <= now
    }

    /// Dials one address. False when that could not even be begun.
    mutating func dialAddress(_ session: SessionID, upstream: Int) -> Bool {
        let it = sessions.row(session)
        if it.pointee.kind.forwardsDatagrams { return dialDatagrams(session, upstream: upstream) }
        let pair = pairs + Int(it.pointee.pair)
        let row = pair.pointee.upstreams + upstream
        if it.pointee.address == 0, it.pointee.retryAt == 0 { it.pointee.dialledAt = now }
        it.pointee.retryAt = 0
        it.pointee.tried |= 1 << UInt64(upstream)
        it.pointee.attemptAt = now
        let address = row.pointee.addresses + Int(it.pointee.address)
        it.pointee.address &+= 1
        let socket = openSocket(family: address.pointee.family)
        guard socket >= 0 else {
            noteFailure(session, socket)
            return false
        }
        let leg = allocateLeg()
        guard !leg.isNone else {
            ring.close(socket)
            noteFailure(session, -EMFILE)
            return false
        }
        legs[leg].socket = socket
        legs[leg].session = session
        legs[leg].upstream = UInt16(truncatingIfNeeded: upstream)
        legs[leg].flags.insert(.connecting)
        if address.pointee.family == AF_UNIX { legs[leg].flags.insert(.unix) }
        legs[leg].next = it.pointee.upstream
        it.pointee.upstream = leg
        it.pointee.legs &+= 1
        _ = ring.configure(socket, family: address.pointee.family, options: pair.pointee.options)
        ring.connect(socket, to: address, token: token(leg, .connect))
        counters.add(.connects)
        scheduleDial(session)
        return true
    }

    /// A stream socket; out of descriptors, the reserve makes room for this one.
    mutating func openSocket(family: Int32) -> Int32 {
        let socket = ring.open(family: family)
        guard noteDescriptorShortage(socket), spendReserve() else { return socket }
        return ring.open(family: family)
    }

    /// Notes that the last descriptor is gone, so that accepting stops. Whether it is.
    mutating func noteDescriptorShortage(_ result: Int32) -> Bool {
        guard result == -EMFILE || result == -ENFILE else { return false }
        lacksDescriptors = true
        return true
    }

    /// Closes the reserve's descriptor; false when it is spent.
    mutating func spendReserve() -> Bool {
        guard reserve >= 0 else { return false }
        ring.close(reserve)
        reserve = -1
        return true
    }

    func noteFailure(_ session: SessionID, _ error: Int32) {
        let it = sessions.row(session)
        it.pointee.hasCause = true
        it.pointee.cause =
            switch -error {
            case ECONNREFUSED, ENOENT, ECONNRESET, EPIPE: .connectRefused
            case ETIMEDOUT: .connectTimeout
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: .limit
            default: .noUpstream
            }
    }

    func upstreamFailed(_ session: SessionID, _ upstream: Int) {
        let it = sessions[session]
        let row = pairs[Int(it.pair)].upstreams + upstream
        // Out of descriptors is our fault, not the upstream's.
        guard it.cause != .limit else { return }
        let isNew = row.pointee.failures == 0
        row.pointee.failed(now: now)
        guard isNew else { return }
        events.report(
            RelayEvent(
                kind: .upstreamFailed, pair: it.pair, cause: it.cause,
                upstream: UInt16(truncatingIfNeeded: upstream)))
    }

    /// Ends a session whose client reset before an upstream accepted: nobody reads its socket until
    /// then. Whether it did.
    ///
    /// A client that has only ended its stream still waits for the answer.
    private mutating func endIfAbandoned(_ session: SessionID) -> Bool {
        let client = sessions[session].client
        guard !client.isNone, ring.isBroken(legs[client].socket) else { return false }
        // What the upstreams said so far is not why it ends.
        sessions[session].hasCause = false
        end(session, .clientReset, reset: true)
        return true
    }

    /// Looks at the session again when the next address may be dialled, the connect deadline is
    /// over, or the client may be gone.
    mutating func scheduleDial(_ session: SessionID) {
        let it = sessions[session]
        let pair = pairs + Int(it.pair)
        var due = it.dialledAt &+ pair.pointee.connect
        if !it.client.isNone { due = min(due, now &+ RelayLimits.brokenCheck) }
        if it.address < pair.pointee.upstreams[currentUpstream(session)].addressCount {
            due = min(due, it.attemptAt &+ RelayLimits.headStart)
        }
        wheel.hasten(session, to: due)
    }

    /// A connect ended, well or badly.
    mutating func connected(_ leg: LegID, _ result: Int32) {
        assert(legs[leg].flags.contains(.connecting), "a connect completes that was not begun")
        legs[leg].flags.remove(.connecting)
        let session = legs[leg].session
        guard !legs[leg].flags.contains(.closing) else { return closeIfIdle(leg) }
        let it = sessions.row(session)
        let upstream = Int(legs[leg].upstream)
        guard result >= 0 || adoptSpokenReset(leg, result) else {
            takeOutAttempt(session, leg)
            close(leg, reset: false)
            if result == -EAGAIN, isUnix(session, upstream) { return dialAgain(session) }
            noteFailure(session, result)
            // Another address of the same upstream may still be answering; the next one starts at
            // once.
            return dial(session)
        }
        let row = pairs[Int(it.pointee.pair)].upstreams + upstream
        if row.pointee.failures > 0 {
            row.pointee.succeeded()
            events.report(
                RelayEvent(
                    kind: .upstreamRecovered, pair: it.pointee.pair,
                    upstream: UInt16(truncatingIfNeeded: upstream)))
        }
        takeOutAttempt(session, leg)
        closeAttempts(session)
        ring.settleConnected(
            legs[leg].socket, isUnix: legs[leg].flags.contains(.unix))
        link(session, leg)
    }

    /// Takes a failed connect for a reset where the upstream accepted, sent bytes and reset before
    /// the connect completed: the client gets those bytes, then the reset. Whether it was one. No
    /// other call reports that reset again.
    private mutating func adoptSpokenReset(_ leg: LegID, _ result: Int32) -> Bool {
        guard result == -ECONNRESET || result == -EPIPE,
            sessions[legs[leg].session].kind == .streams,
            ring.hasUnread(legs[leg].socket)
        else { return false }
        legs[leg].flags.insert(.broken)
        return true
    }

    private func isUnix(_ session: SessionID, _ upstream: Int) -> Bool {
        let pair = pairs + Int(sessions[session].pair)
        return pair.pointee.upstreams[upstream].addresses[0].family == AF_UNIX
    }

    /// The queue of a Unix listener is full: it is busy, not gone. Nothing tells when there is
    /// room, so it is tried again, ever more rarely, until the connect deadline.
    private mutating func dialAgain(_ session: SessionID) {
        let it = sessions.row(session)
        let waited = now &- it.pointee.dialledAt
        let rest = min(RelayLimits.busyRestMax, max(RelayLimits.busyRestMin, waited / 4))
        it.pointee.retryAt = now &+ rest
        let connect = pairs[Int(it.pointee.pair)].connect
        wheel.hasten(session, to: min(it.pointee.retryAt, it.pointee.dialledAt &+ connect))
    }

    /// Takes a leg out of the session's chain of attempts.
    func takeOutAttempt(_ session: SessionID, _ leg: LegID) {
        let it = sessions.row(session)
        if it.pointee.upstream == leg {
            it.pointee.upstream = legs[leg].next
        } else {
            var at = it.pointee.upstream
            while !at.isNone {
                if legs[at].next == leg {
                    legs[at].next = legs[leg].next
                    break
                }
                at = legs[at].next
            }
        }
        legs[leg].next = .none
    }

    mutating func closeAttempts(_ session: SessionID) {
        while !sessions[session].upstream.isNone {
            let leg = sessions[session].upstream
            takeOutAttempt(session, leg)
            close(leg, reset: false)
        }
    }

    /// Both legs stand: bytes may flow.
    mutating func link(_ session: SessionID, _ upstream: LegID) {
        let it = sessions.row(session)
        if it.pointee.kind != .streams { return linkMessages(session, upstream) }
        let client = it.pointee.client
        it.pointee.upstream = upstream
        it.pointee.move(to: .relaying)
        it.pointee.hasCause = false
        it.pointee.activeAt = now
        legs[client].peer = upstream
        legs[upstream].peer = client
        // The client has most likely spoken already; the upstream most likely waits for it.
        arm(client, expectsBytes: true)
        arm(upstream, expectsBytes: false)
        let pair = pairs + Int(it.pointee.pair)
        if pair.pointee.idle != 0 { wheel.hasten(session, to: now &+ pair.pointee.idle) }
        if pair.pointee.firstByte != 0 {
            wheel.hasten(session, to: it.pointee.openedAt &+ pair.pointee.firstByte)
        }
        if pair.pointee.lateOptionsAfter != 0 {
            wheel.hasten(session, to: it.pointee.openedAt &+ pair.pointee.lateOptionsAfter)
        }
    }

    /// The timer of a session that is still dialling.
    mutating func lookConnecting(_ session: SessionID) {
        let it = sessions.row(session)
        let pair = pairs + Int(it.pointee.pair)
        guard !endIfAbandoned(session) else { return }
        let upstream = currentUpstream(session)
        if now >= it.pointee.dialledAt &+ pair.pointee.connect {
            noteFailure(session, -ETIMEDOUT)
            closeAttempts(session)
            upstreamFailed(session, upstream)
            it.pointee.looked &+= 1
            it.pointee.address = 0
            it.pointee.retryAt = 0
            return dial(session)
        }
        if it.pointee.retryAt != 0 {
            let due = min(it.pointee.retryAt, it.pointee.dialledAt &+ pair.pointee.connect)
            guard now >= it.pointee.retryAt else { return wheel.hasten(session, to: due) }
            it.pointee.address = 0
            if !dialAddress(session, upstream: upstream) { dial(session) }
            return
        }
        if now >= it.pointee.attemptAt &+ RelayLimits.headStart,
            it.pointee.address < pair.pointee.upstreams[upstream].addressCount
        {
            if !dialAddress(session, upstream: upstream) { scheduleDial(session) }
            return
        }
        scheduleDial(session)
    }
}
