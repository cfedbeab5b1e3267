internal import CPelmeni
internal import Glibc

// Datagram sockets: listeners, and sockets connected to an upstream.
extension Legs where R: ~Copyable {
    // MARK: Listeners

    /// Takes over a listening datagram socket. Its row is its slot's, and belongs to no session.
    package mutating func listen(_ socket: Int32, slot: LegID, pair: PairID) -> Int32 {
        let isUnix = pairs[pair].isUnix
        var row = LegRow(
            isUnix ? .unixListener : .listener, socket: socket, session: .none,
            generation: legs[slot].generation)
        if isUnix {
            let bytes = calls.widenSendBuffer(
                socket, bytes: pairs[pair].datagramOptions.buffers.send)
            if bytes > 0 { pairs[pair].responseShare = bytes / Limits.unreadShare }
        }
        row.pair = pair
        legs[slot] = row
        let error = ring.attach(socket, token: token(slot, .receiveDatagrams), isShared: false)
        if error == 0 { armDatagrams(slot) }
        return error
    }

    /// Stops listening. Once ``isListening(_:)`` is false, the socket is closed.
    package mutating func stopListening(_ slot: LegID) {
        guard isListening(slot), legs[slot].phase != .closing else { return }
        close(slot, reset: false)
    }

    /// Whether no worker has a session of the listener's pair, and no datagram of it is in flight.
    package func isListenerDone(_ slot: LegID) -> Bool {
        pelmeni_shared_get(pairs[legs[slot].pair].sessionsOpen) == 0
            && legs[slot].datagramCount == 0
    }

    package func isListening(_ slot: LegID) -> Bool { legs[slot].isInUse }

    /// A listener closes like a leg, but without a session.
    mutating func closeListenerNow(_ slot: LegID) {
        ring.detach(token(slot, .receiveDatagrams))
        calls.close(legs[slot].socket)
        legs[slot] = LegRow(freeAfter: legs[slot].generation)
    }

    // MARK: Upstreams

    /// Opens a socket connected to one address of the upstream: connecting sends nothing, so it
    /// completes at once. False on failure.
    mutating func dialDatagrams(_ session: SessionID, _ number: Int, of upstream: Int) -> Bool {
        let row = sessions.row(session)
        let pair = pairs.row(row.pointee.pair)
        let entry = (pair.pointee.upstreams + upstream).pointee.address(number)
        let isUnix = entry.pointee.address.family == AF_UNIX
        let kind = pair.pointee.hooks.upstreamSocket
        let options = pair.pointee.datagramOptions
        var socket = calls.openDatagrams(to: &entry.pointee.address, kind: kind, options: options)
        if reserve.note(socket), spendReserve() {
            socket = calls.openDatagrams(
                to: &entry.pointee.address, kind: kind, options: options)
        }
        // EAGAIN: no local port is left (ip(7)), which is not the upstream's fault.
        let leg = addLeg(
            isUnix ? .unixDatagrams : .datagrams, socket: socket == -EAGAIN ? -EMFILE : socket,
            session, number, of: upstream)
        guard !leg.isNone else { return false }
        row.pointee.upstream = leg
        // A UDP socket takes a datagram at once or never: only reading is watched.
        guard ring.attach(socket, token: token(leg, .receiveDatagrams), isShared: !isUnix) == 0
        else {
            removeAttempt(session, leg)
            close(leg, reset: false)
            noteFailure(session, -EMFILE)
            return false
        }
        link(session, leg)
        return true
    }

    // MARK: Receiving

    @inline(__always)
    mutating func armDatagrams(_ leg: LegID) {
        let row = legs.row(leg)
        assert(row.pointee.phase == .open, "a leg that closes is not read")
        row.pointee.move(reading: .receiving)
        ring.receiveDatagrams(
            row.pointee.socket, isUnix: row.pointee.kind.isUnix,
            isListener: row.pointee.kind.isListener, token: token(leg, .receiveDatagrams))
    }

    /// Arms sockets that found no block, once blocks are free.
    mutating func feedDatagrams() {
        var blocks = ring.reachable(.datagram)
        while blocks > 0, reads.hasDatagrams {
            armDatagrams(reads.nextDatagrams(legs))
            blocks &-= 1
        }
    }

    /// A send completes in the next submit; a wait for writability has to be cancelled.
    mutating func cancelDatagrams(_ leg: LegID) {
        let row = legs.row(leg)
        if row.pointee.reading == .receiving { ring.cancel(token(leg, .receiveDatagrams)) }
        guard row.pointee.kind.isFlowControlled, row.pointee.writing == .sending else { return }
        ring.cancelWritable(
            Token(.sendDatagrams, index: row.pointee.waiting.rawValue, generation: 0),
            slot: leg.rawValue)
    }
}
