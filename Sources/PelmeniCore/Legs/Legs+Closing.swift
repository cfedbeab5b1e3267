internal import CPelmeni
internal import Glibc

// Ending: resets forwarded, descriptors closed after the last completion, one cause a session.
extension Legs where R: ~Copyable {
    /// The first cause counts.
    @inline(__always)
    func setCause(_ session: SessionID, _ cause: EndCause) {
        guard !sessions[session].hasCause else { return }
        sessions[session].hasCause = true
        sessions[session].cause = cause
    }

    /// A reset or an error ended one side: the other side gets the bytes before it, then a reset.
    mutating func streamBroke(_ leg: LegID) {
        let session = legs[leg].session
        setCause(session, legs[leg].kind.isClient ? .clientReset : .upstreamReset)
        guard sessions[session].phase == .relaying else { return }
        // Datagrams have no reset: a stream side is reset, and the session ends.
        guard sessions[session].kind.isOfStreams, legs[leg].peer != .absent else {
            return end(session, sessions[session].cause, reset: true)
        }
        sessions[session].move(to: .resetting)
        let deadline = now &+ Limits.resetWait
        let current = sessions[session].resetAt
        sessions[session].resetAt = current == 0 ? deadline : min(current, deadline)
        let peer = legs[leg].peer
        assert(peer != .absent, "a stream without a stream at its other end is reset")
        legs[peer].move(to: .resetting)
        if legs[peer].reading == .paused { legs[peer].move(reading: .idle) }
        close(leg, reset: true)
        if legs[peer].reading == .starved { reads.remove(peer, legs) }
        cancelReceive(peer)
        resetIfDelivered(peer)
    }

    /// Resets a leg once its queue is sent and acknowledged, or the wait is over.
    mutating func resetIfDelivered(_ leg: LegID) {
        let session = legs[leg].session
        let isOver = now >= sessions[session].resetAt
        let isDelivered =
            isDrained(leg) && calls.outstanding(legs[leg].socket) <= 0
        guard isOver || isDelivered else {
            return wheel.hasten(session, to: now &+ Limits.resetCheck)
        }
        let peer =
            sessions[session].client == leg ? sessions[session].upstream : sessions[session].client
        let isLast = peer.isNone || legs[peer].phase != .resetting
        if isLast { sessions[session].move(to: .ending) }
        close(leg, reset: true)
    }

    /// Resets both sides of a session of streams, each once its queue is delivered.
    mutating func breakBoth(_ session: SessionID, _ cause: EndCause) {
        guard !sessions[session].upstream.isNone else { return breakClient(session, cause) }
        setCause(session, cause)
        guard sessions[session].phase == .relaying else { return }
        let (client, upstream) = (sessions[session].client, sessions[session].upstream)
        sessions[session].move(to: .resetting)
        sessions[session].resetAt = now &+ Limits.resetWait
        beginReset(client)
        beginReset(upstream)
        resetIfDelivered(client)
        resetIfDelivered(upstream)
    }

    /// As ``breakBoth(_:_:)``, for a session that has closed its upstream.
    mutating func breakClient(_ session: SessionID, _ cause: EndCause) {
        setCause(session, cause)
        guard sessions[session].phase == .relaying else { return }
        assert(sessions[session].upstream.isNone, "the upstream closes first")
        let client = sessions[session].client
        sessions[session].move(to: .resetting)
        sessions[session].resetAt = now &+ Limits.resetWait
        beginReset(client)
        resetIfDelivered(client)
    }

    /// The leg is not read any more, and is reset once its queue is delivered.
    private mutating func beginReset(_ leg: LegID) {
        legs[leg].move(to: .resetting)
        if legs[leg].reading == .paused { legs[leg].move(reading: .idle) }
        if legs[leg].reading == .starved { reads.remove(leg, legs) }
        cancelReceive(leg)
    }

    /// Ends a session: both legs close, in order or with a reset.
    @inline(__always)
    mutating func end(_ session: SessionID, _ cause: EndCause, reset: Bool) {
        end(session, cause, resetsClient: reset, resetsUpstream: reset)
    }

    /// Ends a session of streams at a deadline. A side sees an orderly end only if the other side
    /// ended its stream and no byte was lost: half a response must not look whole.
    ///
    /// - Parameter isLossy: bytes were lost that the legs do not know of.
    mutating func expire(_ session: SessionID, _ cause: EndCause, isLossy: Bool) {
        let row = sessions[session]
        let isLossy = isLossy || hasWaiting(session)
        end(
            session, cause,
            resetsClient: isLossy || !legs[row.upstream].hasEnded,
            resetsUpstream: isLossy || !legs[row.client].hasEnded)
    }

