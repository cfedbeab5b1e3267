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
        let row = pairs[it.pointee.pair].upstreams + upstream
        let address = row.pointee.addresses + it.pointee.policy.takeAddress(of: upstream)
        let buffer = pairs[it.pointee.pair].receiveBuffer
        var socket = ring.openDatagrams(to: address, buffer: buffer)
        if reserve.note(socket), spendReserve() {
            socket = ring.openDatagrams(to: address, buffer: buffer)
        }
        let isUnix = address.pointee.family == AF_UNIX
        // No local port is left (ip(7)): not the upstream's fault.
        let leg = addLeg(
            isUnix ? .unixDatagrams : .datagrams, socket: socket == -EAGAIN ? -EMFILE : socket,
            session, upstream: upstream)
        guard !leg.isNone else { return false }
        it.pointee.upstream = leg
        // Nothing is written to a UDP socket but what it takes at once: only reading is watched.
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
            legs[client].inbound = .framed
            armDatagrams(upstream)
            arm(client, expectsBytes: true)
        case .datagramsToStream:
            // It has no leg at its other end: what it brings is not held back for anybody.
            legs[upstream].peer = .absent
            legs[upstream].inbound = .framed
            arm(upstream, expectsBytes: false)
            legs[upstream].queue = states[session].waiting
            states[session].waiting = SendQueue()
            counters.add(.datagramsToUpstream, UInt64(states[session].waitingMessages))
            states[session].waitingMessages = 0
            if !legs[upstream].queue.isEmpty {
                legs[upstream].progress.begin(at: now)
                send(upstream)
                watchStall(session)
            }
        }
        watch(session)
    }

    // MARK: Answers

    mutating func receivedFromUpstream(_ leg: LegID, _ block: BlockID, _ length: Int) {
        let session = legs[leg].session
        let facts = pelmeni_datagram_read(
            pool.address(block), legs[leg].kind.isUnix ? 1 : 0)
        guard facts.is_cut == 0 else { return drop(.truncated) }
        let segment = Int(facts.segment)
        let count = Self.count(length, segment: segment)
        let state = states.row(session)
        guard !state.pointee.isDelivering else { return drop(.surplus, count) }
        let pair = sessions[session].pair
        sessions[session].activeAt = now
        sessions[session].hasBytes = true
        state.pointee.responses &+= UInt64(truncatingIfNeeded: count)
        noteAlive(pair, legs[leg].upstream)
        let offset = Int(PELMENI_DATAGRAM_PAYLOAD)
        if sessions[session].kind == .streamToDatagrams {
            bytesToClient &+= UInt64(truncatingIfNeeded: length)
            enqueueMessages(session, block, offset: offset, length: length, segment: segment)
            guard isOpen(session), legs[sessions[session].client].hasEnded
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

    /// What is queued for a stream of messages went out, and the stream brings no more: that may
    /// have been the last of its session.
    mutating func settleMessages(_ leg: LegID) {
        let session = legs[leg].session
        guard sessions[session].kind == .datagramsToStream else { return settleAnswered(session) }
        guard sessions[session].phase == .relaying, legs[leg].writing != .shut else { return }
        endOnceDelivered(session, leg)
    }

    /// A client that has ended its stream, or whose stream is not taken any more, is done once its
    /// answers are out.
    mutating func settleAnswered(_ session: SessionID) {
        let client = sessions[session].client
        guard sessions[session].kind == .streamToDatagrams,
            sessions[session].phase == .relaying, legs[client].hasEnded,
            legs[client].queue.isEmpty,
            !states[session].expectsAnswers || isAnswered(session)
        else { return }
        endOnceDelivered(session, client)
    }

    /// The network says that an upstream does not take datagrams. One that others stand in for is
    /// left, and so is a Unix one, whose socket would stay with the file that is gone; any other
    /// one may come back.
    mutating func upstreamRefused(_ leg: LegID, _ error: Int32, isOfEarlier: Bool = true) {
        let session = legs[leg].session
        guard isOpen(session) else { return }
        if isOfEarlier { drop(.noUpstream) }
        let pair = pairs.row(sessions[session].pair)
        noteFailed(sessions[session].pair, legs[leg].upstream, .connectRefused, error: error)
        if sessions[session].kind == .streamToDatagrams { return endRefused(session, leg) }
        if pair.pointee.upstreamCount > 1 || legs[leg].kind.isUnix {
            end(session, .connectRefused, reset: false)
        }
    }

    // MARK: Time

    mutating func lookMessages(_ session: SessionID) {
        if endedDelivered(session) { return }
        let it = sessions[session]
        // A side that is not read was found reset.
        if it.resetAt != 0, now >= it.resetAt { return end(session, it.cause, reset: true) }
        let pair = pairs[it.pair]
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
            legs[it.upstream].kind.isFlowControlled, legs[it.upstream].writing == .sending
        {
            let at = legs[it.upstream].progress.at &+ pair.stall
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
