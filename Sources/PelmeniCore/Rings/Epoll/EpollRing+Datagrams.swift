internal import CPelmeni
internal import Glibc

// Datagrams: many in one call on the way in, and on the way out of a socket that many clients share.
extension EpollRing {
    /// Datagrams that one call may bring from a connected socket. It seldom holds a second one, and the look
    /// for it, without which no edge would tell of the next one, costs no system call of its own.
    static let connectedBatch = 2

    package mutating func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token
    ) {
        let row = rows + Int(token.index)
        row.pointee.flags.formUnion([.receiving, .datagrams])
        if isUnix { row.pointee.flags.insert(.unix) }
        if isListener { row.pointee.flags.insert(.multishot) }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    /// What one call brings; the first of them is handed out at once.
    mutating func receiveDatagramsNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        let token = token(slot, .receiveDatagrams)
        let isListener = row.pointee.flags.contains(.multishot)
        let most = isListener ? DatagramBatch.capacity : Self.connectedBatch
        let came = arrived.receive(
            row.pointee.socket, isUnix: row.pointee.flags.contains(.unix), most: most, token: token,
            pool: pool)
        guard came > 0 else {
            if came == -Int(EAGAIN) {
                row.pointee.flags.remove(.readable)
                return nil
            }
            row.pointee.flags.remove(.receiving)
            return Completion(token: token, result: Int32(truncatingIfNeeded: came))
        }
        if came < most {
            // It is empty now; what comes next makes a new edge.
            row.pointee.flags.remove(.readable)
        } else {
            // More in the next call, in turn.
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            queue(slot)
        }
        return nextArrived()
    }

    @inline(__always)
    mutating func nextArrived() -> Completion {
        let (block, bytes) = arrived.take()
        let slot = arrived.token.index
        // A receive that was cancelled meanwhile is over; what it had brought goes to nobody.
        let isArmed =
            rows[Int(slot)].generation == arrived.token.generation
            && rows[Int(slot)].flags.contains(.receiving)
        return Completion(
            token: arrived.token, result: bytes, flags: isArmed ? .more : [], block: block)
    }

    @inline(__always)
    package mutating func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<Outgoing>, slot: UInt32, mayWait: Bool,
        token: Token
    ) {
        if mayWait {
            let row = rows + Int(slot)
            row.pointee.outgoing = outgoing
            row.pointee.outgoingToken = token.rawValue
            row.pointee.flags.insert(.sending)
            if row.pointee.flags.contains(.writable) { trySendDatagram(slot) }
            return
        }
        guard outgoing.pointee.message.message.msg_name != nil else {
            let sent = pelmeni_datagram_send(socket, &outgoing.pointee.message)
            return push(token, Int32(truncatingIfNeeded: sent))
        }
        if !departing.takes(socket) { sendDeparting() }
        departing.append(socket, outgoing, token: token)
    }

    /// Sends what was gathered. One that fails does not keep those behind it.
    mutating func sendDeparting() {
        var first = 0
        while first < departing.count {
            let sent = departing.send(from: first)
            if sent <= 0 {
                push(departing.token(first), sent < 0 ? Int32(sent) : -EAGAIN)
                first &+= 1
                continue
            }
            for index in first..<first &+ sent { push(departing.token(index), 0) }
            first &+= sent
        }
        departing.clear()
    }

    package mutating func cancelDatagrams(_ target: Token, slot: UInt32) {
        let row = rows + Int(slot)
        guard row.pointee.outgoing != nil, row.pointee.outgoingToken == target.rawValue else {
            return
        }
        row.pointee.outgoing = nil
        row.pointee.flags.remove(.sending)
        push(target, -ECANCELED)
    }

    mutating func trySendDatagram(_ slot: UInt32) {
        let row = rows + Int(slot)
        guard let outgoing = row.pointee.outgoing else { return }
        let sent = pelmeni_datagram_send(row.pointee.socket, &outgoing.pointee.message)
        if sent == -Int(EAGAIN) {
            row.pointee.flags.remove(.writable)
            return
        }
        row.pointee.flags.remove(.sending)
        row.pointee.outgoing = nil
        push(Token(rawValue: row.pointee.outgoingToken), Int32(truncatingIfNeeded: sent))
    }
}
