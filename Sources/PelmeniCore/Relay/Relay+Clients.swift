internal import CPelmeni
internal import Glibc

// Datagram clients: the session of each, found or opened.
extension Relay where R: ~Copyable {
    mutating func receivedFromClient(_ listener: LegID, _ block: BlockID, _ length: Int) {
        let pair = legs[listener].pair
        let isUnix = legs[listener].kind.isUnix
        var facts = pelmeni_datagram_read(pool.address(block), isUnix ? 1 : 0)
        // Before any count: another worker has the same datagram.
        if facts.is_for_many != 0, pairs[pair].datagramOptions.leavesBroadcasts { return }
        if facts.has_descriptors != 0 { legs.noteDescriptors(listener) }
        guard facts.is_cut == 0 else { return drop(.truncated) }
        if !pairs[pair].tellsLocal { facts.local = pelmeni_local() }
        let unit = Unit.datagrams(
            block, length: length, segment: Int(facts.segment), isToClient: false)
        guard !pairs[pair].hooks.driven.contains(.client) else {
            return offerFromClient(unit, facts.local, listener)
        }
        let count = unit.count
        let session = session(ofSender: block, facts.local, listener, tag: 0, count: count)
        guard !session.isNone else { return }
        noteReceived(unit, session)
        states[session].requests &+= UInt64(truncatingIfNeeded: count)
        carry(unit, session)
        let most = pairs[pair].requests
        if most != 0, isOpen(session), states[session].requests >= most { retire(session) }
    }

    /// Offers a client's datagrams to the driver of the pair, which also says what the requests
    /// are. Those of a train may belong to different sessions: each has a tag of its own.
    @inline(never)
    private mutating func offerFromClient(
        _ unit: Unit, _ local: pelmeni_local, _ listener: LegID
    ) {
        guard unit.isTrain else { return offerTagged(unit, local, listener) }
        var at: UInt32 = 0
        while at < unit.length {
            let part = unit.datagram(at: at)
            offerTagged(part, local, listener)
            at &+= part.length
        }
    }

    private mutating func offerTagged(
        _ datagram: Unit, _ local: pelmeni_local, _ listener: LegID
    ) {
        guard let tag = tag(datagram, legs[listener].pair) else { return drop(.hook) }
        let session = session(ofSender: datagram.block, local, listener, tag: tag, count: 1)
        guard !session.isNone else { return }
        noteReceived(datagram, session)
        offer(datagram, to: DriverID(session, ofClient: true))
    }

    @inline(__always)
    private mutating func noteReceived(_ unit: Unit, _ session: SessionID) {
        sessions[session].activeAt = now
        sessions[session].marks.insert(.hasBytes)
        legs.moved.toUpstream &+= UInt64(unit.length)
    }

    /// The session of the client whose name is in a block; a new client gets one. None when there
    /// is none for it: its datagrams were counted.
    @inline(__always)
    private mutating func session(
        ofSender block: BlockID, _ local: pelmeni_local, _ listener: LegID, tag: UInt64, count: Int
    ) -> SessionID {
        let at = pool.address(block)
        let name = at + Int(PELMENI_DATAGRAM_NAME)
        let told = at.assumingMemoryBound(to: pelmeni_datagram_head.self).pointee.name_length
        // A Unix sender without a name gives its family, or nothing.
        let nameLength = told <= 2 ? 0 : Int(told)
        let hash =
            clients.hash(name, nameLength, local: local, listener: listener)
            ^ UInt32(truncatingIfNeeded: (tag &* 0x9e37_79b9_7f4a_7c15) >> 32)
        let known = find(hash, name, nameLength, local, listener, tag)
        guard known.isNone else { return known }
        let session = openMessages(listener, pair: legs[listener].pair, count: count)
        guard !session.isNone else { return session }
        register(session, name, nameLength, local, hash)
        states[session].tag = tag
        guard let upstream = openHooks(session) else {
            drop(.hook, count)
            return .none
        }
        guard !dialsOnDemand(session) else {
            openOnDemand(session, upstream: upstream)
            return session
        }
        legs.assign(session, upstream: upstream)
        dial(session)
        guard isOpen(session) else {
            drop(sessions[session].cause == .limit ? .noPort : .noUpstream, count)
            return .none
        }
        return session
    }

