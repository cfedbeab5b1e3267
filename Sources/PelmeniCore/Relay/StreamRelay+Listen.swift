internal import CPelmeni
internal import Glibc

// Datagrams from clients: whose session each belongs to, and sessions for those that have none.
extension StreamRelay where R: ~Copyable {
    /// Takes over a listening socket of datagrams. Its row is that of its slot, and belongs to no
    /// session.
    package mutating func listen(_ socket: Int32, slot: LegID, pair: PairID) -> Int32 {
        let isUnix = pairs[pair].isUnix
        var row = Leg(
            isUnix ? .unixListener : .listener, socket: socket, session: .none,
            generation: legs[slot].generation)
        if isUnix {
            let bytes = ring.widenSendBuffer(socket)
            if bytes > 0 { pairs[pair].answerShare = bytes / RelayLimits.unreadShare }
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

    /// From now on only clients that have a session are served, and sessions that fall silent end.
    package mutating func drain() {
        isDraining = true
        for session in sessionSlab.used
        where sessions[session].phase == .relaying
            && sessions[session].kind != .streams
        {
            wheel.hasten(session, to: now &+ RelayLimits.drainSilence)
        }
    }

    /// A listener's row closes like a leg's, but no session goes with it.
    mutating func closeListenerNow(_ slot: LegID) {
        ring.detach(token(slot, .receiveDatagrams))
        ring.close(legs[slot].socket)
        legs[slot] = Leg(freeAfter: legs[slot].generation)
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

    mutating func datagramsReceived(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        if !completion.more { row.pointee.move(reading: .idle) }
        let isWanted = row.pointee.phase == .open
        if !completion.block.isNone {
            if !isWanted, completion.result >= 0 {
                dropLate(leg, completion)
            } else if completion.result >= 0 {
                if row.pointee.kind.isListener {
                    receivedFromClient(leg, completion.block, Int(completion.result))
                } else {
                    receivedFromUpstream(leg, completion.block, Int(completion.result))
                }
            }
            pool.release(completion.block)
        } else if isWanted, completion.result < 0 {
            receivedNoDatagram(leg, completion.result)
        }
        // What was handed on may have ended the session, and the leg with it.
        guard !completion.more, row.pointee.generation == completion.token.generation,
            row.pointee.isInUse
        else { return }
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        if row.pointee.reading == .idle { armDatagrams(leg) }
    }

    /// What came between the close and the last completion.
    private mutating func dropLate(_ leg: LegID, _ completion: Completion) {
        let kind = legs[leg].kind
        let facts = pelmeni_datagram_read(
            pool.address(completion.block), kind.isUnix ? 1 : 0)
        drop(
            kind.isListener ? .draining : .noReturnAddress,
            Self.count(Int(completion.result), segment: Int(facts.segment)))
    }

    private mutating func receivedNoDatagram(_ leg: LegID, _ error: Int32) {
        switch -error {
        case ECANCELED, EINTR, EAGAIN: return
        case EMSGSIZE where !legs[leg].kind.isListener:
            // A router had no way for an earlier one (ip(7), IP_MTU_DISCOVER): that is no refusal.
            drop(.oversize)
        case ENOBUFS:
            counters.add(.starved)
            reads.appendDatagrams(leg, legs)
        default:
            if !legs[leg].kind.isListener { upstreamRefused(leg, error) }
        }
    }

    /// Arms those that found no block, once there are some again.
    mutating func feedDatagrams() {
        var blocks = ring.reachable(.datagram)
        while blocks > 0, reads.hasDatagrams {
            armDatagrams(reads.nextDatagrams(legs))
            blocks &-= 1
        }
        if ring.available(.datagram) == 0, reads.checksDatagrams(now) { relieveDatagrams() }
    }

    /// Closes the session that holds large blocks, in a message that does not go on or in what its
    /// stream does not take, and has gone longest without progress: a few slow streams would
    /// silence every client of the worker.
    @inline(never)
    private mutating func relieveDatagrams() {
        var victim = SessionID.none
        var oldest = now &- RelayLimits.exhaustionPatience
        for session in sessionSlab.used where sessions[session].phase == .relaying {
            let it = sessions[session]
            guard it.kind == .streamToDatagrams || it.kind == .datagramsToStream else { continue }
            let gathered = gatheredUntil(session)
            if gathered < oldest {
                oldest = gathered
                victim = session
            }
            let stream = it.kind == .streamToDatagrams ? it.client : it.upstream
            let row = legs.row(stream)
            guard !row.pointee.queue.isEmpty, row.pointee.progress.drainedUntil < oldest else {
                continue
            }
            let first = pool.piece(row.pointee.queue.first).pointee.slice.block
            guard pool.blockClass(of: first) == .datagram else { continue }
            oldest = row.pointee.progress.drainedUntil
            victim = session
        }
        if !victim.isNone { endForItsBlocks(victim) }
    }

    /// Until when the bytes of a message in a large block would have lasted, had they come at the
    /// least rate: a byte at a time is no progress. Never for a session without one.
    private func gatheredUntil(_ session: SessionID) -> UInt64 {
        let state = states.row(session)
        let assembly = state.pointee.assembly
        guard !assembly.isNone, pool.blockClass(of: assembly) == .datagram else { return .max }
        let bytes = UInt64(max(0, state.pointee.assembled &- state.pointee.gatheredBefore))
        return state.pointee.gatheredSince &+ bytes &* RelayLimits.gatheredByte
    }

    // MARK: Counting

    @inline(__always)
    mutating func drop(_ reason: DropReason, _ count: Int = 1) {
        counters.add(reason, UInt64(truncatingIfNeeded: count))
    }

    /// How many datagrams a train has.
    @inline(__always)
    static func count(_ length: Int, segment: Int) -> Int {
        segment == 0 ? 1 : max(1, (length &+ segment &- 1) / segment)
    }
}
