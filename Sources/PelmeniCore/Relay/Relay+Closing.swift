// Ends of sessions with messages: none is cut in the middle, and what came before the end is
// delivered.
extension Relay where R: ~Copyable {
    /// The client has sent as many messages as it may, or what is none: from now on it is as if it
    /// had ended its stream. What it still sends is read and dropped.
    mutating func stopReading(_ session: SessionID) {
        legs[sessions[session].client].inbound = .discarded
        dropAssembly(FramedID(session, ofClient: true))
        clientEnded(session)
    }

    private mutating func hastenLinger(_ session: SessionID) {
        let linger = pairs[sessions[session].pair].linger
        if linger != 0 { legs.wheel.hasten(session, to: now &+ linger) }
    }

    /// The upstream takes no datagram any more. Answers that came before are delivered; then the
    /// client is reset.
    mutating func endRefused(_ session: SessionID, _ upstream: LegID) {
        legs.setCause(session, .connectRefused)
        states[session].endsWithReset = true
        states[session].expectsResponses = false
        let client = sessions[session].client
        legs[client].peer = .absent
        close(upstream, reset: false)
        stopReading(session)
        if isOpen(session) { readOn(client, expectsBytes: true) }
    }

    /// Answers may still come; nothing else does.
    private mutating func clientEnded(_ session: SessionID) {
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        finishIfComplete(session)
        guard isOpen(session) else { return }
        if legs.isDraining { legs.wheel.hasten(session, to: now &+ Limits.drainSilence) }
        hastenLinger(session)
    }

    /// Ends a session towards a stream once what is queued for it went out: an end in the middle of
    /// a message would look like a clean one. Its client's next datagram is another session's.
    mutating func endAfterQueue(_ session: SessionID) {
        let upstream = sessions[session].upstream
        legs[upstream].inbound = .discarded
        dropAssembly(FramedID(session, ofClient: false))
        if states[session].isKnown { clients.remove(session, states) }
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        // Else the last send's completion settles it, and the linger deadline if there is none.
        if legs[upstream].queue.isEmpty { endOnceDelivered(session, upstream) }
        guard isOpen(session) else { return }
        hastenLinger(session)
    }

    /// All that a stream is to get was handed to the kernel. A close with bytes unread, or a reset,
    /// destroys what the far side has not acknowledged, so it waits for that.
    mutating func endOnceDelivered(_ session: SessionID, _ stream: LegID) {
        let socket = legs[stream].socket
        let resets = states[session].endsWithReset
        guard resets || !states[session].hasStreamEnded else {
            return end(session, .completed, reset: false)
        }
        if legs.calls.outstanding(socket) <= 0, resets || !legs.calls.hasUnread(socket) {
            return end(session, .completed, reset: resets)
        }
        if !resets, legs[stream].writing != .shut {
            legs[stream].move(writing: .shut)
            _ = legs.calls.shutdownWrite(socket)
        }
        // What is left is the kernel's work: a stop meanwhile cuts nothing.
        legs.setCause(session, .completed)
        states[session].isDelivering = true
        legs.wheel.hasten(session, to: now &+ Limits.resetCheck)
    }

    /// Whether a session that waits for that is over.
    mutating func finishIfDelivered(_ session: SessionID) -> Bool {
        guard states[session].isDelivering else { return false }
        let row = sessions[session]
        let stream = row.kind == .streamToDatagrams ? row.client : row.upstream
        guard legs.calls.outstanding(legs[stream].socket) > 0 else {
            end(session, .completed, reset: states[session].endsWithReset)
            return true
        }
        legs.wheel.hasten(session, to: now &+ Limits.resetCheck)
        return false
    }