    /// The number of the session that a driver gives a datagram, or nil to drop it.
    @inline(never)
    private mutating func tag(_ datagram: Unit, _ pair: PairID) -> UInt64? {
        guard let place = drivers.place(pair, ofClient: true) else { return 0 }
        pool.lease(datagram.block)
        var row = BufferRow(
            pool, datagram.block, offset: Int(datagram.offset), count: Int(datagram.length),
            headroom: 0, tailroom: 0)
        let tag = drivers.openTag(place, &row)
        row.releaseOnWorker()
        return tag
    }

    @inline(__always)
    func isOpen(_ session: SessionID) -> Bool {
        let phase = sessions[session].phase
        return phase == .relaying || phase == .connecting
    }

    @inline(__always)
    private func find(
        _ hash: UInt32, _ name: UnsafeRawPointer, _ length: Int, _ local: pelmeni_local,
        _ listener: LegID, _ tag: UInt64
    ) -> SessionID {
        var session = clients.first(hash)
        while !session.isNone {
            let state = states.row(session)
            if state.pointee.hash == hash, state.pointee.listener == listener,
                state.pointee.tag == tag,
                Int(state.pointee.name.length) == length,
                memcmp(&state.pointee.name.storage, name, length) == 0,
                Self.isSame(state.pointee.local, local)
            {
                return session
            }
            session = state.pointee.next
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

    /// A session for a new client, or none when there is no room: open sessions are kept.
    private mutating func openMessages(_ listener: LegID, pair: PairID, count: Int) -> SessionID {
        guard !legs.isDraining else {
            drop(.draining, count)
            return .none
        }
        let session = legs.acceptDatagrams(pair: pair)
        guard !session.isNone else {
            drop(.tableFull, count)
            return session
        }
        beginMessages(session, client: listener)
        return session
    }

    /// Makes a session's message rows; `client` is its leg, or the listener its client sends to.
    mutating func beginMessages(_ session: SessionID, client: LegID) {
        let pair = pairs.row(sessions[session].pair)
        states[session] = MessageState()
        states[session].listener = client
        framed[FramedID(session, ofClient: true)] = FramedRow(pair.pointee.clientFraming)
        framed[FramedID(session, ofClient: false)] = FramedRow(pair.pointee.upstreamFraming)
    }

    private mutating func register(
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

    /// The client's next datagram opens a new session; this one still takes its responses.
    mutating func retire(_ session: SessionID) {
        if states[session].isKnown { clients.remove(session, states) }
        if hasAllResponses(session) { end(session, .completed, reset: false) }
    }

    /// Whether every message of the client has its expected responses.
    func hasAllResponses(_ session: SessionID) -> Bool {
        let responses = UInt64(pairs[sessions[session].pair].responses)
        guard responses != 0, !hooks.areThere || !isParked(session, isToClient: true),
            !hasDriven(session)
        else { return false }
        let state = states.row(session)
        let (expected, overflow) = state.pointee.requests.multipliedReportingOverflow(by: responses)
        return !overflow && state.pointee.responses >= expected
    }

    /// Takes a session's client out of the table; it no longer counts as a leg.
    mutating func removeClient(_ session: SessionID) {
        if states[session].isKnown { clients.remove(session, states) }
        legs.release(session)
    }

    /// Releases the resources of a session's messages.
    mutating func endMessages(_ session: SessionID) {
        forgetUnread(session)
        let state = states.row(session)
        if state.pointee.waitingMessages > 0 {
            drop(.noUpstream, Int(state.pointee.waitingMessages))
        }
        state.pointee.waiting.removeAll(pool: pool)
        dropMessages(FramedID(session, ofClient: true))
        dropMessages(FramedID(session, ofClient: false))
    }
}
