internal import CPelmeni
internal import Glibc

// Sending datagrams: as trains where the route takes them, singly where it does not.
extension Relay where R: ~Copyable {
    /// The longest payload that UDP over IPv4 carries: 65,535 bytes less two headers.
    static var datagramMax: Int { 65_507 }
    /// The longest IPv4 packet, for sockets of other protocols.
    static var packetMax: Int { 65_535 }

    /// Sends a datagram or a train on a leg. Its row takes its own lease of the block.
    mutating func send(_ unit: Unit, _ session: SessionID, on leg: LegID) {
        let row = legs.row(leg)
        let refuses =
            unit.isToClient
            ? states[session].refusesTrains : row.pointee.flags.contains(.refusesTrains)
        guard !unit.isTrain || !(refuses || row.pointee.kind.isUnix) else {
            return sendSingly(unit, session, on: leg)
        }
        guard !row.pointee.kind.isFlowControlled else { return queueDatagram(unit, on: leg) }
        let index = makeRow(unit, session, leg)
        guard !index.isNone else { return }
        if unit.isToClient, row.pointee.kind.isUnix {
            guard admitResponse(index) else { return }
            guard reserveShare(index) else {
                if !parkResponse(index) { releaseRow(index) }
                return
            }
        }
        legs.ring.sendDatagrams(row.pointee.socket, outgoing.row(index), token: token(index))
    }

    @inline(__always)
    func token(_ index: DatagramID) -> Token {
        Token(.sendDatagrams, index: index.rawValue, generation: 0)
    }

    /// Sends a train's datagrams one by one.
    private mutating func sendSingly(_ train: Unit, _ session: SessionID, on leg: LegID) {
        var at: UInt32 = 0
        while at < train.length {
            let unit = train.datagram(at: at)
            send(unit, session, on: leg)
            at &+= unit.length
        }
    }

    /// Makes a row for a unit; none when the table is full, and the drop is counted.
    private mutating func makeRow(_ unit: Unit, _ session: SessionID, _ leg: LegID) -> DatagramID {
        let segment = unit.isTrain ? Int(unit.segment) : 0
        let (offset, length) = (Int(unit.offset), Int(unit.length))
        let index = allocateRow(leg, unit.block, offset: offset, length: length, segment: segment)
        guard !index.isNone else { return index }
        let row = outgoing.row(index)
        row.pointee.session = session
        row.pointee.generation = UInt32(truncatingIfNeeded: sessions[session].openedAt)
        row.pointee.isResponse = unit.isToClient
        let data = pool.address(unit.block) + offset
        let train = UInt32(truncatingIfNeeded: segment)
        guard unit.isToClient else {
            pelmeni_outgoing_set(&row.pointee.message, data, length, train, nil, 0, nil)
            return index
        }
        let state = states.row(session)
        let tellsLocal = pairs[sessions[session].pair].tellsLocal
        withUnsafePointer(to: &state.pointee.local) { local in
            pelmeni_outgoing_set(
                &row.pointee.message, data, length, train, &state.pointee.name.storage,
                state.pointee.name.length, tellsLocal ? local : nil)
        }
        return index
    }

