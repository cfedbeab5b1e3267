internal import CPelmeni
internal import Glibc

// Datagrams on their way out: trains where the route takes them, one by one where it does not.
extension Relay where R: ~Copyable {
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
            ? states[session].refusesTrains : row.pointee.marks.contains(.refusesTrains)
        guard !isTrain || !(refuses || row.pointee.kind.isUnix) else {
            return departSingly(
                leg, session, block, offset: offset, length: length, segment: segment,
                isAnswer: isAnswer)
        }
        guard !row.pointee.kind.isFlowControlled else {
            return departInTurn(leg, session, block, offset: offset, length: length)
        }
        let index = load(
            leg, session, block, offset: offset, length: length, segment: isTrain ? segment : 0,
            isAnswer: isAnswer)
        guard !index.isNone else { return }
        if isAnswer, row.pointee.kind.isUnix {
            guard admitAnswer(index) else { return }
            guard takeShare(index) else {
                if !parkAnswer(index) { unload(index) }
                return
            }
        }
        legs.ring.sendDatagrams(
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
            let tellsLocal = pairs[sessions[session].pair].tellsLocal
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
    mutating func takeRow(
        _ leg: LegID, _ block: BlockID, offset: Int, length: Int, segment: Int
    ) -> DatagramID {
        // No leg takes the last rows: it has no more of them than are left.
        let isShare = Int(legs[leg].datagrams.count) <= outgoing.free
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
        legs[leg].beginDatagram()
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
            if row.pointee.isAnswer { legs.moved.toClient &+= UInt64(row.pointee.length) }
        } else if recover(index, result, count: count) {
            return
        }
        unload(index)
    }

    /// Ends a row: its lease, and its leg if that waited for it.
    mutating func unload(_ index: DatagramID) {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        if row.pointee.isAnswer, legs[leg].kind.isUnix { answerIsOver(index) }
        pool.release(row.pointee.block)
        outgoing.giveBack(index)
        legs[leg].endDatagram()
        // Sent or counted by now; a leg that closes counts what waited behind it.
        let isFirstInTurn = legs[leg].kind.isFlowControlled
        if isFirstInTurn { legs[leg].queue.dropFirst(pool: pool) }
        if legs[leg].phase == .closing { return closeIfIdle(leg) }
        if isFirstInTurn { tookOne(leg) }
    }

    /// One place wakes all sockets that wait for it: the datagram that waits longest goes first, or
    /// a crowd of others would have each place before it.
    private mutating func queueForRoom(_ index: DatagramID) {
        let since = outgoing.row(index).pointee.since
        forRoom.insert(index, outgoing.rows) { $0.since <= since }
    }

    /// Sends those again whose sockets may have room. It is not certain that they are taken this
    /// time.
    @inline(never)
    mutating func sendForRoom() {
        while !forRoom.isEmpty {
            let index = forRoom.popFirst(outgoing.rows)
            let row = outgoing.row(index)
            guard legs[row.pointee.leg].phase != .closing else {
                drop(.noUpstream)
                unload(index)
                continue
            }
            row.pointee.retries = 0
            sendAgain(index)
        }
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
        if row.pointee.writing != .sending { departNext(leg) }
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
        legs.watchStall(row.pointee.session)
        // A datagram holds a block, however few its bytes are.
        row.pointee.progress.begin(at: now)
        row.pointee.datagrams.waiting = index
        legs.ring.sendDatagrams(
            row.pointee.socket, outgoing.row(index),
            token: Token(.sendDatagrams, index: index.rawValue, generation: 0))
    }

    private mutating func tookOne(_ leg: LegID) {
        departNext(leg)
        guard !legs[leg].peer.isNone else { return }
        if legs.resumePeer(leg) == .resumed { resume(legs[leg].peer) }
    }
}
