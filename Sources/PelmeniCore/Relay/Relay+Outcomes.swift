internal import CPelmeni
internal import Glibc

// Outcomes of the legs, and calls to the legs that may cause a notice.
extension Relay where R: ~Copyable {
    /// Handles a receive that no linked stream takes.
    @inline(never)
    mutating func receivedUnlinked(_ leg: LegID, _ completion: Completion) {
        let outcome = legs.receivedUnlinked(leg, completion)
        guard outcome == .bytes else { return resolve(outcome, leg, completion.result) }
        if sessions[legs[leg].session].kind == .drivenStreams {
            pairReceived(leg, completion)
        } else if isDriven(leg) {
            drivenReceived(leg, completion)
        } else if sessions[legs[leg].session].kind == .hookedStreams {
            chunkReceived(leg, completion)
        } else {
            framedReceived(leg, completion)
        }
        heedNotices()
    }

    /// Not inlined, so that no completion stays in registers for the rare outcomes: inlined, a
    /// request over two linked legs took 1 % more instructions.
    @inline(never)
    mutating func sent(_ leg: LegID, _ result: Int32) {
        let outcome = legs.sent(leg, result)
        if outcome != .handled { resolve(outcome, leg, result) }
    }

    @inline(never)
    private mutating func resolve(_ outcome: Outcome, _ leg: LegID, _ result: Int32) {
        // After the last leg's close there is no leg to ask.
        if outcome == .moved { return heedNotices() }
        if sessions[legs[leg].session].kind == .drivenStreams {
            resolvePair(outcome, leg)
            return heedNotices()
        }
        if resolveDriven(outcome, leg) { return heedNotices() }
        if pairs[sessions[legs[leg].session].pair].hooks.areThere,
            resolveHooked(outcome, leg, result)
        {
            return heedNotices()
        }
        switch outcome {
        case .handled, .moved: break
        case .bytes: assertionFailure("bytes come with a completion")
        case .ended:
            if legs.findHiddenReset(leg) { framedBroke(leg, -ECONNRESET) } else { framedEnded(leg) }
        case .broke: framedBroke(leg, result)
        case .sendBroke: framedSendBroke(leg, result)
        case .starved:
            // Uncut bytes go first.
            if framed[framedID(leg)].uncut.isEmpty {
                legs.lackBlock(leg)
            } else {
                awaitCut(leg)
            }
        case .interrupted: readOn(leg, expectsBytes: false)
        case .drained where sessions[legs[leg].session].kind == .framedStreams: resumePeer(leg)
        case .drained: finishIfDrained(leg)
        case .resumed: resume(legs[leg].peer)
        }
        heedNotices()
    }

    /// Handles the legs' notices.
    @inline(__always)
    mutating func heedNotices() {
        if legs.hasNotices { popNotices() }
    }

    @inline(never)
    private mutating func popNotices() {
        while let notice = legs.popNotice() {
            switch notice {
            case .linked(let session) where sessions[session].kind == .drivenStreams:
                pairNoticed(session)
            case .linked(let session) where dialsOnDemand(session): linkOnDemand(session)
            case .linked(let session): linkMessages(session)
            case .left(let session):
                if sessions[session].kind.hasNamedClient { removeClient(session) }
            case .closed(let session):
                if sessions[session].kind.hasMessages { endMessages(session) }
                endHooks(session)
                legs.finish(session)
            }
        }
    }

    // MARK: Calls that may end a session

    mutating func end(_ session: SessionID, _ cause: EndCause, reset: Bool) {
        legs.end(session, cause, reset: reset)
        heedNotices()
    }

    mutating func close(_ leg: LegID, reset: Bool) {
        legs.close(leg, reset: reset)
        heedNotices()
    }

    mutating func closeIfIdle(_ leg: LegID) {
        legs.closeIfIdle(leg)
        heedNotices()
    }

    mutating func streamBroke(_ leg: LegID) {
        let session = legs[leg].session
        // Between two upstreams no leg waits for the client's bytes.
        if sessions[session].phase == .connecting, dialsOnDemand(session) {
            return end(session, .clientReset, reset: true)
        }
        legs.streamBroke(leg)
        heedNotices()
    }

    mutating func dial(_ session: SessionID) {
        legs.dial(session)
        heedNotices()
    }

    // MARK: Sessions

    /// Takes an accepted socket into a new session of a pair, and dials its upstream.
    package mutating func open(_ socket: Int32, pair: PairID) {
        let session = legs.accept(socket, pair: pair)
        guard !session.isNone else { return }
        guard pairs[pair].kind != .drivenStreams else { return openPair(session) }
        if pairs[pair].kind.hasMessages {
            beginMessages(session, client: sessions[session].client)
        }
        guard let upstream = openHooks(session) else { return }
        guard !dialsOnDemand(session) else { return openOnDemand(session, upstream: upstream) }
        legs.dialAccepted(session, upstream: upstream)
        heedNotices()
    }

    /// Looks for an upstream of the pair that accepts. The same session for as long as it takes.
    ///
    /// - Parameter last: the pair's last probe, or none.
    package mutating func probe(_ pair: PairID, after last: SessionID) -> SessionID {
        guard !legs.isProbe(last) || sessions[last].pair != pair else { return last }
        defer { heedNotices() }
        return legs.beginProbe(pair)
    }

    /// Dials queued sessions, as many as one loop may.
    @inline(never)
    mutating func dialWaiting() {
        while legs.dialNext() { heedNotices() }
        heedNotices()
    }

    /// From now on only clients with a session are served, and silent datagram sessions end.
    package mutating func drain() {
        legs.isDraining = true
        legs.endProbes()
        if pairDrivers.areThere { drainPairs() }
        if drivers.areThere {
            for session in legs.sessionSlab.used where isOpen(session) { drainDialled(session) }
        }
        for session in legs.sessionSlab.used
        where sessions[session].phase == .relaying && !sessions[session].kind.isOfStreams {
            legs.wheel.hasten(session, to: now &+ Limits.drainSilence)
        }
    }

    /// Cuts every session, for a stop or at the drain deadline.
    package mutating func cutAll() {
        if pairDrivers.areThere { legs.closeAllParked() }
        for session in legs.sessionSlab.used
        where sessions[session].phase != .free && sessions[session].phase != .ending {
            // An earlier failed connect is not the cause: another upstream may have accepted.
            if sessions[session].phase == .connecting {
                sessions[session].hasCause = false
            }
            end(session, .drainCut, reset: true)
        }
    }

    /// Closes everything at once after the ring failed: no completion comes any more.
    package mutating func abandon() {
        for session in legs.sessionSlab.used where sessions[session].kind.hasNamedClient {
            guard isOpen(session) else { continue }
            legs.setCause(session, .internal)
            sessions[session].move(to: .ending)
            removeClient(session)
        }
        legs.abandon()
        heedNotices()
    }
}