    /// As above, with a reset for each side or without.
    mutating func end(
        _ session: SessionID, _ cause: EndCause, resetsClient: Bool, resetsUpstream: Bool
    ) {
        setCause(session, cause)
        guard sessions[session].phase != .free, sessions[session].phase != .ending
        else { return }
        let wasConnecting = sessions[session].phase == .connecting
        sessions[session].move(to: .ending)
        let client = sessions[session].client
        let upstream = sessions[session].upstream
        if wasConnecting {
            closeAttempts(session)
        } else if !upstream.isNone, legs[upstream].session == session {
            close(upstream, reset: resetsUpstream)
        }
        // The client's leg closes last: with the last leg the session's row is released.
        if !client.isNone, legs[client].session == session {
            close(client, reset: resetsClient)
        }
        if sessions[session].kind.hasNamedClient { notify(session) }
        if sessions[session].marks.contains(.probe) { release(session) }
    }

    /// Closes a leg once it has no operation in flight.
    mutating func close(_ leg: LegID, reset: Bool) {
        let row = legs.row(leg)
        guard row.pointee.phase != .closing else { return }
        if row.pointee.reading == .starved { reads.remove(leg, legs) }
        if row.pointee.phase == .queued { dials.remove(leg, legs) }
        row.pointee.move(to: .closing)
        if reset { row.pointee.flags.insert(.closesWithReset) }
        if row.pointee.kind.isDatagrams {
            cancelDatagrams(leg)
            return closeIfIdle(leg)
        }
        cancelReceive(leg)
        if row.pointee.piped != 0 {
            if row.pointee.writing == .sending {
                ring.cancelWritable(token(leg, .awaitWritable), slot: leg.rawValue)
            }
        } else if row.pointee.writing == .sending {
            ring.cancel(token(leg, .send))
        }
        if row.pointee.writing == .connecting { ring.cancel(token(leg, .connect)) }
        closeIfIdle(leg)
    }

    /// Cancels a leg's receive, or its wait for readability.
    mutating func cancelReceive(_ leg: LegID) {
        guard legs[leg].reading == .receiving else { return }
        let isSpliced = legs[leg].inbound == .spliced
        ring.cancel(token(leg, isSpliced ? .awaitReadable : .receive))
    }

    @inline(__always)
    mutating func closeIfIdle(_ leg: LegID) {
        guard !legs[leg].isInFlight else { return }
        closeNow(leg)
    }

    mutating func closeNow(_ leg: LegID) {
        let row = legs.row(leg)
        assert(row.pointee.phase == .closing, "an open leg is closed")
        assert(!row.pointee.isInFlight, "a leg is closed under an operation")
        if row.pointee.kind.isListener { return closeListenerNow(leg) }
        if row.pointee.kind.isDatagrams, !row.pointee.queue.isEmpty {
            // Datagrams queued for a Unix upstream were received, and are not sent on.
            drop(.noUpstream, Int(row.pointee.queue.count))
        }
        row.pointee.queue.removeAll(pool: pool)
        releasePipe(leg)
        ring.detach(token(leg, .receive))
        if row.pointee.flags.contains(.closesWithReset) {
            calls.closeWithReset(row.pointee.socket)
        } else {
            calls.close(row.pointee.socket)
        }
        let session = row.pointee.session
        // A closed leg clears its number in its session, which must not find the row's next leg.
        if sessions[session].client == leg { sessions[session].client = .none }
        if sessions[session].upstream == leg { sessions[session].upstream = .none }
        if sessions[session].kind == .drivenStreams { links.setLeft(leg, 0) }
        freeLeg(leg)
        release(session)
    }

    /// Closes every leg at once after the ring failed: no completion comes any more.
    mutating func abandon() {
        for leg in legSlab.used where legs[leg].isInUse {
            guard !legs[leg].kind.isListener else {
                closeListenerNow(leg)
                continue
            }
            let session = legs[leg].session
            setCause(session, .internal)
            if sessions[session].phase != .ending {
                sessions[session].move(to: .ending)
            }
            if legs[leg].reading == .starved { reads.remove(leg, legs) }
            if legs[leg].phase == .queued { dials.remove(leg, legs) }
            legs[leg].abandon()
            closeNow(leg)
        }
        // What stands for a probe's client is no leg, and is not released.
        probesOpen = 0
        links.parked = 0
        assert(links.open == 0, "a parked leg is left")
    }

    /// Releases the reserve and the pipes, which belong to no session.
    package mutating func closeReserve() {
        _ = spendReserve()
        closePipes()
    }
}
