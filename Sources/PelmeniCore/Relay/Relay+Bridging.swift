internal import CPelmeni
internal import Glibc

// Upstreams of sessions with messages: linking, responses, refusals.
extension Relay where R: ~Copyable {
    /// Both sides are linked: messages may cross.
    mutating func linkMessages(_ session: SessionID) {
        let row = sessions.row(session)
        let upstream = row.pointee.upstream
        noteUpstream(session)
        switch row.pointee.kind {
        case .streams, .drivenStreams: assertionFailure("their streams have no messages")
        case .hookedStreams, .framedStreams: linkStreams(session)
        case .datagrams:
            legs.armDatagrams(upstream)
        case .streamToDatagrams:
            let client = row.pointee.client
            legs[client].peer = upstream
            legs[upstream].peer = client
            legs[client].inbound = isDriven(client) ? .driven : .framed
            legs.armDatagrams(upstream)
            legs.arm(client, expectsBytes: true)
        case .datagramsToStream:
            // The stream has no leg at its other end: its messages are not held back.
            legs[upstream].peer = .absent
            legs[upstream].inbound = isDriven(upstream) ? .driven : .framed
            legs.arm(upstream, expectsBytes: false)
            legs[upstream].queue = states[session].waiting
            states[session].waiting = SendQueue()
            counters.add(.datagramsToUpstream, UInt64(states[session].waitingMessages))
            states[session].waitingMessages = 0
            if !legs[upstream].queue.isEmpty {
                legs[upstream].progress.begin(at: now)
                legs.send(upstream)
                legs.watchStall(session)
            }
        }
        legs.watch(session)
        linkDrivers(session)
        if row.pointee.kind == .datagramsToStream { endLinkedBridge(session) }
    }

    /// Links two streams whose bytes pass hooks, or are cut into messages.
    @inline(never)
    private mutating func linkStreams(_ session: SessionID) {
        let row = sessions[session]
        let pair = pairs.row(row.pair)
        let isFramed = row.kind == .framedStreams
        legs[row.client].peer = row.upstream
        legs[row.upstream].peer = row.client
        if isFramed || pair.pointee.hooks.toUpstream {
            legs[row.client].inbound = isFramed ? .framed : .hooked
        }
        if isFramed || pair.pointee.hooks.toClient {
            legs[row.upstream].inbound = isFramed ? .framed : .hooked
        }
        if isDriven(row.client) { legs[row.client].inbound = .driven }
        if isDriven(row.upstream) { legs[row.upstream].inbound = .driven }
        legs.arm(row.client, expectsBytes: true)
        legs.arm(row.upstream, expectsBytes: false)
    }

    // MARK: Answers

    mutating func receivedFromUpstream(_ leg: LegID, _ block: BlockID, _ length: Int) {
        let session = legs[leg].session
        let facts = pelmeni_datagram_read(
            pool.address(block), legs[leg].kind.isUnix ? 1 : 0)
        if facts.has_descriptors != 0 { legs.noteDescriptors(leg) }
        guard facts.is_cut == 0 else { return drop(.truncated) }
        let segment = Int(facts.segment)
        let count = Unit.count(length, segment: segment)
        let state = states.row(session)
        guard !state.pointee.isDelivering, state.pointee.hookCause == nil else {
            return drop(.surplus, count)
        }
        let pair = sessions[session].pair
        sessions[session].activeAt = now
        sessions[session].marks.insert(.hasBytes)
        legs.noteAlive(leg)
        let isFramed = sessions[session].kind == .streamToDatagrams
        if isFramed { legs.moved.toClient &+= UInt64(truncatingIfNeeded: length) }
        let unit = Unit.datagrams(block, length: length, segment: segment, isToClient: true)
        // A driver says what the responses are.
        guard !pairs[pair].hooks.driven.contains(.upstream) else {
            return offer(unit, to: DriverID(session, ofClient: false))
        }
        state.pointee.responses &+= UInt64(truncatingIfNeeded: count)
        carry(unit, session)
        guard isFramed else {
            if hasAllResponses(session) { end(session, .completed, reset: false) }
            return
        }
        guard isOpen(session), legs[sessions[session].client].hasEnded else { return }
        finishIfComplete(session)
    }

    /// A framed stream's queue is sent and its reading has ended: its session may be complete.
    mutating func finishIfDrained(_ leg: LegID) {
        let session = legs[leg].session
        guard sessions[session].kind == .datagramsToStream else { return finishIfComplete(session) }
        guard sessions[session].phase == .relaying, legs[leg].writing != .shut,
            !hasDriven(session)
        else { return }
        endOnceDelivered(session, leg)
    }

    /// Ends a session once its client's reading is over and its responses are sent.
    mutating func finishIfComplete(_ session: SessionID) {
        let client = sessions[session].client
        guard sessions[session].kind == .streamToDatagrams,
            sessions[session].phase == .relaying, legs[client].hasEnded,
            legs[client].queue.isEmpty,
            !states[session].expectsResponses || hasAllResponses(session),
            !hooks.areThere || !hasParked(session), !hasDriven(session)
        else { return }
        endOnceDelivered(session, client)
    }
}
