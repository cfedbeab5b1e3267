internal import CPelmeni
internal import Glibc

// Datagrams on their way out: trains where the route takes them, one by one where it does not.
extension StreamRelay where R: ~Copyable {
    /// The longest payload that UDP over IPv4 carries: 65,535 bytes less two headers.
    static var datagramMax: Int { 65_507 }

    /// Forwards what a client sent: one datagram, or a train of them.
    @inline(__always)
    mutating func forward(
        _ session: SessionID, _ block: BlockID, offset: Int, length: Int, segment: Int
    ) {
        if sessions[session].kind == .datagrams {
            let upstream = sessions[session].upstream
            return depart(
                upstream, session, block, offset: offset, length: length, segment: segment,
                isAnswer: false)
        }
        enqueueMessages(session, block, offset: offset, length: length, segment: segment)
    }

    /// Sends a datagram or a train on a leg; it takes a lease of its own on the block.
    mutating func depart(
        _ leg: LegID, _ session: SessionID, _ block: BlockID, offset: Int, length: Int,
        segment: Int,
        isAnswer: Bool
    ) {
        let row = legs.row(leg)
        let isTrain = segment != 0 && length > segment
        let refuses =
            isAnswer
            ? states[session].refusesTrains : row.pointee.flags.contains(.refusesTrains)
        guard !isTrain || !(refuses || row.pointee.flags.contains(.unix)) else {
            return departSingly(
                leg, session, block, offset: offset, length: length, segment: segment,
                isAnswer: isAnswer)
        }
        guard !row.pointee.flags.contains(.waits) else {
            return departInTurn(leg, session, block, offset: offset, length: length)
        }
        let index = load(
            leg, session, block, offset: offset, length: length, segment: isTrain ? segment : 0,
            isAnswer: isAnswer)
        guard !index.isNone else { return }
        if isAnswer, row.pointee.flags.contains(.unix) {
            guard admitAnswer(index) else { return }
            guard takeShare(index) else {
                if !parkAnswer(index) { unload(index) }
                return
            }
        }
        ring.sendDatagrams(
            row.pointee.socket, outgoing.row(index),
            token: Token(.sendDatagrams, index: index.rawValue, generation: 0))
    }

    /// A train as the datagrams it is made of.
    private mutating func departSingly(
        _ leg: LegID, _ session: SessionID, _ block: BlockID, offset: Int, length: Int,
        segment: Int,
        isAnswer: Bool
    ) {
        var at = 0
        while at < length {
            let part = min(segment, length &- at)
            depart(
                leg, session, block, offset: offset &+ at, length: part, segment: 0,
                isAnswer: isAnswer)
            at &+= part
        }
    }

    /// Makes a row of the table of those on their way, or says why not and gives none.
    private mutating func load(
        _ leg: LegID, _ session: SessionID, _ block: BlockID, offset: Int, length: Int,
        segment: Int,
        isAnswer: Bool
    ) -> DatagramID {
        let index = takeRow(leg, block, offset: offset, length: length, segment: segment)
        guard !index.isNone else { return index }
        let row = outgoing.row(index)
        row.pointee.session = session
        row.pointee.generation = UInt32(truncatingIfNeeded: sessions[session].openedAt)
        row.pointee.isAnswer = isAnswer
        let data = pool.address(block) + offset
        if isAnswer {
            let state = states.row(session)
            let tellsLocal = pairs[Int(sessions[session].pair)].tellsLocal
            withUnsafePointer(to: &state.pointee.local) { local in
                pelmeni_outgoing_set(
                    &row.pointee.message, data, length, UInt32(truncatingIfNeeded: segment),
                    &state.pointee.name.storage, state.pointee.name.length,
                    tellsLocal ? local : nil)
            }
        } else {
            pelmeni_outgoing_set(
                &row.pointee.message, data, length, UInt32(truncatingIfNeeded: segment), nil, 0, nil
            )
        }
        return index
    }

