internal import CPelmeni
internal import Glibc

// What the driver of a pair wants done, in order, once its call has returned.
extension Relay where R: ~Copyable {
    /// Carries out the commands of a call. False when the session does not go on: the commands
    /// behind are dropped.
    mutating func carryOutPair(_ session: SessionID, _ place: PairDriverPlace) -> Bool {
        var index = 0
        pairDrivers.noteCommands()
        while index < pairDrivers.call.pointee.count {
            let command = pairDrivers.call.pointee.commands[index]
            index &+= 1
            carryOutPair(command, session, place)
            guard isPairDriving(session, place) else {
                dropPairCommands(from: index)
                return false
            }
        }
        pairDrivers.call.pointee.count = 0
        return true
    }

    /// Drops commands of a driver that failed, or whose session has ended.
    func dropPairCommands(from first: Int) {
        let count = pairDrivers.call.pointee.count
        for index in first..<max(first, count) {
            let command = pairDrivers.call.pointee.commands + index
            command.pointee.row.releaseOnWorker()
            if command.pointee.kind == .begin { PairTask.end(command.pointee.number) }
        }
        pairDrivers.call.pointee.count = 0
    }

    private mutating func carryOutPair(
        _ command: DriverCommand, _ session: SessionID, _ place: PairDriverPlace
    ) {
        let side: PairSide = command.isOfClient ? .client : .upstream
        let row = place.side(session, side)
        switch command.kind {
        case .send: sendPair(command.row, to: side, session, place)
        case .link: linkPair(session, side, bytes: command.number, place)
        case .connect:
            place.row(session).pointee.wantedUpstream = Int16(truncatingIfNeeded: command.number)
            connectPair(session)
        case .park: parkPair(session, for: command.number, place)
        case .closeUpstream: closePairUpstream(session, reset: command.flag, place)
        case .shutdown:
            let leg = leg(session, side)
            if !leg.isNone { shutPair(leg) }
        case .pause: row.pointee.isPaused = true
        case .resume:
            row.pointee.isPaused = false
            row.pointee.isFresh = true
            wakePair(session)
        case .awaitDrained: awaitPairDrained(session, side, place)
        case .timer:
            let row = place.row(session)
            row.pointee.timerAt = command.flag ? max(1, now &+ command.number) : 0
            if command.flag { legs.wheel.hasten(session, to: row.pointee.timerAt) }
        case .begin:
            replacePairTask(session, side, by: command.number)
        case .end:
            if command.number == 1 { reportEnd(session, command.cause) }
            endPair(session, command.cause, reset: command.flag, place)
        case .deliver, .deliverEnd, .drop, .hold:
            assertionFailure("a pair's driver has no other side")
        }
    }

    private mutating func sendPair(
        _ bytes: BufferRow, to side: PairSide, _ session: SessionID, _ place: PairDriverPlace
    ) {
        let leg = leg(session, side)
        let isDialled =
            side == .upstream && leg.isNone
            && !place.row(session).pointee.events.isDisjoint(with: [.dials, .dialling])
        guard isDialled else { return sendPair(bytes, to: leg, session) }
        sendOnceConnected(bytes, session)
    }

    /// Bytes for an upstream that is dialled wait in memory of their own.
    private mutating func sendOnceConnected(_ bytes: BufferRow, _ session: SessionID) {
        var bytes = bytes
        defer { bytes.releaseOnWorker() }
        guard let chain = chain(of: session) else { return }
        _ = laterRow(chain.pointee.row(session), chain)
        guard let queue = laterQueue(session, isToClient: false) else { return }
        let added = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        guard queue.pointee.surplus.append(added) else { return end(session, .pool, reset: true) }
    }

    private mutating func sendPair(_ bytes: BufferRow, to leg: LegID, _ session: SessionID) {
        var bytes = bytes
        guard !leg.isNone, legs[leg].phase == .open,
            legs[leg].flags.isDisjoint(with: [.shutsBehindQueue, .broken])
        else { return bytes.releaseOnWorker() }
        sendChunk(bytes, on: leg, session)
    }

    private mutating func awaitPairDrained(
        _ session: SessionID, _ side: PairSide, _ place: PairDriverPlace
    ) {
        let leg = leg(session, side)
        guard !leg.isNone else { return }
        guard !legs.isDrained(leg) || hasSurplus(towards: leg) else {
            return wakePair(session, side, for: .drained)
        }
        place.side(session, side).pointee.awaitsDrained = true
        legs[leg].flags.insert(.tellsDrained)
    }

    /// Shuts a stream down once its queue is sent.
    mutating func shutPair(_ leg: LegID) {
        guard legs[leg].phase == .open, legs[leg].writing != .shut else { return }
        guard legs.isDrained(leg), !hasSurplus(towards: leg) else {
            legs[leg].flags.insert(.shutsBehindQueue)
            return
        }
        legs[leg].flags.remove(.shutsBehindQueue)
        legs[leg].move(writing: .shut)
        _ = legs.calls.shutdownWrite(legs[leg].socket)
    }

    // MARK: Links

