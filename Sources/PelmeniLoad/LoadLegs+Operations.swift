internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

// What the load asks of its streams: sends, receives, pauses, closes.
extension LoadLegs {
    /// Wakes the thread when the event is signalled.
    mutating func watch(_ event: Int32) -> Int32 {
        let token = Token(.wake, index: 0, generation: 0)
        let error = ring.attach(event, token: token, isShared: false)
        if error == 0 { ring.wake(event, token: token) }
        guard error == 0, let descriptor = timer?.descriptor else { return error }
        let failed = ring.attach(descriptor, token: Self.timerToken, isShared: false)
        if failed == 0 { ring.wake(descriptor, token: Self.timerToken) }
        return failed
    }

    mutating func rearmTimer() {
        guard let descriptor = timer?.descriptor else { return }
        timer?.taken()
        ring.wake(descriptor, token: Self.timerToken)
    }

    mutating func listen(_ listener: Int32) -> Int32 {
        let error = ring.attach(listener, token: Self.acceptToken, isShared: false)
        if error == 0 { accept(listener) }
        return error
    }

    /// Accepts again, after ``LoadEvent/acceptFailed(_:)``.
    mutating func accept(_ listener: Int32) {
        ring.accept(listener, multishot: true, token: Self.acceptToken)
    }

    /// - Parameter address: must stay in place until the next ``submit(until:)``.
    /// - Returns: the leg, or nil without a descriptor or room.
    mutating func dial(_ address: UnsafePointer<SocketAddress>) -> Int? {
        let socket = ring.calls.open(family: address.pointee.family)
        guard socket >= 0 else { return nil }
        guard let leg = free.popLast() else {
            ring.calls.close(socket)
            return nil
        }
        var options = SocketOptions()
        options.keepAliveSeconds = 0
        options.urgentInLine = false
        _ = ring.calls.configure(socket, family: address.pointee.family, options: options)
        rows[leg].socket = socket
        rows[leg].flags = [.open, .connecting]
        ring.connect(socket, to: address, token: token(leg, .connect))
        return leg
    }

    mutating func take(_ socket: Int32) -> Int? {
        guard let leg = free.popLast() else {
            ring.calls.closeWithReset(socket)
            return nil
        }
        rows[leg].socket = socket
        rows[leg].flags = .open
        guard ring.attach(socket, token: token(leg, .receive), isShared: false) == 0 else {
            free(leg)
            return nil
        }
        return leg
    }

    /// Arms a receive for `limit` bytes, unless one is armed already.
    mutating func receive(_ leg: Int, limit: Int) {
        guard !rows[leg].flags.contains(.receiving), !rows[leg].flags.contains(.closing) else {
            return
        }
        (rows + leg).pointee.flags.insert(.receiving)
        ring.receive(
            rows[leg].socket, blockClass: blockClass, limit: limit, isUnix: false,
            expectsBytes: false, token: token(leg, .receive))
    }

    /// Sends a received block; its lease moves. False when the pool has no piece.
    mutating func send(_ leg: Int, block: BlockID, count: Int) -> Bool {
        let slice = Slice(block: block, offset: 0, length: UInt32(count))
        guard (rows + leg).pointee.queue.append(slice, pool: pool) else {
            pool.release(block)
            return false
        }
        flush(leg)
        return true
    }

    /// Makes a stream, which ``flush(_:)`` sends. Only when ``canMake(_:)``. False when the pool is
    /// empty.
    mutating func make(_ leg: Int, _ outgoing: StreamToSend) -> Bool {
        rows[leg].outgoing = outgoing
        return pump(leg)
    }

    mutating func pump(_ leg: Int) -> Bool {
        let row = rows + leg
        while !row.pointee.outgoing.isDone {
            if row.pointee.making.isNone {
                guard row.pointee.queue.count < UInt32(Self.queuedBlocks) else { return true }
                row.pointee.making = pool.take(blockClass)
                guard !row.pointee.making.isNone else { return false }
            }
            let made = row.pointee.made
            let room = blockClass.bytes - made
            guard room >= row.pointee.outgoing.roomMin else {
                guard seal(leg) else { return false }
                continue
            }
            row.pointee.made += row.pointee.outgoing.fill(
                pool.address(row.pointee.making) + made, room: room)
        }
        return true
    }

    /// Queues the block that is being filled.
    private mutating func seal(_ leg: Int) -> Bool {
        let row = rows + leg
        let slice = Slice(
            block: row.pointee.making, offset: 0, length: UInt32(row.pointee.made))
        guard row.pointee.queue.append(slice, pool: pool) else { return false }
        row.pointee.making = .none
        row.pointee.made = 0
        return true
    }

    /// Sends the queue, unless a send is in flight; the made streams follow.
    mutating func flush(_ leg: Int) {
        let row = rows + leg
        guard !row.pointee.flags.contains(.sending) else { return }
        // The pool of pieces is never empty: it has two for each block.
        if row.pointee.made > 0 { _ = seal(leg) }
        guard !row.pointee.queue.isEmpty else { return }
        row.pointee.flags.insert(.sending)
        ring.send(
            row.pointee.socket, first: row.pointee.queue.first, count: Int(row.pointee.queue.count),
            token: token(leg, .send))
    }

    mutating func shutdownWrite(_ leg: Int) { _ = ring.calls.shutdownWrite(rows[leg].socket) }

    // MARK: Closing

    /// Closes when no operation is in flight; ``LoadEvent/closed(leg:)`` follows.
    mutating func close(_ leg: Int) {
        let row = rows + leg
        guard row.pointee.flags.contains(.open), !row.pointee.flags.contains(.closing) else {
            return
        }
        row.pointee.flags.insert(.closing)
        for kind in [OperationKind.connect, .receive, .send]
        where row.pointee.flags.contains(Self.flag(kind)) {
            ring.cancel(token(leg, kind))
        }
        settle(leg)
    }

    mutating func settle(_ leg: Int) {
        if rows[leg].flags.isDisjoint(with: .inFlight) { finished.append(leg) }
    }

    mutating func free(_ leg: Int) {
        let row = rows + leg
        row.pointee.queue.removeAll(pool: pool)
        if !row.pointee.making.isNone { pool.release(row.pointee.making) }
        row.pointee.making = .none
        row.pointee.made = 0
        row.pointee.outgoing = StreamToSend()
        ring.detach(token(leg, .receive))
        ring.calls.close(row.pointee.socket)
        row.pointee.socket = -1
        row.pointee.flags = []
        row.pointee.generation = (row.pointee.generation &+ 1) & 0xff_ffff
        free.append(leg)
    }
}