    /// A row for a piece of a block, without what it says and whose it is; or the drop is counted.
    @inline(__always)
    private mutating func takeRow(
        _ leg: LegID, _ block: BlockID, offset: Int, length: Int, segment: Int
    ) -> DatagramID {
        // No leg takes the last rows: it has no more of them than are left.
        let isShare = Int(legs[leg].departing) <= outgoing.free
        let index = isShare ? outgoing.take() : .none
        guard !index.isNone else {
            drop(.queueFull, Self.count(length, segment: segment))
            return index
        }
        pool.lease(block)
        let row = outgoing.row(index)
        row.pointee.block = block
        row.pointee.offset = UInt32(truncatingIfNeeded: offset)
        row.pointee.length = UInt32(truncatingIfNeeded: length)
        row.pointee.segment = UInt32(truncatingIfNeeded: segment)
        row.pointee.leg = leg
        row.pointee.retries = 0
        row.pointee.awaitsRoom = false
        row.pointee.refusal = 0
        row.pointee.waiting = .none
        row.pointee.since = now
        legs[leg].departing &+= 1
        legs[leg].flags.insert(.sending)
        return index
    }

    // MARK: Sent, or not

    mutating func datagramsSent(_ index: DatagramID, _ result: Int32) {
        let row = outgoing.row(index)
        let count = Self.count(Int(row.pointee.length), segment: Int(row.pointee.segment))
        if row.pointee.awaitsRoom {
            row.pointee.awaitsRoom = false
            if result >= 0 { return queueForRoom(index) }
            drop(.noUpstream, count)
        } else if result >= 0 {
            counters.add(
                row.pointee.isAnswer ? .datagramsToClient : .datagramsToUpstream,
                UInt64(truncatingIfNeeded: count))
            if row.pointee.isAnswer { bytesToClient &+= UInt64(row.pointee.length) }
        } else if recover(index, result, count: count) {
            return
        }
        unload(index)
    }

    /// Ends a row: its lease, and its leg if that waited for it.
    mutating func unload(_ index: DatagramID) {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        if row.pointee.isAnswer, legs[leg].flags.contains(.unix) { answerIsOver(index) }
        pool.release(row.pointee.block)
        outgoing.giveBack(index)
        assert(legs[leg].departing > 0, "a datagram completes that was not sent")
        legs[leg].departing &-= 1
        if legs[leg].departing == 0 { legs[leg].flags.remove(.sending) }
        // Sent or counted by now; a leg that closes counts what waited behind it.
        let isFirstInTurn = legs[leg].flags.contains(.waits)
        if isFirstInTurn { legs[leg].queue.dropFirst(pool: pool) }
        if legs[leg].flags.contains(.closing) { return closeIfIdle(leg) }
        if isFirstInTurn { tookOne(leg) }
    }

    /// One place wakes all sockets that wait for it: the datagram that waits longest goes first, or
    /// a crowd of others would have each place before it.
    private mutating func queueForRoom(_ index: DatagramID) {
        var before = DatagramID.none
        var next = roomFirst
        while !next.isNone, outgoing.row(next).pointee.since <= outgoing.row(index).pointee.since {
            before = next
            next = outgoing.row(next).pointee.next
        }
        outgoing.row(index).pointee.next = next
        if before.isNone { roomFirst = index } else { outgoing.row(before).pointee.next = index }
    }

    /// Sends those again whose sockets may have room. It is not certain that they are taken this
    /// time.
    @inline(never)
    mutating func sendForRoom() {
        while !roomFirst.isNone {
            let index = roomFirst
            let row = outgoing.row(index)
            roomFirst = row.pointee.next
            guard !legs[row.pointee.leg].flags.contains(.closing) else {
                drop(.noUpstream)
                unload(index)
                continue
            }
            row.pointee.retries = 0
            sendAgain(index)
        }
    }

