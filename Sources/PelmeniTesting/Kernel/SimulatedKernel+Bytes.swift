internal import Glibc
internal import PelmeniCore

// Receiving and sending: the bytes between the engine's blocks and the simulated network.
extension SimulatedKernel {
    func tryReceive(_ socket: Int32) {
        guard let row = row(socket) else { return }
        if row.pointee.receive.token.kind == .awaitReadable {
            return tryAwaitBytes(socket)
        }
        let peer = peers + row.pointee.number
        while row.pointee.receive.isArmed {
            guard peer.pointee.incoming.unread > 0 else {
                if missesEnd(row) { return }
                if peer.pointee.resetArrived {
                    // Not before the completion of a send that saw the reset.
                    row.pointee.receive.lastAt = max(
                        row.pointee.receive.lastAt, row.pointee.send.lastAt)
                    let error = peer.pointee.errorPending
                    peer.pointee.errorPending = false
                    return end(&row.pointee.receive, socket, error ? -ECONNRESET : 0)
                }
                guard peer.pointee.incoming.endArrived else { return }
                return end(&row.pointee.receive, socket, 0)
            }
            guard let (block, slot) = takeBlock(row.pointee.receive.blockClass) else {
                hit(.noBlock)
                return end(&row.pointee.receive, socket, -ENOBUFS)
            }
            receive(socket, row, peer, into: block, slot: slot)
            // Lets other sockets go first.
            if row.pointee.receive.isArmed, random.chance(0x4000) {
                if !row.pointee.receive.isRetrying {
                    row.pointee.receive.isRetrying = true
                    events.add(
                        .retryReceive, at: soon(), number: Int(socket),
                        serial: row.pointee.receive.serial)
                }
                return
            }
        }
    }

    /// Whether an armed receive misses an end or a reset because it shares a wake-up with the bytes
    /// before it: io_uring folds wake-ups (liburing's issue 1549).
    private func missesEnd(_ row: UnsafeMutablePointer<SimulatedSocket>) -> Bool {
        let peer = peers[row.pointee.number]
        guard !row.pointee.receive.missesEnd else { return true }
        guard world.isMultishot, world.postsBlocks, row.pointee.receive.isMultishot,
            peer.resetArrived || peer.incoming.endArrived, row.pointee.receive.unseen > 0,
            random.chance(faults.missedEnd)
        else { return false }
        hit(.endMissed)
        row.pointee.receive.missesEnd = true
        return true
    }

    func retryReceive(_ event: SimulatedEvent) {
        let index = event.number - Int(Self.firstDescriptor)
        guard index < freshSocket, sockets[index].receive.serial == event.serial,
            sockets[index].receive.isArmed
        else { return }
        sockets[index].receive.isRetrying = false
        tryReceive(Int32(event.number))
    }

    private func receive(
        _ socket: Int32, _ row: UnsafeMutablePointer<SimulatedSocket>,
        _ peer: UnsafeMutablePointer<SimulatedPeer>, into block: BlockID, slot: Int
    ) {
        checkFree(block)
        let blockClass = row.pointee.receive.blockClass
        var bytes = min(peer.pointee.incoming.unread, blockClass.bytes)
        if random.chance(faults.shortReceive) {
            hit(.shortReceive)
            bytes = random.between(1, bytes)
        }
        if blockClass == .bulk { hit(.bulkReceive) }
        if peer.pointee.stream >= 0 {
            copyMessages(peer.pointee, to: pool.address(block), bytes)
        } else if !copyScript(
            row.pointee.number, at: peer.pointee.incoming.read, to: pool.address(block), bytes)
        {
            FlowContent.fill(
                pool.address(block), identity: peer.pointee.identity,
                position: peer.pointee.incoming.read, count: bytes)
        }
        peer.pointee.incoming.read += bytes
        move(incoming: row.pointee.number)
        if isCutByPlan(row.pointee.number) { wake(row.pointee.number) }
        row.pointee.receive.limit -= bytes
        var flags: Completion.Flags = []
        if row.pointee.receive.isMultishot {
            if row.pointee.receive.limit <= 0 {
                hit(.limitReached)
            } else if random.chance(faults.earlyEnd) {
                hit(.multishotEndedEarly)
            } else {
                flags.insert(.more)
            }
        }
        if peer.pointee.incoming.unread > 0 { flags.insert(.nonEmpty) }
        emit(
            &row.pointee.receive, socket,
            Completion(
                token: row.pointee.receive.token, result: Int32(bytes),
                flags: flags.union(descriptors(of: row.pointee.number)), block: block),
            slot: slot)
    }

