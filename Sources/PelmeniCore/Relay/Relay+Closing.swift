// Ends of sessions with messages: none is cut in the middle, and what came before the end is
// delivered.
extension Relay where R: ~Copyable {
    /// The client has sent as many messages as it may, or what is none: from now on it is as if it
    /// had ended its stream. What it still sends is read and dropped.
    mutating func stopReading(_ session: SessionID) {
        legs[sessions[session].client].inbound = .discarded
        dropAssembly(session)
        clientEnded(session)
    }

    /// The upstream takes no datagram any more. Answers that came before are delivered; then the
    /// client is reset.
    mutating func endRefused(_ session: SessionID, _ upstream: LegID) {
        legs.setCause(session, .connectRefused)
        states[session].endsWithReset = true
        states[session].expectsAnswers = false
        let client = sessions[session].client
        legs[client].peer = .absent
        close(upstream, reset: false)
        stopReading(session)
        if isOpen(session) { readOn(client, expectsBytes: true) }
    }

    /// Answers may still come; nothing else does.
    private mutating func clientEnded(_ session: SessionID) {
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        settleAnswered(session)
        guard isOpen(session) else { return }
        if legs.isDraining { legs.wheel.hasten(session, to: now &+ RelayLimits.drainSilence) }
        let pair = pairs.row(sessions[session].pair)
        if pair.pointee.linger != 0 { legs.wheel.hasten(session, to: now &+ pair.pointee.linger) }
    }

    /// Ends a session towards a stream once what is queued for it went out: an end in the middle of
    /// a message would look like a clean one. Its client's next datagram is another session's.
    mutating func endAfterQueue(_ session: SessionID) {
        let upstream = sessions[session].upstream
        legs[upstream].inbound = .discarded
        dropAssembly(session)
        if states[session].isKnown { clients.remove(session, states) }
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        // Else the last send's completion settles it, and the linger deadline if there is none.
        if legs[upstream].queue.isEmpty { endOnceDelivered(session, upstream) }
        guard isOpen(session) else { return }
        let pair = pairs.row(sessions[session].pair)
        if pair.pointee.linger != 0 { legs.wheel.hasten(session, to: now &+ pair.pointee.linger) }
    }

    /// All that a stream is to get was handed to the kernel. A close with bytes unread, or a reset,
    /// destroys what the far side has not acknowledged, so it waits for that.
    mutating func endOnceDelivered(_ session: SessionID, _ stream: LegID) {
        let socket = legs[stream].socket
        let resets = states[session].endsWithReset
        guard resets || !states[session].hasStreamEnded else {
            return end(session, .completed, reset: false)
        }
        if legs.ring.outstanding(socket) <= 0, resets || !legs.ring.hasUnread(socket) {
            return end(session, .completed, reset: resets)
        }
        if !resets, legs[stream].writing != .shut {
            legs[stream].move(writing: .shut)
            _ = legs.ring.shutdownWrite(socket)
        }
        // What is left is the kernel's work: a stop meanwhile cuts nothing.
        legs.setCause(session, .completed)
        states[session].isDelivering = true
        legs.wheel.hasten(session, to: now &+ RelayLimits.resetCheck)
    }

    /// Whether a session that waits for that is over.
    mutating func endedDelivered(_ session: SessionID) -> Bool {
        guard states[session].isDelivering else { return false }
        let it = sessions[session]
        let stream = it.kind == .streamToDatagrams ? it.client : it.upstream
        guard legs.ring.outstanding(legs[stream].socket) > 0 else {
            end(session, .completed, reset: states[session].endsWithReset)
            return true
        }
        legs.wheel.hasten(session, to: now &+ RelayLimits.resetCheck)
        return false
    }

    /// Whether a message, or part of one, would be lost with an end now, or it has to be a reset
    /// anyway.
    func hasQueued(_ session: SessionID) -> Bool {
        let it = sessions[session]
        if states[session].endsWithReset { return true }
        switch it.kind {
        case .streams, .datagrams: return false
        case .streamToDatagrams:
            // What waits for a Unix upstream would be lost too.
            return !it.client.isNone && !legs[it.client].queue.isEmpty
                || !it.upstream.isNone && !legs[it.upstream].queue.isEmpty
        case .datagramsToStream:
            return it.phase == .relaying && !legs[it.upstream].queue.isEmpty
        }
    }

    /// Where the next message begins is not known any more. What came before it is still answered,
    /// and what was queued still goes out; then the stream is reset.
    mutating func badFrame(_ session: SessionID) {
        let it = sessions[session]
        events.report(
            RelayEvent(
                kind: .badFrame, pair: it.pair, cause: .badFrame,
                error: states[session].scanner.report))
        legs.setCause(session, .badFrame)
        states[session].endsWithReset = true
        guard it.kind == .streamToDatagrams else { return endAfterQueue(session) }
        if states[session].requests == 0 { states[session].expectsAnswers = false }
        stopReading(session)
    }

    /// A stream of messages was reset, or failed. What it sent before is still to be cut.
    mutating func framedBroke(_ leg: LegID, _ error: Int32) {
        if !comesLater(leg, error) { streamBroke(leg) }
    }

    /// A stream of messages has ended.
    mutating func framedEnded(_ leg: LegID) {
        guard !comesLater(leg, 0) else { return }
        let session = legs[leg].session
        let isSurplus = legs[leg].hasEnded
        legs[leg].move(reading: .ended)
        states[session].hasStreamEnded = true
        switch states[session].scanner.end() {
        case .message where isSurplus: return dropSurplus(session)
        case _ where isSurplus: return
        case .clean: break
        case .bad: return badFrame(session)
        case .message(_, let heldCarriageReturn):
            if heldCarriageReturn {
                var carriageReturn: UInt8 = 0x0d
                gather(session, &carriageReturn, 1)
            }
            deliverGathered(session)
            guard isOpen(session) else { return }
        }
        // The client's next datagram dials anew; a client's stream still takes answers for a while.
        guard legs[leg].kind.isClient else { return endAfterQueue(session) }
        clientEnded(session)
    }
}
