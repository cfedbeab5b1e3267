internal import CPelmeni
internal import Glibc

// Received datagrams: from clients, or from upstreams.
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
        // The datagram may have ended the session, and the leg with it.
        guard !completion.more, row.pointee.generation == completion.token.generation,
            row.pointee.isInUse
        else { return }
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        if row.pointee.reading == .idle { legs.armDatagrams(leg) }
    }

    /// Counts a datagram received between the close and the last completion.
    private mutating func dropLate(_ leg: LegID, _ completion: Completion) {
        let kind = legs[leg].kind
        let facts = pelmeni_datagram_read(
            pool.address(completion.block), kind.isUnix ? 1 : 0)
        drop(
            kind.isListener ? .draining : .noReturnAddress,
            Unit.count(Int(completion.result), segment: Int(facts.segment)))
    }

    private mutating func receivedNoDatagram(_ leg: LegID, _ error: Int32) {
        if error != -ENOBUFS, takeReports(leg) { return }
        switch -error {
        case ECANCELED, EINTR, EAGAIN: return
        case EMSGSIZE where !legs[leg].kind.isListener:
            // An earlier datagram exceeded the path's MTU (ip(7), IP_MTU_DISCOVER): no refusal.
            drop(.oversize)
        case ENOBUFS:
            counters.add(.starved)
            legs.reads.appendDatagrams(leg, legs.legs)
        default:
            if !legs[leg].kind.isListener { upstreamRefused(leg, error) }
        }
    }

    /// Arms sockets that found no block; closes a session when none is released for long.
    mutating func feedDatagrams() {
        legs.feedDatagrams()
        let isExhausted = legs.ring.available(.datagram) == 0
        if isExhausted, legs.reads.checksDatagrams(now) { relieveDatagrams() }
    }
}
