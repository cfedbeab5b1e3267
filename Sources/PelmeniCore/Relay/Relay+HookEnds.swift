internal import CPelmeni
internal import Glibc

// Sessions that hooks open, finish and close.
extension Relay where R: ~Copyable {
    /// Makes a new session's hooks and asks them, before the dial. The number of the upstream that
    /// one chose, or -1; nil when the session ended.
    mutating func openHooks(_ session: SessionID) -> Int? {
        guard let chain = chain(of: session) else { return -1 }
        let pair = sessions[session].pair
        let row = chain.pointee.row(session)
        row.pointee = HookRow()
        let client = sessions[session].client
        if !client.isNone {
            row.pointee.client = ClientAddress(legs.calls.peerName(legs[client].socket))
        }
        describe(session, chain, isToClient: false)
        var upstream = -1
        guard hooks.open(chain, session, pair: pair, &upstream) else {
            return closeOpening(session)
        }
        guard (-1..<pairs[pair].endpointCount).contains(upstream) else {
            hooks.call.pointee.setReason("onOpen chose an upstream that is not in the list")
            return closeOpening(session)
        }
        return openDrivers(session) ? upstream : nil
    }

    private mutating func closeOpening(_ session: SessionID) -> Int? {
        reportClosed(session)
        end(session, .hook, reset: true)
        return nil
    }

    private func reportClosed(_ session: SessionID) {
        events.report(
            WorkerEvent(kind: .hookClosed, pair: sessions[session].pair, cause: .hook))
    }

    /// The end of a loop: buffers that other threads dropped, jobs and answers of asynchronous
    /// hooks, and linked legs that ended sessions.
    @inline(never)
    mutating func finishHooks() {
        pool.takeReturns()
        var rounds = Limits.hookRoundsMax
        while rounds > 0, hooks.hasWork {
            rounds &-= 1
            hooks.runJobs()
            takeAnswers()
        }
        heedNotices()
        if !drivers.isEmpty { runDrivers() }
        if !pairDrivers.isEmpty { runPairDrivers() }
    }

    /// The session's upstream accepted: hooks see its number, also after its leg is closed.
    func noteUpstream(_ session: SessionID) {
        guard let chain = chain(of: session) else { return }
        let row = Int(legs[sessions[session].upstream].dialled.upstream)
        chain.pointee.row(session).pointee.upstream = Int16(
            pairs[sessions[session].pair].endpoint(ofRow: row))
    }

    // MARK: Closing

    /// A hook closes the session: what was queued before is sent, and streams are reset.
    mutating func closeByHook(_ session: SessionID, isToClient: Bool) {
        reportClosed(session)
        if dialsOnDemand(session) { disconnect(session) }
        switch sessions[session].kind {
        case .streams, .drivenStreams:
            assertionFailure("a stream without hooks has none that close it")
        case .hookedStreams, .framedStreams:
            legs.breakBoth(session, .hook)
            heedNotices()
        case .datagrams: end(session, .hook, reset: false)
        case .streamToDatagrams:
            legs.setCause(session, .hook)
            states[session].endsWithReset = true
            endResponses(session, .hook, readsOn: isToClient)
        case .datagramsToStream:
            states[session].endsWithReset = true
            endBridge(session, .hook)
        }
    }

    // MARK: Finishing

    /// A hook finishes the session: what is queued is sent, and both sides see an end in order.
    mutating func finishByHook(_ session: SessionID, isToClient: Bool) {
        guard !finishesLater(session) else { return }
        finish(session, .completed, readsOn: isToClient)
    }

    /// What is queued is sent, and both sides see an end in order.
    ///
    /// - Parameter readsOn: a client's stream has to be read on: no receive of it is being handled.
    mutating func finish(_ session: SessionID, _ cause: EndCause, readsOn: Bool) {
        // Its last message may still be on its way to a datagram upstream.
        if dialsOnDemand(session), sessions[session].kind != .streamToDatagrams {
            disconnect(session)
        }
        switch sessions[session].kind {
        case .streams, .drivenStreams:
            assertionFailure("a stream without hooks has none that finish it")
        case .hookedStreams, .framedStreams: finishStreams(session, cause)
        case .datagrams: finishDatagrams(session, cause)
        case .streamToDatagrams: endResponses(session, cause, readsOn: readsOn)
        case .datagramsToStream: endBridge(session, cause)
        }
    }

    /// No further response is sent: the client's stream ends behind its queue.
    mutating func endResponses(_ session: SessionID, _ cause: EndCause, readsOn: Bool) {
        states[session].hookCause = cause
        states[session].expectsResponses = false
        let client = sessions[session].client
        guard legs[client].inbound != .discarded else { return finishIfComplete(session) }
        stopReading(session)
        // Within a receive of the client, that goes on by itself.
        if readsOn, isOpen(session) { readOn(client, expectsBytes: true) }
    }

    /// The stream ends behind its queue; one that is still dialled, once it is linked.
    mutating func endBridge(_ session: SessionID, _ cause: EndCause) {
        guard sessions[session].phase == .connecting else {
            legs.setCause(session, cause)
            return endAfterQueue(session)
        }
        if states[session].isKnown { clients.remove(session, states) }
        states[session].hookCause = cause
    }

    /// The stream of a session that a hook ended while it was dialled is linked.
    mutating func endLinkedBridge(_ session: SessionID) {
        guard let cause = states[session].hookCause else { return }
        legs.setCause(session, cause)
        endAfterQueue(session)
    }

