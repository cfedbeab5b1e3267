internal import CPelmeni
internal import Glibc

// Datagrams from clients: whose session each belongs to, and sessions for those that have none.
extension Relay where R: ~Copyable {
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
        if row.pointee.reading == .idle { legs.armDatagrams(leg) }
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
            legs.reads.appendDatagrams(leg, legs.legs)
        default:
            if !legs[leg].kind.isListener { upstreamRefused(leg, error) }
        }
    }

    /// Arms sockets that found no block; closes a session when there is none for long.
    mutating func feedDatagrams() {
        legs.feedDatagrams()
        let isExhausted = legs.ring.available(.datagram) == 0
        if isExhausted, legs.reads.checksDatagrams(now) { relieveDatagrams() }
    }

    /// Closes the session that holds large blocks, in a message that does not go on or in what its
    /// stream does not take, and has gone longest without progress: a few slow streams would
    /// silence every client of the worker.
    @inline(never)
    private mutating func relieveDatagrams() {
        var victim = SessionID.none
        var oldest = now &- RelayLimits.exhaustionPatience
        for session in legs.sessionSlab.used where sessions[session].phase == .relaying {
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
        guard !victim.isNone else { return }
        legs.endForItsBlocks(victim)
        heedNotices()
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

    /// How many datagrams a train has.
    @inline(__always)
    static func count(_ length: Int, segment: Int) -> Int {
        segment == 0 ? 1 : max(1, (length &+ segment &- 1) / segment)
    }
}
