internal import CPelmeni
internal import Glibc

// Sends: short ones are gathered for one call, others are tried at once.
extension EpollRing {
    @inline(__always)
    package mutating func send(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        let row = rows + Int(token.index)
        row.pointee.first = first
        row.pointee.count = UInt32(truncatingIfNeeded: count)
        if count == 1, !sendsAtOnce, row.pointee.flags.contains(.writable) {
            let slice = pool.piece(first).pointee.slice
            // A slot that receives whole blocks reads on; its peer's sends must keep up.
            if Int(slice.length) < BlockClass.small.bytes {
                row.pointee.flags.insert(.batched)
                return addToBatch(
                    socket, pool.address(slice.block) + Int(slice.offset), Int(slice.length),
                    token: token)
            }
        }
        row.pointee.flags.insert(.sending)
        if row.pointee.flags.contains(.writable) { trySend(token.index) }
    }

    @inline(__always)
    mutating func addToBatch(
        _ socket: Int32, _ data: UnsafeRawPointer, _ length: Int, token: Token
    ) {
        if batch.isFull { sendBatch() }
        batch.append(socket, data, length, token: token)
    }

    /// Whether gathered sends wait for `sendGathered`.
    @inline(__always)
    var isSendDue: Bool { batch.count > 0 || datagramSends.count > 0 }

    mutating func sendGathered() {
        if batch.count > 0 { sendBatch() }
        if datagramSends.count > 0 { sendDatagramBatch() }
    }

    mutating func sendBatch() {
        let count = batch.send()
        for index in 0..<count {
            let (token, result) = batch.outcome(index)
            if token.kind == .sendDatagrams {
                push(token, result)
            } else {
                (rows + Int(token.index)).pointee.flags.remove(.batched)
                (rows + Int(token.index)).pointee.flags.insert(.sending)
                tried(token.index, Int(result))
            }
        }
    }

    @inline(__always)
    mutating func trySend(_ slot: UInt32) {
        let row = rows + Int(slot)
        if row.pointee.flags.contains(.awaitsRoom) { return endWait(slot) }
        guard row.pointee.count == 1 else { return tried(slot, sendPieces(slot)) }
        let slice = pool.piece(row.pointee.first).pointee.slice
        let sent = pelmeni_socket_send(
            row.pointee.socket, pool.address(slice.block) + Int(slice.offset), Int(slice.length))
        tried(slot, sent)
    }

    /// Handles a send's result: complete, or waiting for a writable socket.
    @inline(__always)
    private mutating func tried(_ slot: UInt32, _ result: Int) {
        let row = rows + Int(slot)
        if result == -Int(EAGAIN) {
            row.pointee.flags.remove(.writable)
            return
        }
        row.pointee.flags.remove(.sending)
        busyBytesLeft &-= result
        push(token(slot, .send), Int32(truncatingIfNeeded: result))
    }

    private mutating func sendPieces(_ slot: UInt32) -> Int {
        let row = rows + Int(slot)
        let count = min(Int(row.pointee.count), Int(PELMENI_SEND_PIECES))
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: Int(PELMENI_SEND_PIECES)) {
            guard let vector = $0.baseAddress else { return -Int(ENOMEM) }
            pool.gather(row.pointee.first, count: count, into: vector)
            return pelmeni_socket_send_gathered(row.pointee.socket, vector, Int32(count))
        }
    }
}