    /// Recovers from an error. True when the row is sent again, or will be.
    private mutating func recover(_ index: DatagramID, _ result: Int32, count: Int) -> Bool {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        guard !legs[leg].flags.contains(.closing) else {
            drop(.noUpstream, count)
            return false
        }
        switch -result {
        case EINTR where row.pointee.retries < 8:
            return sendAgain(index)
        case EMSGSIZE where row.pointee.segment != 0, EINVAL where row.pointee.segment != 0,
            EIO where row.pointee.segment != 0:
            resendSingly(index)
            return false
        case EMSGSIZE where row.pointee.retries == 0 && !row.pointee.isAnswer:
            // It may be what a router said of an earlier one; then this one was not sent at all.
            return sendAgain(index)
        case EMSGSIZE:
            drop(.oversize, count)
        case EAGAIN where legs[leg].flags.contains(.waits):
            row.pointee.awaitsRoom = true
            ring.awaitRoom(
                legs[leg].socket, slot: leg.rawValue,
                token: Token(.sendDatagrams, index: index.rawValue, generation: 0))
            return true
        case EAGAIN, ENOBUFS, ENOMEM:
            if row.pointee.isAnswer, legs[leg].flags.contains(.unix),
                now &- row.pointee.since < RelayLimits.answerPatience
            {
                return parkAnswer(index)
            }
            drop(.queueFull, count)
        default:
            guard row.pointee.isAnswer else { return upstreamFailed(index, result, count: count) }
            drop(.noReturnAddress, count)
        }
        return false
    }

    /// A send to an upstream ended in an error. What the network says of an earlier datagram is
    /// told by the next call, which sends nothing then and is made once more (ip(7)). True when it
    /// is.
    private mutating func upstreamFailed(_ index: DatagramID, _ result: Int32, count: Int) -> Bool {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        // A Unix socket has no earlier one that an error could be about.
        let isOfEarlier =
            Self.isFromNetwork(-result) && !legs[leg].flags.contains(.waits)
        guard row.pointee.refusal != 0 || !isOfEarlier else {
            row.pointee.refusal = result
            upstreamRefused(leg, result)
            guard !legs[leg].flags.contains(.closing) else {
                drop(.noUpstream, count)
                return false
            }
            return sendAgain(index)
        }
        // Refused twice, another one was refused meanwhile. Of no way there, the first error said
        // it of this one.
        let isCounted = row.pointee.refusal == result && -result != ECONNREFUSED
        drop(.noUpstream, isCounted ? count &- 1 : count)
        upstreamRefused(leg, result, isOfEarlier: -result == ECONNREFUSED && isOfEarlier)
        return false
    }

    /// Whether an error may be about an earlier datagram: those that ICMP messages become
    /// (icmp(7)).
    private static func isFromNetwork(_ error: Int32) -> Bool {
        switch error {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENONET, ENOPROTOOPT, EPROTO,
            EOPNOTSUPP, EACCES:
            true
        default: false
        }
    }

    @discardableResult
    mutating func sendAgain(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        row.pointee.retries &+= 1
        let leg = row.pointee.leg
        ring.sendDatagrams(
            legs[leg].socket, row,
            token: Token(.sendDatagrams, index: index.rawValue, generation: 0))
        return true
    }

    /// The route takes no train of this size (EMSGSIZE), or the device none at all (EIO, EINVAL):
    /// from now on this session's datagrams go one by one, beginning with these.
    private mutating func resendSingly(_ index: DatagramID) {
        let train = outgoing.row(index)
        let leg = train.pointee.leg
        if !train.pointee.isAnswer {
            legs[leg].flags.insert(.refusesTrains)
        } else if isOf(index) {
            states[train.pointee.session].refusesTrains = true
        }
        let length = Int(train.pointee.length)
        var at = 0
        while at < length {
            let part = min(Int(train.pointee.segment), length &- at)
            departPart(of: index, at: at, length: part)
            at &+= part
        }
    }