    // MARK: Blocks

    func takeBlock(_ blockClass: BlockClass) -> (BlockID, Int)? {
        guard world.postsBlocks else {
            let block = pool.take(blockClass)
            return block.isNone ? nil : (block, -1)
        }
        if blockClass == .datagram {
            guard let (slot, block) = datagram.take() else { return nil }
            return (block, slot)
        }
        if blockClass == .small {
            guard let (slot, block) = small.take() else { return nil }
            return (block, slot)
        }
        guard let (slot, block) = bulk.take() else { return nil }
        return (block, slot + small.blocks.capacity)
    }

    /// A block to be filled has one lease, the ring's, and is in no send.
    func checkFree(_ block: BlockID) {
        if pool.leases(of: block) != 1 {
            violate("block \(block.rawValue) is filled with \(pool.leases(of: block)) leases")
        }
        if sending[Int(block.rawValue)] > 0 {
            violate("block \(block.rawValue) is filled while it is being sent")
        }
    }

    func refill() {
        while small.hasEmpty {
            let block = pool.take(.small)
            guard !block.isNone else { break }
            checkFree(block)
            small.post(block)
        }
        while bulk.hasEmpty {
            let block = pool.take(.bulk)
            guard !block.isNone else { break }
            checkFree(block)
            bulk.post(block)
        }
        while datagram.hasEmpty {
            let block = pool.take(.datagram)
            guard !block.isNone else { break }
            checkFree(block)
            datagram.post(block)
        }
    }

    func releasePosted() {
        small.releaseAll(to: pool)
        bulk.releaseAll(to: pool)
        datagram.releaseAll(to: pool)
    }

    // MARK: Sending

    /// Records the pieces of a send: io_uring copies their addresses when it takes the operation.
    func beginSend(_ socket: Int32, first: PieceID, count: Int) {
        guard let row = row(socket) else { return }
        let pieces = slices + Int(socket - Self.firstDescriptor) * Self.piecesMax
        var piece = first
        var asked = 0
        let count = min(count, Self.piecesMax)
        for index in 0..<count {
            let at = pool.piece(piece).pointee
            (pieces + index).initialize(to: at.slice)
            asked += Int(at.slice.length)
            sending[Int(at.slice.block.rawValue)] += 1
            if pool.leases(of: at.slice.block) == 0 {
                violate(
                    "a send on descriptor \(socket) has block \(at.slice.block.rawValue), which is free"
                )
            }
            piece = at.next
        }
        if count > 1 { hit(.gatheredSend) }
        if asked == 0 { violate("an empty send on descriptor \(socket)") }
        row.pointee.send.pieces = count
        row.pointee.send.asked = asked
        row.pointee.send.position = peers[row.pointee.number].reader.count
        if hasChecksum(row.pointee.number) {
            row.pointee.send.checksum = checksum(row, socket)
        }
        if peers[row.pointee.number].outgoing.endWritten {
            violate("a send on descriptor \(socket) after its own end")
        }
    }

