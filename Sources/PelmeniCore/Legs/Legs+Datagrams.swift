internal import CPelmeni
internal import Glibc

// Sockets of datagrams: listeners, and those that are connected to an upstream.
extension Legs where R: ~Copyable {
    // MARK: Listeners

    /// Takes over a listening socket of datagrams. Its row is that of its slot, and belongs to no
    /// session.
    package mutating func listen(_ socket: Int32, slot: LegID, pair: PairID) -> Int32 {
        let isUnix = pairs[pair].isUnix
        var row = LegRow(
            isUnix ? .unixListener : .listener, socket: socket, session: .none,
            generation: legs[slot].generation)
        if isUnix {
            let bytes = calls.widenSendBuffer(socket)
            if bytes > 0 { pairs[pair].responseShare = bytes / Limits.unreadShare }
        }
        row.pair = pair
        legs[slot] = row
        let error = ring.attach(socket, token: token(slot, .receiveDatagrams), isShared: false)
        if error == 0 { armDatagrams(slot) }
        return error
    }

    /// Stops listening; ``isListening(_:)`` says when the socket is closed.
    package mutating func stopListening(_ slot: LegID) {
        guard isListening(slot), legs[slot].phase != .closing else { return }
        close(slot, reset: false)
    }

    /// Whether no worker has a session of a listener's pair, and nothing is on its way out of it.
    package func isListenerDone(_ slot: LegID) -> Bool {
        pelmeni_shared_get(pairs[legs[slot].pair].sessionsOpen) == 0
            && legs[slot].datagrams.count == 0
    }

    package func isListening(_ slot: LegID) -> Bool { legs[slot].isInUse }

    /// A listener's row closes like a leg's, but no session goes with it.
    mutating func closeListenerNow(_ slot: LegID) {
        ring.detach(token(slot, .receiveDatagrams))
        calls.close(legs[slot].socket)
        legs[slot] = LegRow(freeAfter: legs[slot].generation)
    }

    // MARK: Upstreams

    /// Opens a socket that is connected to one address of the upstream: nothing is sent for that,
    /// so it is done at once. False when it could not be.
    mutating func dialDatagrams(_ session: SessionID, upstream: Int) -> Bool {
        let row = sessions.row(session)
        let pair = pairs.row(row.pointee.pair)
        let number = row.pointee.policy.takeAddress(of: upstream)
        let address = (pair.pointee.upstreams + upstream).pointee.addresses + number
        let buffer = pair.pointee.receiveBuffer
        var socket = calls.openDatagrams(to: address, buffer: buffer)
        if reserve.note(socket), spendReserve() {
            socket = calls.openDatagrams(to: address, buffer: buffer)
        }
        let isUnix = address.pointee.family == AF_UNIX
        // No local port is left (ip(7)): not the upstream's fault.
        let leg = addLeg(
            isUnix ? .unixDatagrams : .datagrams, socket: socket == -EAGAIN ? -EMFILE : socket,
            session, upstream: upstream)
        guard !leg.isNone else { return false }
        row.pointee.upstream = leg
        // Nothing is written to a UDP socket but what it takes at once: only reading is watched.
        guard ring.attach(socket, token: token(leg, .receiveDatagrams), isShared: !isUnix) == 0
        else {
            takeOutAttempt(session, leg)
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

    /// Arms sockets that found no block, once there are some again.
    mutating func feedDatagrams() {
        var blocks = ring.reachable(.datagram)
        while blocks > 0, reads.hasDatagrams {
            armDatagrams(reads.nextDatagrams(legs))
            blocks &-= 1
        }
    }

    /// A send ends by itself in the next submit; a wait for room has to be called off.
    mutating func cancelDatagrams(_ leg: LegID) {
        let row = legs.row(leg)
        if row.pointee.reading == .receiving { ring.cancel(token(leg, .receiveDatagrams)) }
        guard row.pointee.kind.isFlowControlled, row.pointee.writing == .sending else { return }
        ring.cancelWritable(
            Token(.sendDatagrams, index: row.pointee.datagrams.waiting.rawValue, generation: 0),
            slot: leg.rawValue)
    }
}
