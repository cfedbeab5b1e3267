internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Datagrams of the engine: taken or refused, and checked at the handover and at the completion.
extension SimulatedKernel {
    func beginSend(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, _ token: Token
    ) {
        guard let row = datagrams(socket) else { return }
        guard messages.sends[token.index] == nil else {
            return violate("row \(token.index) of those on their way is sent twice at once")
        }
        let message = outgoing.pointee.message.message
        guard message.msg_iovlen == 1, let piece = message.msg_iov?.pointee,
            let bytes = piece.iov_base
        else { return violate("a datagram without a piece") }
        var send = DatagramSend(
            outgoing: outgoing, socket: socket, block: outgoing.pointee.block,
            bytes: UnsafeRawPointer(bytes), length: piece.iov_len, segment: Self.segment(message),
            checksum: 0)
        if messages.sockets[row.pointee.number].wasToldGone {
            violate("flow \(row.pointee.number) is sent to though its upstream is gone")
        }
        checkTaken(row.pointee.number)
        if pool.leases(of: send.block) == 0 {
            violate("a datagram has block \(send.block.rawValue), which is free")
        }
        send.checksum = checksum(send)
        sending[Int(send.block.rawValue)] += 1
        row.pointee.datagramsInFlight += 1
        if !messages.sockets[row.pointee.number].isListener { asked(row.pointee.number, send) }
        countOfLoop(row.pointee.number, outgoing)
        messages.sends[token.index] = send
        staged.append(
            SimulatedRequest(kind: .sendDatagrams, socket: socket, token: token, address: nil))
    }

    /// The checksum of all bytes that the kernel may read until the send has ended.
    private func checksum(_ send: DatagramSend) -> UInt64 {
        let sum = DatagramSend.checksum(send.bytes, send.length)
        return withUnsafeBytes(of: &send.outgoing.pointee.message) { it in
            guard let base = it.baseAddress else { return sum }
            return DatagramSend.checksum(base, MemoryLayout<pelmeni_outgoing>.size, sum)
        }
    }

    /// Counts a datagram to an upstream when it is sent for the first time.
    private func asked(_ number: Int, _ send: DatagramSend) {
        // Only pairs of datagrams are compared with a count.
        guard let plan = world.messagePlan(messages.sockets[number].pair), plan.kind == .datagrams
        else { return }
        var fresh = 0
        forEach(send) { bytes, length in
            guard length >= MessageContent.headerBytes(plan) else { return }
            let identity = MessageContent.identity(bytes, plan)
            if messages.attempted.insert(identity).inserted { fresh += 1 }
        }
        guard fresh > 0 else { return }
        let socket = messages.sockets[number]
        // Datagrams that wait for a Unix upstream are sent later than they were counted, and a
        // train in parts.
        let isCounted = !socket.isUnix || plan.listensOnUnix || plan.trains == 0
        // Hooks get the datagrams of a train one by one.
        if plan.requests != 0, isCounted, world.chaos.isEmpty,
            world.drivers.isEmpty,
            socket.requests >= Int(plan.requests),
            socket.activity.requestedAt != messages.handed
        {
            violate("flow \(number) gets more than \(plan.requests) messages")
        }
        noteActive(number)
        messages.sockets[number].requests += fresh
        messages.sockets[number].activity.requestedAt = messages.handed
    }

    private func forEach(_ send: DatagramSend, _ body: (UnsafeRawPointer, Int) -> Void) {
        var at = 0
        repeat {
            let left = send.length - at
            let part = send.segment == 0 ? left : min(send.segment, left)
            body(send.bytes + at, part)
            at += part
        } while at < send.length
    }

    // MARK: Control messages

    /// The data of a control message, as the kernel finds it.
    private static func control(_ message: msghdr, level: Int32, type: Int32) -> UnsafeRawPointer? {
        guard let control = message.msg_control else { return nil }
        let head = MemoryLayout<cmsghdr>.size
        var at = 0
        while at + head <= message.msg_controllen {
            let it = (control + at).loadUnaligned(as: cmsghdr.self)
            if it.cmsg_level == level, it.cmsg_type == type {
                return UnsafeRawPointer(control + at + head)
            }
            guard it.cmsg_len >= head else { return nil }
            at += (Int(it.cmsg_len) + 7) & ~7
        }
        return nil
    }

    private static func segment(_ message: msghdr) -> Int {
        let at = control(message, level: Int32(IPPROTO_UDP), type: 103)
        return Int(at?.loadUnaligned(as: UInt16.self) ?? 0)
    }

    // MARK: Sending

    func sendDatagrams(_ token: Token) {
        guard var send = messages.sends[token.index], let row = row(send.socket) else { return }
        send.result = outcome(send, row.pointee.number)
        if send.result >= 0 {
            forEach(send) { arrive(row.pointee.number, send, $0, $1) }
        } else {
            unorder(send, row.pointee.number)
        }
        messages.sends[token.index] = send
        // Both forms of success occur: a number of bytes, or 0.
        let isBare = send.result > 0 && !world.postsBlocks
        complete(
            SimulatedCompletion(
                completion: Completion(token: token, result: isBare ? 0 : send.result),
                socket: send.socket, kind: .sendDatagrams, slot: -1),
            after: &row.pointee.departedAt)
    }

