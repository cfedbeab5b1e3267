internal import CPelmeni
internal import Glibc

// Datagrams: a listener receives and sends many in one call.
extension EpollRing {
    package mutating func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token
    ) {
        let row = rows + Int(token.index)
        row.pointee.flags.formUnion([.receiving, .datagrams])
        if isUnix { row.pointee.flags.insert(.unix) }
        if isListener { row.pointee.flags.insert(.multishot) }
        if row.pointee.flags.contains(.unpolled) { attachAgain(token) }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    /// Receives the datagrams of one call, and hands out the first.
    mutating func receiveDatagramsNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        guard row.pointee.flags.contains(.multishot) else { return receiveDatagramNow(slot) }
        let token = token(slot, .receiveDatagrams)
        // Room for twice the number that came last: unused room costs a lone client.
        let most = min(DatagramBatch.capacity, max(2, Int(row.pointee.limit)))
        let came = arrived.receive(
            row.pointee.socket, isUnix: row.pointee.flags.contains(.unix), most: most,
            token: token, pool: pool)
        guard came > 0 else { return receivedNone(slot, token, came) }
        row.pointee.limit = 2 &* Int32(truncatingIfNeeded: came)
        if came < arrived.offered {
            // The socket is empty; the next datagram makes a new edge.
            row.pointee.flags.remove(.readable)
        } else {
            // More in the next call, after other slots.
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            queue(slot)
        }
        return nextArrived()
    }

    /// One datagram, or train, of a connected socket. A UDP socket is level-triggered: the next
    /// wait reports a further datagram, and no call is made to find the socket empty.
    private mutating func receiveDatagramNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        let token = token(slot, .receiveDatagrams)
        let block = pool.take(.datagram)
        guard !block.isNone else { return receivedNone(slot, token, -Int(ENOBUFS)) }
        let isUnix = row.pointee.flags.contains(.unix)
        let came = pelmeni_datagram_receive_one(
            row.pointee.socket, isUnix ? 1 : 0, pool.address(block), BlockClass.datagram.bytes)
        guard came >= 0 else {
            pool.release(block)
            return receivedNone(slot, token, came)
        }
        if row.pointee.flags.contains(.shared) {
            row.pointee.flags.remove(.readable)
        } else {
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            queue(slot)
        }
        return Completion(
            token: token, result: Int32(truncatingIfNeeded: came), flags: .more, block: block)
    }

    private mutating func receivedNone(
        _ slot: UInt32, _ token: Token, _ error: Int
    ) -> Completion? {
        let row = rows + Int(slot)
        if error == -Int(EAGAIN) {
            row.pointee.flags.remove(.readable)
            return nil
        }
        row.pointee.flags.remove(.receiving)
        // The next wait reports further datagrams.
        if row.pointee.flags.contains(.shared) { row.pointee.flags.remove(.readable) }
        return Completion(token: token, result: Int32(truncatingIfNeeded: error))
    }

    @inline(__always)
    mutating func nextArrived() -> Completion {
        let (block, bytes) = arrived.take()
        let slot = arrived.token.index
        // A receive that was cancelled meanwhile is over: its remaining datagrams are for no
        // session.
        let isArmed =
            rows[Int(slot)].generation == arrived.token.generation
            && rows[Int(slot)].flags.contains(.receiving)
        return Completion(
            token: arrived.token, result: bytes, flags: isArmed ? .more : [], block: block)
    }

    @inline(__always)
    package mutating func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        guard outgoing.pointee.message.message.msg_name != nil else {
            return sendConnected(socket, outgoing, token: token)
        }
        if !datagramSends.takes(socket) { sendDatagramBatch() }
        datagramSends.append(socket, outgoing, token: token)
    }

    @inline(__always)
    private mutating func sendConnected(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        if !sendsAtOnce, outgoing.pointee.message.message.msg_control == nil {
            let piece = outgoing.pointee.message.piece
            if let data = piece.iov_base {
                return addToBatch(socket, data, piece.iov_len, token: token)
            }
        }
        // A train is a call of its own, after the gathered datagrams.
        if batch.count > 0 { sendBatch() }
        let sent = pelmeni_datagram_send(socket, &outgoing.pointee.message)
        push(token, Int32(truncatingIfNeeded: sent))
    }

    /// Sends the gathered datagrams. A failed one does not stop the others.
    mutating func sendDatagramBatch() {
        var first = 0
        while first < datagramSends.count {
            let sent = datagramSends.send(from: first)
            if sent <= 0 {
                push(datagramSends.token(first), sent < 0 ? Int32(sent) : -EAGAIN)
                first &+= 1
                continue
            }
            for index in first..<first &+ sent { push(datagramSends.token(index), 0) }
            first &+= sent
        }
        datagramSends.clear()
    }

    package mutating func awaitWritable(_ socket: Int32, slot: UInt32, token: Token) {
        let row = rows + Int(slot)
        assert(
            row.pointee.flags.contains(.awaitsRoom)
                || row.pointee.flags.isDisjoint(with: [.sending, .batched]),
            "a send waits already")
        row.pointee.roomToken = token
        row.pointee.flags.remove(.writable)
        row.pointee.flags.formUnion([.sending, .awaitsRoom])
    }

    package mutating func cancelWritable(_ target: Token, slot: UInt32) {
        let row = rows + Int(slot)
        guard row.pointee.flags.contains(.awaitsRoom), row.pointee.roomToken == target
        else { return }
        row.pointee.flags.subtract([.sending, .awaitsRoom])
        push(target, -ECANCELED)
    }

    /// The socket became writable.
    mutating func endWait(_ slot: UInt32) {
        let row = rows + Int(slot)
        row.pointee.flags.subtract([.sending, .awaitsRoom])
        push(row.pointee.roomToken, 0)
    }
}
