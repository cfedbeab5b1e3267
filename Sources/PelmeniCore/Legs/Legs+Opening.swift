internal import CPelmeni
internal import Glibc

// Sessions: opened within the limits, finished after the last leg.
extension Legs where R: ~Copyable {
    /// Sessions that may still be opened before connections have to wait.
    package var room: Int {
        let datagrams = pelmeni_shared_get(limits.datagramSessionsOpen)
        let streams = pelmeni_shared_get(limits.engineSessionsOpen) &- datagrams
        let inEngine = limits.shares.streamRoom(streams: streams, datagrams: datagrams)
        return min(Int(inEngine), limits.sessions - sessionsOpen)
    }

    /// Takes an accepted socket into a new session. None over a limit: the socket is closed.
    mutating func accept(_ socket: Int32, pair: PairID) -> SessionID {
        counters.add(.accepted)
        let open = pelmeni_shared_add(pairs[pair].sessionsOpen, 1)
        let inEngine = pelmeni_shared_add(limits.engineSessionsOpen, 1)
        let pairMax = pairs[pair].sessionsMax
        let cap = limits.engineSessionsCap
        guard pairMax == 0 || open <= pairMax, cap == 0 || inEngine <= cap else {
            return shed(socket, pair: pair)
        }
        let session = allocateSession()
        guard !session.isNone else { return shed(socket, pair: pair) }
        let kind: LegRow.Kind = pairs[pair].isUnix ? .unixClient : .client
        let leg = allocateLeg(kind, socket: socket, session: session)
        guard !leg.isNone else {
            sessionSlab.giveBack(session)
            return shed(socket, pair: pair)
        }
        sessions[session].client = leg
        begin(session, pair: pair)
        return session
    }

    /// Attaches an accepted socket to the ring, and dials the session's upstream.
    ///
    /// - Parameter upstream: the number of the first one to dial; -1 is the next in turn.
    mutating func dialAccepted(_ session: SessionID, upstream: Int) {
        guard attachAccepted(session) else { return }
        assign(session, upstream: upstream)
        dialInTurn(session)
    }

    /// Attaches an accepted socket to the ring. False when the session ended.
    mutating func attachAccepted(_ session: SessionID) -> Bool {
        let leg = sessions[session].client
        let socket = legs[leg].socket
        let isUnix = legs[leg].kind.isUnix
        // A TCP socket inherits its listener's options, a Unix one does not.
        if isUnix {
            let options = pairs[sessions[session].pair].options
            _ = calls.configure(socket, family: AF_UNIX, options: options)
        }
        guard
            ring.attach(socket, token: token(leg, .receive), isShared: false, isUnix: isUnix) == 0
        else {
            end(session, .limit, reset: true)
            return false
        }
        return true
    }

    /// A session for a listener's datagram client. None over a limit: open sessions are kept.
    mutating func acceptDatagrams(pair: PairID) -> SessionID {
        let row = pairs.row(pair)
        let open = pelmeni_shared_add(row.pointee.sessionsOpen, 1)
        let inEngine = pelmeni_shared_add(limits.engineSessionsOpen, 1)
        let datagrams = pelmeni_shared_add(limits.datagramSessionsOpen, 1)
        let cap = limits.engineSessionsCap
        var session = SessionID.none
        if row.pointee.sessionsMax == 0 || open <= row.pointee.sessionsMax,
            cap == 0 || inEngine <= cap,
            limits.shares.fitsDatagrams(datagrams, streams: inEngine &- datagrams)
        {
            session = allocateSession()
        }
        guard !session.isNone else {
            _ = pelmeni_shared_add(row.pointee.sessionsOpen, -1)
            _ = pelmeni_shared_add(limits.datagramSessionsOpen, -1)
            _ = pelmeni_shared_add(limits.engineSessionsOpen, -1)
            return session
        }
        counters.add(.accepted)
        begin(session, pair: pair)
        return session
    }

    mutating func allocateSession() -> SessionID {
        let session = sessionSlab.allocate()
        if !session.isNone { sessions[session] = SessionRow() }
        return session
    }

    /// Starts a session that has a client.
    private mutating func begin(_ session: SessionID, pair: PairID) {
        let row = sessions.row(session)
        row.pointee.pair = pair
        row.pointee.kind = pairs[pair].kind
        row.pointee.legs = 1
        row.pointee.openedAt = now
        row.pointee.activeAt = now
        row.pointee.move(to: .connecting)
        sessionsOpen &+= 1
        counters.set(.sessionsOpen, UInt64(sessionsOpen))
        if events.reportsSessions { report(.sessionOpened, session) }
    }

    /// Resets a connection over the limit at once, without a session.
    private mutating func shed(_ socket: Int32, pair: PairID) -> SessionID {
        _ = pelmeni_shared_add(pairs[pair].sessionsOpen, -1)
        _ = pelmeni_shared_add(limits.engineSessionsOpen, -1)
        counters.add(.limit)
        calls.closeWithReset(socket)
        hasRoom = true
        if events.reportsSessions {
            events.report(WorkerEvent(kind: .sessionEnded, pair: pair, cause: .limit))
        }
        return .none
    }

    // MARK: The end

    /// A leg, or a client without one, is gone. The last one ends the session.
    mutating func release(_ session: SessionID) {
        guard session != links.parkedSession else {
            links.open &-= 1
            return
        }
        assert(sessions[session].legs > 0, "more legs close than a session has")
        sessions[session].legs &-= 1
        guard sessions[session].legs == 0 else { return }
        guard sessions[session].kind == .streams else {
            return notify(session)
        }
        finish(session)
    }

    /// Frees a session without legs, and counts its cause.
    mutating func finish(_ session: SessionID) {
        let row = sessions.row(session)
        assert(row.pointee.legs == 0, "a session ends before its legs")
        assert(row.pointee.hasCause, "a session ends without a cause")
        wheel.remove(session)
        endChoice(session)
        guard !row.pointee.marks.contains(.probe) else { return freeProbe(session) }
        counters.add(row.pointee.cause)
        sessionsOpen &-= 1
        counters.set(.sessionsOpen, UInt64(sessionsOpen))
        _ = pelmeni_shared_add(pairs[row.pointee.pair].sessionsOpen, -1)
        // Before the engine's sum: the rest of that sum counts as streams.
        if row.pointee.kind.hasNamedClient {
            _ = pelmeni_shared_add(limits.datagramSessionsOpen, -1)
        }
        _ = pelmeni_shared_add(limits.engineSessionsOpen, -1)
        if events.reportsSessions { report(.sessionEnded, session) }
        free(session)
    }

    /// Gives a session's row back.
    mutating func free(_ session: SessionID) {
        sessions[session].move(to: .free)
        sessionSlab.giveBack(session)
        hasRoom = true
        if reserve.isSpent { reserve.renew(calls.openReserve()) }
    }
}