    private func outcome(_ send: DatagramSend, _ number: Int) -> Int32 {
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair) else { return -EBADF }
        guard !socket.isUnix else { return unixOutcome(send, number) }
        if socket.errors.isPending {
            hit(.datagramRefusedSend)
            return tellRefusal(number)
        }
        if messages.random.chance(faults.datagramInterrupted), send.outgoing.pointee.retries < 4 {
            hit(.datagramInterrupted)
            return -EINTR
        }
        if messages.random.chance(faults.datagramFull) {
            hit(.datagramFull)
            return -messages.random.pick([EAGAIN, EAGAIN, ENOBUFS])
        }
        if send.segment > 0, plan.refusesTrains || send.segment > plan.longest || send.count > 64 {
            hit(.trainRefused)
            return -(plan.refusesTrains ? messages.random.pick([EIO, EINVAL]) : EMSGSIZE)
        }
        if send.segment == 0, send.length > plan.longest {
            hit(.datagramTooLong)
            return -EMSGSIZE
        }
        if send.segment > 0, send.count > 1 { hit(.trainSent) }
        return Int32(send.length)
    }

    /// A message that is sent again, or in parts, may follow later ones.
    private func unorder(_ send: DatagramSend, _ number: Int) {
        // A Unix upstream, and each Unix client, gets its datagrams in order.
        guard !messages.sockets[number].isUnix else { return }
        guard messages.sockets[number].isListener else {
            messages.sockets[number].isOrdered = false
            return
        }
        guard let name = send.outgoing.pointee.message.message.msg_name,
            let client = messages.clientsByName[SimulatedMessages.key(name)]
        else { return }
        messages.clients[client].isOrdered = false
    }

    func handOutSent(_ row: UnsafeMutablePointer<SimulatedSocket>, _ completion: Completion) {
        row.pointee.datagramsInFlight -= 1
        guard let send = messages.sends.removeValue(forKey: completion.token.index) else {
            return violate("row \(completion.token.index) is not on its way")
        }
        sending[Int(send.block.rawValue)] -= 1
        if pool.leases(of: send.block) == 0 {
            violate("block \(send.block.rawValue) was freed while a datagram of it was being sent")
        }
        if checksum(send) != send.checksum {
            violate("a datagram on descriptor \(send.socket) changed while it was being sent")
        }
        let isListener = messages.sockets[row.pointee.number].isListener
        let isClosing = row.pointee.receive.isUnwanted
        if messages.sockets[row.pointee.number].isUnix, send.result < 0 {
            return handOutUnsent(send, row.pointee.number, isClosing: isClosing)
        }
        switch -send.result {
        case ...0:
            if isListener {
                messages.books.sentToClient += send.count
            } else {
                messages.books.sentToUpstream += send.count
            }
        case ECONNREFUSED where !isClosing, EHOSTUNREACH where !isClosing:
            noteError(row.pointee.number)
            messages.books.refusalsMost += 1
            // A leg that finds no block may be closing silently.
            if row.pointee.receive.isInFlight { messages.books.refusalsLeast += 1 }
        case EMSGSIZE where send.segment == 0:
            noteError(row.pointee.number)
            messages.books.tooLong += 1
        case EAGAIN, ENOBUFS: messages.books.full += send.count
        default: break
        }
    }

    /// A Unix socket refused a datagram.
    private func handOutUnsent(_ send: DatagramSend, _ number: Int, isClosing: Bool) {
        let isListener = messages.sockets[number].isListener
        switch -send.result {
        case ECONNREFUSED, ENOENT:
            if isListener {
                messages.books.gone += 1
            } else if !isClosing {
                messages.sockets[number].wasToldGone = true
            }
        // The engine waits for room at an upstream.
        case EAGAIN:
            if isListener, isClosing || mayGiveUp(send, number) { messages.books.full += 1 }
        case ENOBUFS: messages.books.full += 1
        default: break
        }
    }

    // MARK: Arriving

    private func arrive(
        _ number: Int, _ send: DatagramSend, _ bytes: UnsafeRawPointer, _ length: Int
    ) {
        let message = send.outgoing.pointee.message.message
        guard messages.sockets[number].isListener else {
            if message.msg_name != nil { violate("flow \(number) is sent to by name") }
            return arriveAtUpstream(number, bytes, length)
        }
        let pair = messages.sockets[number].pair
        guard let name = message.msg_name,
            let client = messages.clientsByName[SimulatedMessages.key(name)],
            messages.clients[client].pair == pair
        else { return violate("an answer to a client that pair \(pair) does not have") }
        let it = messages.clients[client]
        if message.msg_namelen != it.name.length { violate("a name of another length") }
        checkLocal(message, it)
        arriveAtClient(client, bytes, length)
    }

    /// An answer comes from the address that its client sent to.
    private func checkLocal(_ message: msghdr, _ client: DatagramClient) {
        let at = Self.control(message, level: Int32(IPPROTO_IP), type: 8)
        guard world.messagePlan(client.pair)?.tellsLocal ?? false else {
            return at == nil ? () : violate("an answer tells an address that nobody asked for")
        }
        let local = Self.local(client.number)
        // The address is behind the interface (struct in_pktinfo).
        let address = at?.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        let wanted = withUnsafeBytes(of: local.address) { $0.loadUnaligned(as: UInt32.self) }
        hit(.localTold)
        if address != wanted { violate("an answer to \(client.name) from another address") }
    }
}
