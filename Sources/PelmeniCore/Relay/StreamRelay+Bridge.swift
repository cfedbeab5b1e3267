internal import CPelmeni
internal import Glibc

// Upstreams of sessions that have datagrams on a side: how they are dialled, what they answer, how
// they end.
extension StreamRelay where R: ~Copyable {
    // MARK: Dialling

    /// Opens a socket that is connected to one address of the upstream: nothing is sent for that,
    /// so it is done at once. False when it could not be.
    mutating func dialDatagrams(_ session: SessionID, upstream: Int) -> Bool {
        let it = sessions.row(session)
        let row = pairs[Int(it.pointee.pair)].upstreams + upstream
        let address = row.pointee.addresses + Int(it.pointee.address)
        it.pointee.tried |= 1 << UInt64(upstream)
        it.pointee.address &+= 1
        let buffer = pairs[Int(it.pointee.pair)].receiveBuffer
        var socket = ring.openDatagrams(to: address, buffer: buffer)
        if noteDescriptorShortage(socket), spendReserve() {
            socket = ring.openDatagrams(to: address, buffer: buffer)
        }
        guard socket >= 0 else {
            // No local port is left (ip(7)), or no descriptor: not the upstream's fault.
            noteFailure(session, socket == -EAGAIN ? -EMFILE : socket)
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
        legs[leg].flags.insert(.datagrams)
        if address.pointee.family == AF_UNIX { legs[leg].flags.formUnion([.unix, .waits]) }
        it.pointee.legs &+= 1
        it.pointee.upstream = leg
        counters.add(.connects)
        // Nothing is written to a UDP socket but what it takes at once: only reading is watched.
        let isUnix = address.pointee.family == AF_UNIX
        guard ring.attach(socket, token: token(leg, .receiveDatagrams), isShared: !isUnix) == 0
        else {
            takeOutAttempt(session, leg)
            close(leg, reset: false)
            noteFailure(session, -EMFILE)
            return false
        }
        linkMessages(session, leg)
        return true
    }

    /// Both sides stand: messages may cross.
    mutating func linkMessages(_ session: SessionID, _ upstream: LegID) {
        let it = sessions.row(session)
        it.pointee.upstream = upstream
        it.pointee.move(to: .relaying)
        it.pointee.hasCause = false
        it.pointee.activeAt = now
        switch it.pointee.kind {
        case .streams: break
        case .datagrams:
            armDatagrams(upstream)
        case .streamToDatagrams:
            let client = it.pointee.client
            legs[client].peer = upstream
            legs[upstream].peer = client
            legs[client].flags.insert(.framed)
            armDatagrams(upstream)
            arm(client, expectsBytes: true)
        case .datagramsToStream:
            // It has no leg at its other end: what it brings is not held back for anybody.
            legs[upstream].peer = upstream
            legs[upstream].flags.insert(.framed)
            arm(upstream, expectsBytes: false)
            legs[upstream].queue = states[session].waiting
            states[session].waiting = SendQueue()
            counters.add(.datagramsToUpstream, UInt64(states[session].waitingMessages))
            states[session].waitingMessages = 0
            if !legs[upstream].queue.isEmpty {
                legs[upstream].beginProgress(at: now)
                send(upstream)
                watchStall(session)
            }
        }
        let pair = pairs + Int(it.pointee.pair)
        if pair.pointee.idle != 0 { wheel.hasten(session, to: now &+ pair.pointee.idle) }
        if isDraining { wheel.hasten(session, to: now &+ RelayLimits.drainSilence) }
        if pair.pointee.firstByte != 0 {
            wheel.hasten(session, to: it.pointee.openedAt &+ pair.pointee.firstByte)
        }
        if pair.pointee.lateOptionsAfter != 0, it.pointee.kind != .datagrams {
            wheel.hasten(session, to: it.pointee.openedAt &+ pair.pointee.lateOptionsAfter)
        }
    }

    // MARK: Answers

    mutating func receivedFromUpstream(_ leg: LegID, _ block: BlockID, _ length: Int) {
        let session = legs[leg].session
        let facts = pelmeni_datagram_read(
            pool.address(block), legs[leg].flags.contains(.unix) ? 1 : 0)
        guard facts.is_cut == 0 else { return drop(.truncated) }
        let segment = Int(facts.segment)
        let count = Self.count(length, segment: segment)
        let state = states.row(session)
        guard !state.pointee.isDelivering else { return drop(.surplus, count) }
        let pair = sessions[session].pair
        sessions[session].activeAt = now
        sessions[session].hasBytes = true
        state.pointee.responses &+= UInt64(truncatingIfNeeded: count)
        noteAlive(pair, upstream: legs[leg].upstream)
        let offset = Int(PELMENI_DATAGRAM_PAYLOAD)
        if sessions[session].kind == .streamToDatagrams {
            bytesToClient &+= UInt64(truncatingIfNeeded: length)
            enqueueMessages(session, block, offset: offset, length: length, segment: segment)
            guard isOpen(session), legs[sessions[session].client].flags.contains(.ended)
            else { return }
        } else if state.pointee.name.length == 0 {
            drop(.noReturnAddress, count)
        } else {
            depart(
                state.pointee.listener, session, block, offset: offset, length: length,
                segment: segment, isAnswer: true)
        }
        if sessions[session].kind == .streamToDatagrams { return settleAnswered(session) }
        if isAnswered(session) { end(session, .completed, reset: false) }
    }

    /// A client that has ended its stream, or whose stream is not taken any more, is done once its
    /// answers are out.
    mutating func settleAnswered(_ session: SessionID) {
        let client = sessions[session].client
        guard sessions[session].kind == .streamToDatagrams,
            sessions[session].phase == .relaying, legs[client].flags.contains(.ended),
            legs[client].queue.isEmpty,
            !states[session].expectsAnswers || isAnswered(session)
        else { return }
        endOnceDelivered(session, client)
    }

    @inline(__always)
    private mutating func noteAlive(_ pair: UInt16, upstream: UInt16) {
        let row = pairs[Int(pair)].upstreams + Int(upstream)
        guard row.pointee.failures > 0 else { return }
        row.pointee.succeeded()
        events.report(RelayEvent(kind: .upstreamRecovered, pair: pair, upstream: upstream))
    }

    /// The network says that an upstream does not take datagrams. One that others stand in for is
    /// left, and so is a Unix one, whose socket would stay with the file that is gone; any other
    /// one may come back.
    mutating func upstreamRefused(_ leg: LegID, _ error: Int32, isOfEarlier: Bool = true) {
        let session = legs[leg].session
        guard isOpen(session) else { return }
        if isOfEarlier { drop(.noUpstream) }
        let pair = pairs + Int(sessions[session].pair)
        let upstream = legs[leg].upstream
        let row = pair.pointee.upstreams + Int(upstream)
        let isNew = row.pointee.failures == 0
        row.pointee.failed(now: now)
        if isNew {
            events.report(
                RelayEvent(
                    kind: .upstreamFailed, pair: sessions[session].pair,
                    cause: .connectRefused, upstream: upstream, error: error))
        }
        if sessions[session].kind == .streamToDatagrams { return endRefused(session, leg) }
        if pair.pointee.upstreamCount > 1 || legs[leg].flags.contains(.unix) {
            end(session, .connectRefused, reset: false)
        }
    }

    // MARK: Time

    mutating func lookMessages(_ session: SessionID) {
        if endedDelivered(session) { return }
        let it = sessions[session]
        // A side that is not read was found reset.
        if it.resetAt != 0, now >= it.resetAt { return end(session, it.cause, reset: true) }
        let pair = pairs[Int(it.pair)]
        var due = UInt64.max
        let isDrained = isDraining && (it.kind.hasNamedClient || it.endedAt != 0)
        if pair.idle != 0 || isDrained {
            var idle = pair.idle == 0 ? UInt64.max >> 1 : pair.idle
            if isDrained { idle = min(idle, RelayLimits.drainSilence) }
            var at = silentSince(session, idle) &+ idle
            if now >= at, isHeldByUnread(session) {
                sessions[session].activeAt = now
                at = now &+ idle
            }
            if now >= at {
                // The client had ended and was only waited for.
                return end(
                    session, it.endedAt != 0 ? .completed : .idle, reset: hasQueued(session))
            }
            due = min(due, at)
        }
        if pair.linger != 0, it.endedAt != 0 {
            let at = max(it.endedAt, silentSince(session, pair.linger)) &+ pair.linger
            if now >= at {
                let isCut = hasQueued(session)
                return end(session, isCut ? .linger : .completed, reset: isCut)
            }
            due = min(due, at)
        }
        if pair.firstByte != 0, !it.hasBytes {
            let at = it.openedAt &+ pair.firstByte
            if now >= at { return end(session, .firstByte, reset: hasQueued(session)) }
            due = min(due, at)
        }
        if pair.stall != 0, !it.upstream.isNone,
            legs[it.upstream].flags.isSuperset(of: [.waits, .sending])
        {
            let at = legs[it.upstream].progressAt &+ pair.stall
            if now >= at { return end(session, .sendStalled, reset: true) }
            due = min(due, at)
        }
        if it.kind != .datagrams {
            let stream = it.kind == .streamToDatagrams ? it.client : it.upstream
            guard let leg = lookLeg(stream, session: session, stall: pair.stall) else { return }
            due = min(due, leg, lookLateOptions(session))
        }
        if due != .max { wheel.hasten(session, to: due) }
    }
}
