// Ends of sessions with messages: no message is cut off, and messages before the end are delivered.
extension Relay where R: ~Copyable {
    /// The client reached its limit of requests, or sent a bad frame: the session goes on as if the
    /// client had ended its stream. Later bytes are read and dropped.
    mutating func stopReading(_ session: SessionID) {
        legs[sessions[session].client].inbound = .discarded
        dropAssembly(FramedID(session, ofClient: true))
        clientEnded(session)
    }

    private mutating func hastenLinger(_ session: SessionID) {
        let linger = pairs[sessions[session].pair].deadlines.linger
        if linger != 0 { legs.wheel.hasten(session, to: now &+ linger) }
    }

    /// The upstream refuses datagrams. Earlier responses are delivered; then the client is reset.
    mutating func endRefused(_ session: SessionID, _ upstream: LegID, _ cause: EndCause) {
        legs.setCause(session, cause)
        states[session].endsWithReset = true
        states[session].expectsResponses = false
        let client = sessions[session].client
        legs[client].peer = .absent
        close(upstream, reset: false)
        stopReading(session)
        if isOpen(session) { readOn(client, expectsBytes: true) }
    }

    /// Only responses may still come.
    mutating func clientEnded(_ session: SessionID) {
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        if driven(session).contains(.upstream) { otherEnded(DriverID(session, ofClient: false)) }
        finishIfComplete(session)
        guard isOpen(session) else { return }
        if legs.isDraining { legs.wheel.hasten(session, to: now &+ Limits.drainSilence) }
        hastenLinger(session)
    }

    /// Ends a session towards a stream once its queue is sent: an end inside a message would look
    /// orderly. The client's next datagram opens another session.
    mutating func endAfterQueue(_ session: SessionID) {
        let upstream = sessions[session].upstream
        guard !upstream.isNone else { return end(session, .completed, reset: false) }
        legs[upstream].inbound = .discarded
        dropAssembly(FramedID(session, ofClient: false))
        if states[session].isKnown { clients.remove(session, states) }
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        // Else the last send's completion ends the session, or the linger deadline.
        if legs[upstream].queue.isEmpty, !hasDriven(session) {
            endOnceDelivered(session, upstream)
        }
        guard isOpen(session) else { return }
        hastenLinger(session)
    }

    /// All of a stream's bytes are handed to the kernel. A close with unread bytes, or a reset,
    /// would destroy bytes that the far side has not acknowledged: wait for those.
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
        // The rest is the kernel's work: a stop meanwhile cuts nothing.
        legs.setCause(session, .completed)
        states[session].isDelivering = true
        legs.wheel.hasten(session, to: now &+ Limits.resetCheck)
    }

    /// Ends a session whose bytes are delivered. True if ended.
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

    /// Whether an end now would lose a message, or part of one, or has to be a reset anyway.
    func hasQueued(_ session: SessionID) -> Bool {
        let row = sessions[session]
        if states[session].endsWithReset || hasDriven(session) { return true }
        switch row.kind {
        case .streams, .hookedStreams, .drivenStreams, .framedStreams, .datagrams: return false
        case .streamToDatagrams:
            // Datagrams queued for a Unix upstream would be lost too.
            return !row.client.isNone && !legs[row.client].queue.isEmpty
                || !row.upstream.isNone && !legs[row.upstream].queue.isEmpty
        case .datagramsToStream:
            return row.phase == .relaying && !row.upstream.isNone
                && !legs[row.upstream].queue.isEmpty
        }
    }

    /// The start of the next message is unknown. Earlier messages are still answered, and the queue
    /// is sent; then the stream is reset.
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
        case .streams, .hookedStreams, .drivenStreams, .datagrams:
            assertionFailure("a frame is a stream's")
        case .framedStreams: badFrameBetweenStreams(stream)
        case .datagramsToStream: endAfterQueue(session)
        case .streamToDatagrams:
            if states[session].requests == 0 { states[session].expectsResponses = false }
            stopReading(session)
        }
    }

    /// A bad frame of the upstream: the client gets the messages before it. Of the client: the
    /// upstream still answers the messages before it, until it ends its stream or a deadline
    /// passes. Then both are reset, so that neither takes a part for the whole.
    private mutating func badFrameBetweenStreams(_ stream: FramedID) {
        let session = stream.session
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        dropAssembly(stream)
        guard !dialsOnDemand(session) else { return stopReadingDialled(session) }
        guard stream.isOfClient, states[session].requests > 0, !legs[upstream].hasEnded else {
            return streamBroke(upstream)
        }
        legs[client].inbound = .discarded
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        hastenLinger(session)
    }

    /// A framed stream was reset, or failed. Earlier messages are still cut.
    mutating func framedBroke(_ leg: LegID, _ error: Int32) {
        if !comesLater(leg, error), !breaksLater(leg) { streamBroke(leg) }
    }

    /// A framed stream takes no more. Between two streams, its earlier messages are still read.
    mutating func framedSendBroke(_ leg: LegID, _ error: Int32) {
        guard sessions[legs[leg].session].kind == .framedStreams else {
            return framedBroke(leg, error)
        }
        legs.writeBroke(leg)
        guard legs[leg].phase == .open, legs[legs[leg].peer].reading == .paused else { return }
        resume(legs[leg].peer)
    }

    mutating func framedEnded(_ leg: LegID) {
        guard !comesLater(leg, 0) else { return }
        let stream = framedID(leg)
        let session = stream.session
        guard !isFinishing(session) else { return finishedStreamEnded(leg) }
        let isBetweenStreams = sessions[session].kind == .framedStreams
        let isSurplus = legs[leg].hasEnded
        // An asynchronous hook may get the message at the end: the end then waits for it.
        if !isBetweenStreams, !hooks.areThere { legs[leg].move(reading: .ended) }
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
        if hooks.areThere {
            guard !comesLater(leg, 0) else { return }
            if !isBetweenStreams { legs[leg].move(reading: .ended) }
        }
        guard !isBetweenStreams else { return framedEndedBetweenStreams(leg) }
        // The client's next datagram dials anew; a client's stream still gets responses.
        guard legs[leg].kind.isClient else {
            guard driven(session).contains(.client) else { return endAfterQueue(session) }
            return otherEnded(DriverID(session, ofClient: true))
        }
        clientEnded(session)
    }

    /// Forwards the end behind the messages; behind a bad frame, as a reset.
    private mutating func framedEndedBetweenStreams(_ leg: LegID) {
        let session = legs[leg].session
        guard !states[session].endsWithReset else { return streamBroke(leg) }
        // The end may close the session, unless there is a driver.
        if !driven(session).isEmpty {
            otherEnded(DriverID(session, ofClient: !legs[leg].kind.isClient))
        }
        guard !dialsOnDemand(session) else { return legs.endReading(leg) }
        legs.noteEnd(leg)
        heedNotices()
    }

    /// A bad frame before a driver that connects on demand: messages before it are answered.
    private mutating func stopReadingDialled(_ session: SessionID) {
        legs[sessions[session].client].inbound = .discarded
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        otherEnded(DriverID(session, ofClient: false))
        hastenLinger(session)
    }
}
