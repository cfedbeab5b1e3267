internal import CPelmeni
internal import Glibc

// Datagrams from clients: whose session each belongs to, and sessions for those that have none.
extension StreamRelay where R: ~Copyable {
    /// Takes over a listening socket of datagrams. Its row is that of its slot, and belongs to no
    /// session.
    package mutating func listen(_ socket: Int32, slot: LegID, pair: UInt16) -> Int32 {
        var row = Leg()
        row.socket = socket
        row.flags = [.inUse, .datagrams, .listener]
        if pairs[Int(pair)].isUnix {
            row.flags.insert(.unix)
            let bytes = ring.widenSendBuffer(socket)
            if bytes > 0 { pairs[Int(pair)].answerShare = bytes / RelayLimits.unreadShare }
        }
        row.pair = pair
        row.generation = legs[slot].generation
        legs[slot] = row
        let error = ring.attach(socket, token: token(slot, .receiveDatagrams), isShared: false)
        if error == 0 { armDatagrams(slot) }
        return error
    }

    /// Stops listening; ``isListening(_:)`` says when the socket is closed.
    package mutating func stopListening(_ slot: LegID) {
        guard isListening(slot), !legs[slot].flags.contains(.closing) else { return }
        close(slot, reset: false)
    }

    /// Whether no worker has a session of a listener's pair, and nothing is on its way out of it.
    package func isListenerDone(_ slot: LegID) -> Bool {
        pelmeni_shared_get(pairs[Int(legs[slot].pair)].sessionsOpen) == 0
            && legs[slot].departing == 0
    }

    package func isListening(_ slot: LegID) -> Bool { legs[slot].flags.contains(.inUse) }

    /// From now on only clients that have a session are served, and sessions that fall silent end.
    package mutating func drain() {
        isDraining = true
        for session in usedSessions
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
        legs[slot].generation = (legs[slot].generation &+ 1) & 0xff_ffff
        legs[slot].flags = []
        legs[slot].socket = -1
    }

    // MARK: Receiving

    @inline(__always)
    mutating func armDatagrams(_ leg: LegID) {
        let row = legs.row(leg)
        assert(
            row.pointee.flags.isDisjoint(with: [.receiving, .closing, .starved]),
            "a leg has one receive in flight")
        row.pointee.flags.insert(.receiving)
        ring.receiveDatagrams(
            row.pointee.socket, isUnix: row.pointee.flags.contains(.unix),
            isListener: row.pointee.flags.contains(.listener), token: token(leg, .receiveDatagrams))
    }

