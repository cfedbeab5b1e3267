internal import CPelmeni
internal import Glibc

// Events, and the calls that they allow: each makes one completion.
extension EpollRing {
    /// Applies an event to its slot, and makes the read that it allows.
    @inline(__always)
    mutating func fire(_ event: pelmeni_event) -> Completion? {
        let token = Token(rawValue: event.token)
        let slot = token.index
        let row = rows + Int(slot)
        guard row.pointee.flags.contains(.attached), row.pointee.generation == token.generation
        else { return nil }
        if row.pointee.flags.contains(.shared),
            row.pointee.flags.isDisjoint(with: [.accepting, .receiving])
        {
            return unpoll(slot)
        }
        // A send waited, so it had filled the socket.
        let isBusy = !row.pointee.flags.isDisjoint(with: [.busy, .sending])
        row.pointee.callsLeft = isBusy ? 0 : budget(row.pointee.flags)
        if event.readiness & (PELMENI_POLL_WRITABLE | PELMENI_POLL_BROKEN) != 0 {
            row.pointee.flags.insert(.writable)
            if row.pointee.flags.contains(.connecting) {
                finishConnect(slot)
            } else if row.pointee.flags.contains(.sending) {
                queue(slot)
            }
        }
        let readable =
            PELMENI_POLL_READABLE | PELMENI_POLL_ENDED | PELMENI_POLL_BROKEN | PELMENI_POLL_URGENT
        guard event.readiness & readable != 0 else { return nil }
        row.pointee.flags.insert(.readable)
        if event.readiness & (PELMENI_POLL_ENDED | PELMENI_POLL_BROKEN) != 0 {
            row.pointee.flags.insert(.ended)
        }
        if event.readiness & PELMENI_POLL_URGENT != 0 { row.pointee.flags.insert(.stopsShort) }
        if isReadWanted(slot) {
            // After the completed sends, in order: a send's completion goes first.
            if doneHead != doneTail || !row.pointee.flags.isDisjoint(with: [.queued, .busy]) {
                queue(slot)
                return nil
            }
            return read(slot)
        }
        return nil
    }

    /// Whether the slot may have bytes, and an operation that reads them.
    @inline(__always)
    func isReadWanted(_ slot: UInt32) -> Bool {
        let flags = rows[Int(slot)].flags
        return flags.contains(.readable)
            && !flags.isDisjoint(with: [.receiving, .accepting, .waking])
    }

    /// One read of a slot that may have bytes; nil when it has none.
    @inline(__always)
    mutating func read(_ slot: UInt32) -> Completion? {
        let flags = rows[Int(slot)].flags
        guard flags.contains(.readable) else { return nil }
        if flags.contains(.receiving) {
            if flags.contains(.awaitsBytes) { return endWaitForBytes(slot) }
            return flags.contains(.datagrams) ? receiveDatagramsNow(slot) : receiveNow(slot)
        }
        if flags.contains(.accepting) { return acceptNow(slot) }
        if flags.contains(.waking) { return wakeNow(slot) }
        return nil
    }

    @inline(__always)
    private mutating func receiveNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        let blockClass: BlockClass = row.pointee.flags.contains(.bulk) ? .bulk : .small
        let token = token(slot, .receive)
        let block = pool.take(blockClass)
        guard !block.isNone else {
            row.pointee.flags.remove(.receiving)
            return Completion(token: token, result: -ENOBUFS)
        }
        var hasDescriptors: Int32 = 0
        let got =
            row.pointee.flags.contains(.unix)
            ? pelmeni_socket_receive_message(
                row.pointee.socket, pool.address(block), blockClass.bytes, &hasDescriptors)
            : pelmeni_socket_receive(row.pointee.socket, pool.address(block), blockClass.bytes)
        guard got > 0 else {
            pool.release(block)
            if got == -Int(EAGAIN) {
                row.pointee.flags.remove(.readable)
                if !row.pointee.flags.contains(.unix) { row.pointee.flags.remove(.stopsShort) }
                return nil
            }
            row.pointee.flags.remove(.receiving)
            return Completion(token: token, result: Int32(truncatingIfNeeded: got))
        }
        row.pointee.limit &-= Int32(truncatingIfNeeded: got)
        busyBytesLeft &-= got
        if got == blockClass.bytes {
            row.pointee.flags.insert(.busy)
            row.pointee.callsLeft = min(row.pointee.callsLeft, busyCalls)
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
        } else {
            row.pointee.flags.remove(.busy)
            // A short read emptied the socket; the next bytes make a new edge.
            if row.pointee.flags.isDisjoint(with: [.ended, .stopsShort]) {
                row.pointee.flags.remove(.readable)
            } else {
                row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            }
        }
        let isOver = row.pointee.limit <= 0
        if isOver {
            row.pointee.flags.remove(.receiving)
        } else if row.pointee.flags.contains(.readable) {
            queue(slot)
        }
        var flags: Completion.Flags = isOver ? [] : .more
        if row.pointee.flags.contains(.readable) { flags.insert(.nonEmpty) }
        if hasDescriptors != 0 { flags.insert(.descriptors) }
        return Completion(
            token: token, result: Int32(truncatingIfNeeded: got), flags: flags, block: block)
    }

    private mutating func acceptNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        // Sends go first: each accept of a burst costs a handshake.
        if batch.count > 0 { sendBatch() }
        let token = token(slot, .accept)
        let socket = pelmeni_socket_accept(row.pointee.socket, 1)
        if socket == -EAGAIN {
            row.pointee.flags.remove(.readable)
            return nil
        }
        let goesOn = socket >= 0 && row.pointee.flags.contains(.multishot)
        if goesOn {
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            queue(slot)
        } else {
            row.pointee.flags.remove(.accepting)
        }
        return Completion(token: token, result: socket, flags: goesOn ? .more : [])
    }

    private mutating func wakeNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        row.pointee.flags.remove(.readable)
        guard pelmeni_event_take(row.pointee.socket) >= 0 else { return nil }
        row.pointee.flags.remove(.waking)
        return Completion(token: token(slot, .wake), result: 0)
    }

    mutating func finishConnect(_ slot: UInt32) {
        (rows + Int(slot)).pointee.flags.remove(.connecting)
        push(token(slot, .connect), pelmeni_socket_error(rows[Int(slot)].socket))
    }
}