    func trySend(_ socket: Int32) {
        guard let row = row(socket), row.pointee.send.isArmed else { return }
        if row.pointee.send.token.kind == .awaitWritable {
            return tryAwaitRoom(socket)
        }
        let peer = peers + row.pointee.number
        if peer.pointee.resetArrived {
            hit(.resetFoundBySend)
            if row.pointee.send.done > 0 {
                // Linux takes the error off the socket and reports it to no call.
                if world.waitsForAll, peer.pointee.errorPending {
                    hit(.resetHiddenBySend)
                    peer.pointee.errorPending = false
                }
                return end(&row.pointee.send, socket, Int32(row.pointee.send.done))
            }
            let error = peer.pointee.errorPending
            peer.pointee.errorPending = false
            return end(&row.pointee.send, socket, error ? -ECONNRESET : -EPIPE)
        }
        var room = min(
            peer.pointee.outgoing.sendRoom, row.pointee.send.asked - row.pointee.send.done)
        let isShort = room > 0 && random.chance(faults.shortSend)
        if isShort { room = random.between(1, room) }
        if room > 0 {
            take(socket, row, peer, room)
            move(outgoing: row.pointee.number)
        }
        let isDone = row.pointee.send.done == row.pointee.send.asked
        if isDone || (row.pointee.send.done > 0 && (isShort || !world.waitsForAll)) {
            if !isDone { hit(.shortSend) }
            return end(&row.pointee.send, socket, Int32(row.pointee.send.done))
        }
        hit(.waitingSend)
    }

    /// Takes bytes from the pieces of a send, and verifies them.
    private func take(
        _ socket: Int32, _ row: UnsafeMutablePointer<SimulatedSocket>,
        _ peer: UnsafeMutablePointer<SimulatedPeer>, _ count: Int
    ) {
        var skip = row.pointee.send.done
        var left = count
        let pieces = slices + Int(socket - Self.firstDescriptor) * Self.piecesMax
        for index in 0..<row.pointee.send.pieces where left > 0 {
            let length = Int(pieces[index].length)
            if skip >= length {
                skip -= length
                continue
            }
            let bytes = min(left, length - skip)
            let at = pool.address(pieces[index].block) + Int(pieces[index].offset) + skip
            if peer.pointee.stream >= 0 {
                messages.streams[peer.pointee.stream].take(at, bytes)
            } else if !takeScript(row.pointee.number, at, bytes) {
                verify(row.pointee.number, at, bytes)
            }
            left -= bytes
            skip = 0
        }
        row.pointee.send.done += count
        peer.pointee.outgoing.written += count
        if peer.pointee.stream >= 0 { framesCame(row.pointee.number) }
        if let wrong = peer.pointee.reader.wrongAt {
            violate("\(Self.name(peer.pointee)) is sent a wrong byte at \(wrong)")
        }
    }

    /// Bytes that only a checksum tells from others.
    private func hasChecksum(_ peer: Int) -> Bool {
        peers[peer].stream >= 0 || isChaos(peer) || messages.areForeign
    }

    /// At its completion a send's memory has its bytes and leases unchanged.
    func checkSent(_ socket: Int32, _ row: UnsafeMutablePointer<SimulatedSocket>) {
        let peer = peers[row.pointee.number]
        let pieces = slices + Int(socket - Self.firstDescriptor) * Self.piecesMax
        let isChaos = isChaos(row.pointee.number)
        if hasChecksum(row.pointee.number), checksum(row, socket) != row.pointee.send.checksum {
            violate("\(Self.name(peer)): messages changed while they were being sent")
        }
        var position = row.pointee.send.position
        for index in 0..<row.pointee.send.pieces {
            let slice = pieces[index]
            sending[Int(slice.block.rawValue)] -= 1
            if pool.leases(of: slice.block) == 0 {
                violate("block \(slice.block.rawValue) was freed while it was being sent")
            }
            if peer.reader.sender != nil, !isChaos,
                position >= FlowContent.headerBytes,
                let wrong = FlowContent.firstDifference(
                    pool.address(slice.block) + Int(slice.offset), identity: peer.reader.identity,
                    position: position, count: Int(slice.length))
            {
                violate("\(Self.name(peer)): byte \(wrong) changed while it was being sent")
            }
            position += Int(slice.length)
        }
    }
}