    /// Whether a message, or part of one, would be lost with an end now, or it has to be a reset
    /// anyway.
    func hasQueued(_ session: SessionID) -> Bool {
        let row = sessions[session]
        if states[session].endsWithReset { return true }
        switch row.kind {
        case .streams, .framedStreams, .datagrams: return false
        case .streamToDatagrams:
            // What waits for a Unix upstream would be lost too.
            return !row.client.isNone && !legs[row.client].queue.isEmpty
                || !row.upstream.isNone && !legs[row.upstream].queue.isEmpty
        case .datagramsToStream:
            return row.phase == .relaying && !legs[row.upstream].queue.isEmpty
        }
    }

    /// Where the next message begins is not known any more. What came before it is still answered,
    /// and what was queued still goes out; then the stream is reset.
    mutating func badFrame(_ stream: FramedID, _ error: FrameError) {
        let session = stream.session
        let row = sessions[session]
        let report = framed[stream].scanner.report
        events.report(
            WorkerEvent(
                kind: .badFrame, pair: row.pair, cause: .badFrame,
                error: report == 0 ? error.report(reason: 0) : report))
        legs.setCause(session, .badFrame)
        states[session].endsWithReset = true
        switch row.kind {
        case .streams, .datagrams: assertionFailure("a frame is a stream's")
        case .framedStreams: badFrameBetweenStreams(stream)
        case .datagramsToStream: endAfterQueue(session)
        case .streamToDatagrams:
            if states[session].requests == 0 { states[session].expectsResponses = false }
            stopReading(session)
        }
    }

    /// An upstream is not believed any more: the client gets what came before. Of a client, the
    /// upstream still answers what came before, until it ends its stream or a deadline passes;
    /// then both are reset, so that neither takes a part for the whole.
    private mutating func badFrameBetweenStreams(_ stream: FramedID) {
        let session = stream.session
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        dropAssembly(stream)
        guard stream.isOfClient, states[session].requests > 0, !legs[upstream].hasEnded else {
            return streamBroke(upstream)
        }
        legs[client].inbound = .discarded
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        hastenLinger(session)
    }

    /// A stream of messages was reset, or failed. What it sent before is still to be cut.
    mutating func framedBroke(_ leg: LegID, _ error: Int32) {
        if !comesLater(leg, error) { streamBroke(leg) }
    }

    /// A stream of messages takes no more. Between two streams, what it sent before is still read.
    mutating func framedSendBroke(_ leg: LegID, _ error: Int32) {
        guard sessions[legs[leg].session].kind == .framedStreams else {
            return framedBroke(leg, error)
        }
        legs.writeBroke(leg)
        guard legs[leg].phase == .open, legs[legs[leg].peer].reading == .paused else { return }
        resume(legs[leg].peer)
    }

    /// A stream of messages has ended.
    mutating func framedEnded(_ leg: LegID) {
        guard !comesLater(leg, 0) else { return }
        let stream = framedID(leg)
        let session = stream.session
        let isBetweenStreams = sessions[session].kind == .framedStreams
        let isSurplus = legs[leg].hasEnded
        if !isBetweenStreams { legs[leg].move(reading: .ended) }
        states[session].hasStreamEnded = true
        switch framed[stream].scanner.end() {
        case .message where isSurplus: return dropSurplus(session)
        case _ where isSurplus: return
        case .clean: break
        case .bad(let error): return badFrame(stream, error)
        case .message(_, let heldCarriageReturn):
            if heldCarriageReturn { gatherCarriageReturn(stream) }
            deliverGathered(stream)
            guard isOpen(session) else { return }
        }
        guard !isBetweenStreams else { return framedEndedBetweenStreams(leg) }
        // The client's next datagram dials anew; a client's stream still takes answers for a while.
        guard legs[leg].kind.isClient else { return endAfterQueue(session) }
        clientEnded(session)
    }

    /// The end goes on behind the messages. Behind a bad frame it is a reset.
    private mutating func framedEndedBetweenStreams(_ leg: LegID) {
        guard !states[legs[leg].session].endsWithReset else { return streamBroke(leg) }
        legs.noteEnd(leg)
        heedNotices()
    }
}
