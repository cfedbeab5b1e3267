internal import CPelmeni
internal import Glibc

// Streams that the relay splices itself, after this ring reported bytes.
extension EpollRing {
    package mutating func awaitReadable(_ socket: Int32, token: Token) {
        let row = rows + Int(token.index)
        row.pointee.flags.formUnion([.receiving, .awaitsBytes])
        guard !row.pointee.flags.contains(.readable) else { return queue(token.index) }
        if row.pointee.flags.contains(.held) { hold(token.index, false) }
    }

    /// The awaited stream became readable.
    func endWaitForBytes(_ slot: UInt32) -> Completion {
        (rows + Int(slot)).pointee.flags.subtract([.receiving, .awaitsBytes])
        return Completion(token: token(slot, .awaitReadable), result: 0)
    }

    /// While the peer is full, new bytes would wake the worker in vain, about once for each turn.
    @inline(never)
    mutating func hold(_ slot: UInt32, _ isHeld: Bool) {
        let row = rows + Int(slot)
        if isHeld { row.pointee.flags.insert(.held) } else { row.pointee.flags.remove(.held) }
        _ = pelmeni_poll_hold(poller, row.pointee.socket, pollToken(slot), isHeld ? 1 : 0)
    }

    package mutating func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        let result = calls.splice(from: from, to: to, pipe: pipe, inside: inside, most: most)
        guard from >= 0 else { return result }
        // Spliced bytes take a quarter of the time of copied ones.
        busyBytesLeft &-= result.received / 4
        let row = rows + Int(slot)
        // A spliced slot is a bulk slot: served round-robin.
        row.pointee.flags.insert(.busy)
        row.pointee.callsLeft = 0
        if result.receiveError == -EAGAIN, !result.needsReceive {
            row.pointee.flags.remove(.readable)
        }
        if result.sendError == -EAGAIN, !row.pointee.flags.contains(.held) { hold(slot, true) }
        return result
    }
}