    /// Gives the next bytes of a side to the other one: those that wait, then those that come.
    private mutating func linkPair(
        _ session: SessionID, _ side: PairSide, bytes: UInt64, _ place: PairDriverPlace
    ) {
        let (source, target) = (leg(session, side), leg(session, side.other))
        let row = place.side(session, side)
        guard !source.isNone, !target.isNone, !row.pointee.isLinked,
            !row.pointee.events.contains(.linked)
        else { return }
        let passed = passRest(row, bytes, to: target, session)
        let left = bytes == .max ? bytes : bytes &- passed
        legs.links.give(session, passed, isOfClient: side == .client)
        guard isOpen(session) else { return }
        guard left > 0 else {
            row.pointee.events.insert(.linked)
            row.pointee.isFresh = true
            return wakePair(session)
        }
        row.pointee.isLinked = true
        guard legs[source].phase == .open, !legs[source].hasEnded else {
            // The end was told before the link.
            return wakePair(session, side, for: .ended)
        }
        legs.beginLink(source, bytes: left)
    }

    /// Sends bytes that a side has left, as many as a link gives. How many.
    private mutating func passRest(
        _ row: UnsafeMutablePointer<PairDriverRow.Side>, _ most: UInt64, to target: LegID,
        _ session: SessionID
    ) -> UInt64 {
        let waiting = UInt64(truncatingIfNeeded: pairDrivers.rests.count(row))
        let count = Int(min(most, waiting))
        guard count > 0 else { return 0 }
        var bytes = pairDrivers.rests.take(row)
        if count < bytes.count { pairDrivers.rests.put(split(&bytes, at: count), row) }
        sendPair(bytes, to: target, session)
        return UInt64(truncatingIfNeeded: count)
    }

    /// Cuts a row: it keeps the first bytes, and the others are in the new one.
    private func split(_ bytes: inout BufferRow, at count: Int) -> BufferRow {
        var rest = BufferRow()
        guard let start = bytes.start else { return rest }
        guard !bytes.block.isNone else {
            let behind = UnsafeRawBufferPointer(start: start + count, count: bytes.count &- count)
            let isCopied = rest.append(behind)
            assert(isCopied, "a part is within the bound of a buffer")
            bytes.removeLast(bytes.count &- count)
            return rest
        }
        pool.lease(bytes.block)
        let offset = start - pool.address(bytes.block)
        // Both parts are lent: neither may grow into the other one.
        rest = BufferRow(
            pool, bytes.block, offset: offset + count, count: bytes.count &- count, headroom: 0,
            tailroom: bytes.tailroom)
        bytes.count = count
        bytes.tailroom = 0
        return rest
    }

    // MARK: Upstreams

    /// Takes a parked connection, or dials.
    mutating func connectPair(_ session: SessionID) {
        guard let place = pairPlace(session), sessions[session].phase == .relaying,
            sessions[session].upstream.isNone
        else { return }
        let row = place.row(session)
        let isWaiting = row.pointee.events.contains(.dials)
        row.pointee.events.remove(.dials)
        if !isWaiting {
            let count = Int16(pairs[sessions[session].pair].endpointCount)
            let wanted = row.pointee.wantedUpstream &- 1
            legs.assign(session, upstream: wanted < count ? Int(wanted) : -1)
        }
        guard !legs.takeParked(session) else {
            row.pointee.isReused = true
            return adopt(sessions[session].upstream, session, row)
        }
        guard legs.dials.grant() else {
            row.pointee.events.insert(.dials)
            return wakePair(session)
        }
        row.pointee.isReused = false
        row.pointee.events.insert(.dialling)
        legs.beginDial(session)
        heedNotices()
    }

    private mutating func parkPair(
        _ session: SessionID, for time: UInt64, _ place: PairDriverPlace
    ) {
        let upstream = sessions[session].upstream
        guard sessions[session].phase == .relaying, !upstream.isNone else {
            return closePairUpstream(session, reset: false, place)
        }
        let row = place.side(session, .upstream)
        let isWanted =
            row.pointee.rest == RestTable.none && !row.pointee.isLinked
            && !place.side(session, .client).pointee.isLinked
            && row.pointee.events.isDisjoint(with: [.ended, .broken])
            && !hasSurplus(towards: upstream)
        forgetUpstream(session, place)
        legs.park(session, isWanted: isWanted, until: now &+ time)
        heedNotices()
    }

    mutating func closePairUpstream(_ session: SessionID, reset: Bool, _ place: PairDriverPlace) {
        // An end behind bytes that are lost would look orderly.
        let upstream = leg(session, .upstream)
        let isLossy =
            !upstream.isNone && (!legs.isDrained(upstream) || hasSurplus(towards: upstream))
        forgetUpstream(session, place)
        legs.closeUpstream(session, reset: reset || isLossy)
        heedNotices()
    }

    /// What waits for the upstream, or came from it, is dropped; links are over.
    private mutating func forgetUpstream(_ session: SessionID, _ place: PairDriverPlace) {
        let row = place.row(session)
        row.pointee.events.subtract([.dials, .dialling, .unreachable])
        pairDrivers.rests.drop(place.side(session, .upstream))
        row.pointee.upstream = PairDriverRow.Side()
        row.pointee.client.isLinked = false
        legs.endLink(sessions[session].client)
        dropUnsent(session)
        guard sessions[session].phase == .relaying, !sessions[session].upstream.isNone
        else { return }
        legs.endLink(sessions[session].upstream)
    }

    /// Drops what waited for the upstream.
    mutating func dropUnsent(_ session: SessionID) {
        guard let queue = laterQueue(session, isToClient: false) else { return }
        queue.pointee.surplus.releaseOnWorker()
        queue.pointee.surplus = BufferRow()
    }
}