    /// Sends one datagram of a train. All that it needs is in the train's row: these answers may be
    /// the last ones, so that their session is over.
    private mutating func departPart(of index: DatagramID, at: Int, length: Int) {
        let train = outgoing.row(index)
        let leg = train.pointee.leg
        let block = train.pointee.block
        let offset = Int(train.pointee.offset) &+ at
        let part = takeRow(leg, block, offset: offset, length: length, segment: 0)
        guard !part.isNone else { return }
        let row = outgoing.row(part)
        row.pointee.session = train.pointee.session
        row.pointee.generation = train.pointee.generation
        row.pointee.isAnswer = train.pointee.isAnswer
        pelmeni_outgoing_part(
            &row.pointee.message, &train.pointee.message, pool.address(block) + offset, length)
        ring.sendDatagrams(
            legs[leg].socket, row, token: Token(.sendDatagrams, index: part.rawValue, generation: 0)
        )
    }

    /// Whether a row's session is still the one that it was sent for.
    func isOf(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index).pointee
        let session = sessions[row.session]
        return session.phase != .free
            && row.generation == UInt32(truncatingIfNeeded: session.openedAt)
    }

    /// A send ends by itself in the next submit; a wait for room has to be called off.
    mutating func cancelDatagrams(_ leg: LegID) {
        let row = legs.row(leg)
        if row.pointee.flags.contains(.receiving) { ring.cancel(token(leg, .receiveDatagrams)) }
        guard row.pointee.flags.isSuperset(of: [.waits, .sending]) else { return }
        ring.cancelRoom(
            Token(.sendDatagrams, index: row.pointee.departingRow.rawValue, generation: 0),
            slot: leg.rawValue)
    }

    // MARK: Sockets that take their time

    /// A Unix upstream is reliable: its datagrams wait in the leg's queue, and go one after the
    /// other.
    private mutating func departInTurn(
        _ leg: LegID, _ session: SessionID, _ block: BlockID, offset: Int, length: Int
    ) {
        let row = legs.row(leg)
        guard row.pointee.queue.bytes &+ length <= RelayLimits.smallHigh,
            Int(row.pointee.queue.count) < RelayLimits.messagesMax
        else { return drop(.queueFull) }
        guard let slice = settled(block, offset: offset, length: length) else {
            return drop(.queueFull)
        }
        guard row.pointee.queue.append(slice, pool: pool) else {
            pool.release(slice.block)
            return drop(.queueFull)
        }
        if !row.pointee.flags.contains(.sending) { departNext(leg) }
    }

    /// A datagram that must wait moves to a small block when it fits, so that the large one can be
    /// received into.
    private mutating func settled(_ block: BlockID, offset: Int, length: Int) -> Slice? {
        let small = length <= BlockClass.small.bytes ? pool.take(.small) : .none
        guard !small.isNone else {
            pool.lease(block)
            return Slice(block: block, offset: UInt32(offset), length: UInt32(length))
        }
        memcpy(pool.address(small), pool.address(block) + offset, length)
        return Slice(block: small, offset: 0, length: UInt32(length))
    }

    private mutating func departNext(_ leg: LegID) {
        let row = legs.row(leg)
        var index = DatagramID.none
        while index.isNone {
            guard !row.pointee.queue.isEmpty else { return }
            let slice = pool.piece(row.pointee.queue.first).pointee.slice
            index = load(
                leg, row.pointee.session, slice.block, offset: Int(slice.offset),
                length: Int(slice.length), segment: 0, isAnswer: false)
            // The table is full, and the datagram counted: nothing would bring the queue back to
            // those behind it.
            if index.isNone { row.pointee.queue.dropFirst(pool: pool) }
        }
        watchStall(row.pointee.session)
        // A datagram holds a block, however few its bytes are.
        row.pointee.beginProgress(at: now)
        row.pointee.departingRow = index
        ring.sendDatagrams(
            row.pointee.socket, outgoing.row(index),
            token: Token(.sendDatagrams, index: index.rawValue, generation: 0))
    }

    private mutating func tookOne(_ leg: LegID) {
        departNext(leg)
        if !legs[leg].peer.isNone { resumePeer(leg) }
    }
}