    /// A row for a part of a block, without message and session; or the drop is counted.
    @inline(__always)
    mutating func allocateRow(
        _ leg: LegID, _ block: BlockID, offset: Int, length: Int, segment: Int
    ) -> DatagramID {
        // No leg takes the last rows: a leg holds at most as many as are free.
        let isShare = Int(legs[leg].datagramCount) <= outgoing.free
        let index = isShare ? outgoing.allocate() : .none
        guard !index.isNone else {
            drop(.queueFull, Unit.count(length, segment: segment))
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
        let count = Unit.count(Int(row.pointee.length), segment: Int(row.pointee.segment))
        if row.pointee.awaitsRoom {
            row.pointee.awaitsRoom = false
            if result >= 0 { return queueForRoom(index) }
            drop(.noUpstream, count)
        } else if result >= 0 {
            counters.add(
                row.pointee.isResponse ? .datagramsToClient : .datagramsToUpstream,
                UInt64(truncatingIfNeeded: count))
            if row.pointee.isResponse { legs.moved.toClient &+= UInt64(row.pointee.length) }
        } else if recover(index, result, count: count) {
            return
        }
        releaseRow(index)
    }

    /// Releases a row and its lease, and closes its leg if that waited for the row.
    mutating func releaseRow(_ index: DatagramID) {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        if row.pointee.isResponse, legs[leg].kind.isUnix { responseEnded(index) }
        pool.release(row.pointee.block)
        outgoing.giveBack(index)
        legs[leg].endDatagram()
        // Sent or counted by now; a closing leg counts the datagrams behind it.
        let isFirstInTurn = legs[leg].kind.isFlowControlled
        if isFirstInTurn { legs[leg].queue.dropFirst(pool: pool) }
        if legs[leg].phase == .closing { return closeIfIdle(leg) }
        if isFirstInTurn { firstWentOut(leg) }
    }

    /// One free place wakes all sockets that wait for it: the oldest datagram goes first, or the
    /// others would take each place before it.
    private mutating func queueForRoom(_ index: DatagramID) {
        let since = outgoing.row(index).pointee.since
        forRoom.insert(index, outgoing.rows) { $0.since <= since }
    }

    /// Resends datagrams whose sockets may have room. A socket may be full again.
    @inline(never)
    mutating func sendForRoom() {
        while !forRoom.isEmpty {
            let index = forRoom.popFirst(outgoing.rows)
            let row = outgoing.row(index)
            guard legs[row.pointee.leg].phase != .closing else {
                drop(.noUpstream)
                releaseRow(index)
                continue
            }
            row.pointee.retries = 0
            sendAgain(index)
        }
    }

    // MARK: Sockets that take their time

    /// A Unix upstream is reliable: its datagrams wait in the leg's queue, and are sent one by one.
    private mutating func queueDatagram(_ unit: Unit, on leg: LegID) {
        let row = legs.row(leg)
        guard row.pointee.queue.bytes &+ Int(unit.length) <= Limits.smallHigh,
            Int(row.pointee.queue.count) < Limits.messagesMax
        else { return drop(.queueFull) }
        let slice = copiedToSmall(unit)
        guard row.pointee.queue.append(slice, pool: pool) else {
            pool.release(slice.block)
            return drop(.queueFull)
        }
        if row.pointee.writing != .sending { sendFirst(of: leg) }
    }

    /// Copies a waiting datagram to a small block if it fits: the large one is needed for receives.
    private mutating func copiedToSmall(_ unit: Unit) -> Slice {
        let length = Int(unit.length)
        let small = length <= BlockClass.small.bytes ? pool.take(.small) : .none
        guard !small.isNone else {
            pool.lease(unit.block)
            return Slice(block: unit.block, offset: unit.offset, length: unit.length)
        }
        memcpy(pool.address(small), pool.address(unit.block) + Int(unit.offset), length)
        return Slice(block: small, offset: 0, length: unit.length)
    }

    private mutating func sendFirst(of leg: LegID) {
        let row = legs.row(leg)
        var index = DatagramID.none
        while index.isNone {
            guard !row.pointee.queue.isEmpty else { return }
            let slice = pool.piece(row.pointee.queue.first).pointee.slice
            let unit = Unit(
                block: slice.block, offset: slice.offset, length: slice.length, isToClient: false)
            index = makeRow(unit, row.pointee.session, leg)
            // The table is full and the datagram counted: no event would send the next one.
            if index.isNone { row.pointee.queue.dropFirst(pool: pool) }
        }
        legs.watchStall(row.pointee.session)
        // Progress is counted in datagrams: each holds a block, however short it is.
        row.pointee.progress.begin(at: now)
        row.pointee.waiting = index
        legs.ring.sendDatagrams(row.pointee.socket, outgoing.row(index), token: token(index))
    }

    private mutating func firstWentOut(_ leg: LegID) {
        sendFirst(of: leg)
        if !legs[leg].peer.isNone { resumePeer(leg) }
        finishOnceSent(leg)
    }
}