    /// Datagrams in flight need no session any more; a Unix upstream's queue does.
    private mutating func finishDatagrams(_ session: SessionID, _ cause: EndCause) {
        if states[session].isKnown { clients.remove(session, states) }
        let upstream = sessions[session].upstream
        let isWaiting =
            sessions[session].phase == .relaying && !upstream.isNone
            && !legs[upstream].queue.isEmpty
        guard isWaiting else { return end(session, cause, reset: false) }
        states[session].hookCause = cause
    }

    /// A datagram of a finished session's queue went out.
    mutating func finishOnceSent(_ leg: LegID) {
        let session = legs[leg].session
        guard sessions[session].kind == .datagrams, let cause = states[session].hookCause,
            legs[leg].queue.isEmpty, isOpen(session)
        else { return }
        end(session, cause, reset: false)
    }

    // MARK: Two streams

    func isFinishing(_ session: SessionID) -> Bool {
        guard let chain = chain(of: session) else { return false }
        return chain.pointee.row(session).pointee.isFinishing
    }

    /// Both streams are read and their bytes dropped: a close with unread bytes would destroy those
    /// just sent. Each is shut down behind its queue; `linger` bounds the wait for their ends.
    private mutating func finishStreams(_ session: SessionID, _ cause: EndCause) {
        guard let chain = chain(of: session), sessions[session].phase == .relaying else { return }
        legs.setCause(session, cause)
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        if upstream.isNone, states[session].endsWithReset {
            return legs.breakClient(session, cause)
        }
        chain.pointee.row(session).pointee.isFinishing = true
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        discard(client)
        if !upstream.isNone { discard(upstream) }
        shutDrained(client)
        if !upstream.isNone { shutDrained(upstream) }
        let linger = pairs[sessions[session].pair].deadlines.linger
        if linger != 0 { legs.wheel.hasten(session, to: now &+ linger) }
        completeFinished(session)
    }

    private mutating func discard(_ leg: LegID) {
        // A wait for readability is cancelled under the kind of operation that it is.
        legs.cancelReceive(leg)
        legs[leg].inbound = .discarded
        if legs[leg].reading == .starved { legs.reads.remove(leg, legs.legs) }
        dropOn(leg)
    }

    /// Reads on, and drops the bytes.
    mutating func dropOn(_ leg: LegID) {
        guard legs[leg].mayRead, legs[leg].phase == .open else { return }
        if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
        legs.arm(leg, expectsBytes: true)
    }

    /// Shuts a finished session's stream down once its queue is sent.
    mutating func shutDrained(_ leg: LegID) {
        guard legs[leg].phase == .open, legs.isDrained(leg), legs[leg].writing != .shut,
            !hasSurplus(towards: leg)
        else { return }
        legs[leg].move(writing: .shut)
        _ = legs.calls.shutdownWrite(legs[leg].socket)
    }

    mutating func finishedStreamEnded(_ leg: LegID) {
        legs[leg].move(reading: .ended)
        completeFinished(legs[leg].session)
    }

    /// Ends a finished session once both streams ended in both directions.
    private mutating func completeFinished(_ session: SessionID) {
        guard isFinished(sessions[session].client), isFinished(sessions[session].upstream)
        else { return }
        end(session, .completed, reset: false)
    }

    /// Whether a stream has ended in both directions. A driver may have closed its own.
    private func isFinished(_ leg: LegID) -> Bool {
        leg.isNone || legs[leg].reading == .ended && legs[leg].writing == .shut
    }

    /// An outcome of a session of two streams with hooks. False when it is one of framed streams
    /// that no hook finished.
    mutating func resolveHooked(_ outcome: Outcome, _ leg: LegID, _ result: Int32) -> Bool {
        let session = legs[leg].session
        let isFinishing = isFinishing(session)
        guard sessions[session].kind == .hookedStreams || isFinishing else { return false }
        switch outcome {
        case .handled, .moved, .bytes: break
        case .ended:
            if legs.findHiddenReset(leg) {
                chunksBroke(leg, -ECONNRESET)
            } else if isFinishing {
                finishedStreamEnded(leg)
            } else {
                chunksEnded(leg)
            }
        case .broke: chunksBroke(leg, result)
        case .sendBroke:
            legs.writeBroke(leg)
            let peer = legs[leg].peer
            if legs[leg].phase == .open, legs[peer].reading == .paused { resume(peer) }
        // Waiting chunks hold blocks themselves, and go first.
        case .starved where holdsChunks(leg): readOnChunks(leg, expectsBytes: true)
        case .starved: legs.lackBlock(leg)
        case .interrupted: readOnChunks(leg, expectsBytes: false)
        case .drained where isFinishing:
            shutDrained(leg)
            completeFinished(session)
        case .drained: resumePeer(leg)
        case .resumed: resume(legs[leg].peer)
        }
        return true
    }

    /// A pipe's last bytes may be the last ones of a finished stream.
    @inline(__always)
    mutating func pipeEmptied(_ leg: LegID) {
        let session = legs[leg].session
        guard !session.isNone, pairs[sessions[session].pair].hooks.areThere else { return }
        if sessions[session].kind == .drivenStreams { return pairPipeEmptied(session, leg) }
        guard isFinishing(session) else { return }
        shutDrained(leg)
        completeFinished(session)
    }
}
