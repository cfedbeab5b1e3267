// Invariants of a relay at rest: for tests, never in the loop.
extension Relay where R: ~Copyable {
    /// Blocks posted to the ring.
    package var postedBlocks: Int {
        legs.ring.available(.small) - pool.freeBlocks(.small)
            + legs.ring.available(.bulk) - pool.freeBlocks(.bulk)
            + legs.ring.available(.datagram) - pool.freeBlocks(.datagram)
    }

    /// The largest number of bytes queued on a leg now.
    package var queuedMost: Int {
        var most = 0
        for leg in legs.legSlab.used where legs[leg].isInUse {
            most = max(most, legs[leg].queue.bytes)
        }
        return most
    }

    /// Resources that were not released, a line each. Valid once no session is open.
    ///
    /// - Parameter lentMost: buffers that asynchronous calls may still have.
    package func leaks(lentMost: Int = .max) -> [String] {
        var leaks: [String] = []
        if legs.sessionsOpen != 0 { leaks.append("\(legs.sessionsOpen) sessions are open") }
        let lent = pool.state.pointee.lent
        let blocks = pool.leasedBlocks - postedBlocks - lent
        if blocks != 0 { leaks.append("\(blocks) blocks are leased") }
        // Hooks and drivers are gone with their sessions, and so are the buffers that they kept.
        if lent > lentMost { leaks.append("\(lent) buffers are lent") }
        let pieces = pool.totalPieces - pool.freePieces
        if pieces != 0 { leaks.append("\(pieces) pieces are queued") }
        var legsInUse = 0
        for leg in legs.legSlab.used where legs[leg].isInUse { legsInUse += 1 }
        if legsInUse != 0 { leaks.append("\(legsInUse) legs are in use") }
        var rows = 0
        for row in legs.sessionSlab.used where sessions[row].phase != .free { rows += 1 }
        if rows != 0 { leaks.append("\(rows) session rows are in use") }
        if outgoing.used != 0 { leaks.append("\(outgoing.used) datagrams are on their way") }
        if !drivers.isEmpty { leaks.append("a driver waits for its turn") }
        let choices = legs.dials.choiceCount
        if choices != 0 { leaks.append("\(choices) choices of upstreams are kept") }
        let rests = pairDrivers.rests.used
        if rests != 0 { leaks.append("\(rests) sides of drivers have bytes") }
        if !cuts.isEmpty { leaks.append("a stream waits to be cut") }
        if !legs.dials.isEmpty { leaks.append("a session waits to be dialled") }
        if !legs.reads.isEmpty { leaks.append("a leg is starved") }
        if !responses.isEmpty { leaks.append("\(responses.count) answers wait for their clients") }
        let piped = legs.pipes.capacity - legs.pipes.freeCount
        if piped != 0 { leaks.append("\(piped) legs.pipes are held") }
        var known = 0
        for row in legs.sessionSlab.used
        where sessions[row].kind.hasNamedClient && states[row].isKnown { known += 1 }
        if known != 0 { leaks.append("\(known) clients of ended sessions are known") }
        if legs.wheel.nextTime() != .max { leaks.append("a timer is set") }
        var ended: UInt64 = 0
        for cause in EndCause.allCases { ended += counters.get(cause) }
        if ended != counters.get(.accepted) {
            leaks.append("\(counters.get(.accepted)) accepted, \(ended) causes")
        }
        return leaks
    }
}