    mutating func datagramsReceived(_ leg: LegID, _ completion: Completion) {
        let row = legs.row(leg)
        if !completion.more { row.pointee.flags.remove(.receiving) }
        let isWanted =
            row.pointee.flags.contains(.inUse) && !row.pointee.flags.contains(.closing)
        if !completion.block.isNone {
            if !isWanted, completion.result >= 0 {
                dropLate(leg, completion)
            } else if completion.result >= 0 {
                if row.pointee.flags.contains(.listener) {
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
            row.pointee.flags.contains(.inUse)
        else { return }
        if row.pointee.flags.contains(.closing) { return closeIfIdle(leg) }
        if row.pointee.flags.isDisjoint(with: [.receiving, .starved]) { armDatagrams(leg) }
    }

    /// What came between the close and the last completion.
    private mutating func dropLate(_ leg: LegID, _ completion: Completion) {
        let flags = legs[leg].flags
        let facts = pelmeni_datagram_read(
            pool.address(completion.block), flags.contains(.unix) ? 1 : 0)
        drop(
            flags.contains(.listener) ? .draining : .noReturnAddress,
            Self.count(Int(completion.result), segment: Int(facts.segment)))
    }

    private mutating func receivedNoDatagram(_ leg: LegID, _ error: Int32) {
        switch -error {
        case ECANCELED, EINTR, EAGAIN: return
        case EMSGSIZE where !legs[leg].flags.contains(.listener):
            // A router had no way for an earlier one (ip(7), IP_MTU_DISCOVER): that is no refusal.
            drop(.oversize)
        case ENOBUFS:
            counters.add(.starved)
            legs[leg].flags.insert(.starved)
            starvedDatagrams.append(leg, legs)
        default:
            if !legs[leg].flags.contains(.listener) { upstreamRefused(leg, error) }
        }
    }

    /// Arms those that found no block, once there are some again.
    mutating func feedDatagrams() {
        var blocks = ring.reachable(.datagram)
        while blocks > 0, !starvedDatagrams.isEmpty {
            let leg = starvedDatagrams.popFirst(legs)
            legs[leg].flags.remove(.starved)
            armDatagrams(leg)
            blocks &-= 1
        }
        guard !starvedDatagrams.isEmpty, ring.available(.datagram) == 0,
            now &- datagramsCheckedAt >= RelayLimits.exhaustionCheck
        else { return }
        datagramsCheckedAt = now
        relieveDatagrams()
    }

    /// Closes the session that holds large blocks, in a message that does not go on or in what its
    /// stream does not take, and has gone longest without progress: a few slow streams would
    /// silence every client of the worker.
    @inline(never)
    private mutating func relieveDatagrams() {
        var victim = SessionID.none
        var oldest = now &- RelayLimits.exhaustionPatience
        for session in usedSessions where sessions[session].phase == .relaying {
            let it = sessions[session]
            guard it.kind == .streamToDatagrams || it.kind == .datagramsToStream else { continue }
            let gathered = gatheredUntil(session)
            if gathered < oldest {
                oldest = gathered
                victim = session
            }
            let stream = it.kind == .streamToDatagrams ? it.client : it.upstream
            let row = legs.row(stream)
            guard !row.pointee.queue.isEmpty, row.pointee.drainedUntil < oldest else { continue }
            let first = pool.piece(row.pointee.queue.first).pointee.slice.block
            guard pool.blockClass(of: first) == .datagram else { continue }
            oldest = row.pointee.drainedUntil
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

    // MARK: From clients

    @inline(__always)
    mutating func drop(_ reason: DropReason, _ count: Int = 1) {
        counters.add(reason, UInt64(truncatingIfNeeded: count))
    }

    /// How many datagrams a train has.
    @inline(__always)
    static func count(_ length: Int, segment: Int) -> Int {
        segment == 0 ? 1 : max(1, (length &+ segment &- 1) / segment)
    }

    private mutating func receivedFromClient(_ listener: LegID, _ block: BlockID, _ length: Int) {
        let pair = legs[listener].pair
        let isUnix = legs[listener].flags.contains(.unix)
        let at = pool.address(block)
        var facts = pelmeni_datagram_read(at, isUnix ? 1 : 0)
        guard facts.is_cut == 0 else { return drop(.truncated) }
        if !pairs[Int(pair)].tellsLocal { facts.local = pelmeni_local() }
        let segment = Int(facts.segment)
        let count = Self.count(length, segment: segment)
        let name = at + Int(PELMENI_DATAGRAM_NAME)
        let told = at.assumingMemoryBound(to: pelmeni_datagram_head.self).pointee.name_length
        // A Unix sender without a name of its own tells its family, or nothing.
        let nameLength = told <= 2 ? 0 : Int(told)
        let hash = clients.hash(name, nameLength, local: facts.local, listener: listener)
        var session = find(hash, name, nameLength, facts.local, listener)
        if session.isNone {
            session = openMessages(listener, pair: pair, count: count)
            guard !session.isNone else { return }
            introduce(session, name, nameLength, facts.local, hash)
            takeTurn(session)
            dial(session)
            guard isOpen(session) else {
                return drop(sessions[session].cause == .limit ? .noPort : .noUpstream, count)
            }
        }
        sessions[session].activeAt = now
        sessions[session].hasBytes = true
        states[session].requests &+= UInt64(truncatingIfNeeded: count)
        bytesToUpstream &+= UInt64(truncatingIfNeeded: length)
        forward(
            session, block, offset: Int(PELMENI_DATAGRAM_PAYLOAD), length: length,
            segment: segment)
        let most = pairs[Int(pair)].requests
        if most != 0, isOpen(session), states[session].requests >= most { retire(session) }
    }

    @inline(__always)
    func isOpen(_ session: SessionID) -> Bool {
        let phase = sessions[session].phase
        return phase == .relaying || phase == .connecting
    }

    /// The session of a client, or none.
    @inline(__always)
    private func find(
        _ hash: UInt32, _ name: UnsafeRawPointer, _ length: Int, _ local: pelmeni_local,
        _ listener: LegID
    ) -> SessionID {
        var session = clients.first(hash)
        while !session.isNone {
            let state = states.row(session)
            if state.pointee.hash == hash, state.pointee.listener == listener,
                Int(state.pointee.name.length) == length,
                memcmp(&state.pointee.name.storage, name, length) == 0,
                Self.isSame(state.pointee.local, local)
            {
                return session
            }
            session = state.pointee.nextInBucket
        }
        return .none
    }

    @inline(__always)
    private static func isSame(_ left: pelmeni_local, _ right: pelmeni_local) -> Bool {
        withUnsafeBytes(of: left.address) { left in
            withUnsafeBytes(of: right.address) { right in
                left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
                    && left.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                        == right.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            }
        }
    }

    // MARK: Sessions

    /// A session for a client that has none, or none when there is no room: old ones are
    /// kept.
    private mutating func openMessages(_ listener: LegID, pair: UInt16, count: Int) -> SessionID {
        guard !isDraining else {
            drop(.draining, count)
            return .none
        }
        let row = pairs + Int(pair)
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
            drop(.tableFull, count)
            return .none
        }
        counters.add(.accepted)
        let it = sessions.row(session)
        it.pointee.kind = row.pointee.kind
        it.pointee.move(to: .connecting)
        it.pointee.pair = pair
        it.pointee.legs = 1
        it.pointee.openedAt = now
        it.pointee.activeAt = now
        beginMessages(session, client: listener)
        sessionsOpen &+= 1
        counters.set(.sessionsOpen, UInt64(sessionsOpen))
        if events.reportsSessions { report(.sessionOpened, session) }
        return session
    }

    /// Makes a session's row of messages; `client` is its leg, or the listener that it sends to.
    mutating func beginMessages(_ session: SessionID, client: LegID) {
        let pair = pairs + Int(sessions[session].pair)
        states[session] = MessageState(
            framing: pair.pointee.framing, maxFrame: pair.pointee.maxFrame)
        states[session].listener = client
    }

    private mutating func introduce(
        _ session: SessionID, _ name: UnsafeRawPointer, _ length: Int, _ local: pelmeni_local,
        _ hash: UInt32
    ) {
        let state = states.row(session)
        state.pointee.name.length = UInt32(truncatingIfNeeded: length)
        memcpy(&state.pointee.name.storage, name, length)
        state.pointee.local = local
        state.pointee.hash = hash
        clients.insert(session, states)
    }

    /// The client's next datagram opens a new session; this one still takes its answers.
    private mutating func retire(_ session: SessionID) {
        if states[session].isKnown { clients.remove(session, states) }
        if isAnswered(session) { end(session, .completed, reset: false) }
    }

    /// Whether every message of the client has had the answers that are expected of it.
    func isAnswered(_ session: SessionID) -> Bool {
        let responses = UInt64(pairs[Int(sessions[session].pair)].responses)
        guard responses != 0 else { return false }
        let state = states.row(session)
        let (expected, overflow) = state.pointee.requests.multipliedReportingOverflow(by: responses)
        return !overflow && state.pointee.responses >= expected
    }

    /// The client of a session is gone from the table, and counts as a leg no more.
    mutating func leaveClient(_ session: SessionID) {
        if states[session].isKnown { clients.remove(session, states) }
        sessions[session].legs &-= 1
        if sessions[session].legs == 0 { finish(session) }
    }

    /// Gives back what a session's messages hold.
    mutating func endMessages(_ session: SessionID) {
        forgetUnread(session)
        let state = states.row(session)
        if state.pointee.waitingMessages > 0 {
            drop(.noUpstream, Int(state.pointee.waitingMessages))
        }
        state.pointee.waiting.removeAll(pool: pool)
        dropUncut(session)
        dropAssembly(session)
    }
}
