internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Datagram sockets: the calls of the ring's user, and the kernel's part.
extension SimulatedKernel {
    /// A descriptor of datagrams.
    func datagrams(_ socket: Int32) -> UnsafeMutablePointer<SimulatedSocket>? {
        guard let row = row(socket) else { return nil }
        guard row.pointee.kind == .datagrams, row.pointee.isAttached else {
            violate("descriptor \(socket) is not an attached socket of datagrams")
            return nil
        }
        return row
    }

    func openDatagrams(to address: SocketAddress, reportsErrors: Bool) -> Int32 {
        guard let destination = destinations[Self.key(address)] else {
            violate("datagrams to \(address), which nobody has")
            return -ENETUNREACH
        }
        let isUnix = address.family == AF_UNIX
        guard isUnix || !messages.random.chance(faults.noPort) else {
            hit(.noPort)
            messages.books.failedOpens += 1
            return -EAGAIN
        }
        guard destination.mood != .unreachable else { return isUnix ? -EACCES : -ENETUNREACH }
        let receiver = isUnix ? receiver(address, destination) : -1
        guard receiver >= 0 || !isUnix else { return Int32(receiver) }
        if destination.address > 0 { hit(.datagramSecondAddress) }
        let socket = allocate(.datagrams)
        guard socket >= 0 else {
            hit(.openNoDescriptor)
            messages.books.failedOpens += 1
            return socket
        }
        row(socket)?.pointee.number = messages.sockets.count
        note("descriptor \(socket) is flow \(messages.sockets.count) of pair \(destination.plan)")
        messages.sockets.append(
            DatagramSocket(
                descriptor: socket, pair: destination.plan, isListener: false, isUnix: isUnix,
                destination: DatagramSocket.Destination(address: address, mood: destination.mood),
                errors: DatagramSocket.Errors(areKept: reportsErrors && !isUnix), receiver: receiver
            ))
        createScript(ofFlow: messages.sockets.count - 1)
        return socket
    }

    func closeDatagrams(_ it: SimulatedSocket) {
        let number = it.number
        if messages.sockets[number].isListener { listeners[messages.sockets[number].pair] = -1 }
        checkWait(number)
        checkAnswered(number)
        settleOwed(number)
        if !messages.sockets[number].isListener { flowWent(number) }
        messages.sockets[number].descriptor = -1
        messages.sockets[number].queue = []
        wakeSenders(number)
    }

    // MARK: Receiving

    func checkReceive(_ number: Int, isUnix: Bool, isListener: Bool) {
        let socket = messages.sockets[number]
        if isUnix != socket.isUnix || isListener != socket.isListener {
            violate("flow \(number) is received from as something that it is not")
        }
    }

    func armDatagrams(_ socket: Int32) {
        guard let row = row(socket) else { return }
        checkTaken(row.pointee.number)
        row.pointee.receive.isArmed = true
        guard !random.chance(faults.spurious) else {
            hit(.datagramSpurious)
            return end(&row.pointee.receive, socket, -random.pick([EINTR, EAGAIN, ECANCELED]))
        }
        tryReceiveDatagrams(socket)
    }

    func tryReceiveDatagrams(_ socket: Int32) {
        guard let row = row(socket) else { return }
        let number = row.pointee.number
        while row.pointee.receive.isArmed {
            if messages.sockets[number].errors.isPending {
                hit(.datagramRefusedReceive)
                return end(&row.pointee.receive, socket, tellRefusal(number))
            }
            guard !messages.sockets[number].queue.isEmpty else { return }
            guard let (block, slot) = takeBlock(.datagram) else {
                hit(.datagramNoBlock)
                return end(&row.pointee.receive, socket, -ENOBUFS)
            }
            checkFree(block)
            checkWait(number)
            let datagram = messages.sockets[number].queue.removeFirst()
            wakeSenders(number)
            let bytes = write(datagram, from: number, to: block)
            var flags: Completion.Flags = .more
            if messages.random.chance(faults.earlyEnd) {
                hit(bytes == 0 ? .datagramEndedEmpty : .datagramEndedEarly)
                flags = []
            }
            let token = row.pointee.receive.token
            emit(
                &row.pointee.receive, socket,
                Completion(token: token, result: Int32(bytes), flags: flags, block: block),
                slot: slot)
        }
    }

    /// Lays a block out as the kernel would. Returns the address of the payload.
    private func write(
        _ datagram: SimulatedDatagram, from number: Int, to block: BlockID
    ) -> Int {
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair) else { return 0 }
        let client = datagram.client >= 0 ? messages.clients[datagram.client] : nil
        let sender = client?.number ?? number
        let payload = pool.address(block) + Int(PELMENI_DATAGRAM_PAYLOAD)
        var facts = pelmeni_datagram_facts()
        var bytes = 0
        for index in 0..<datagram.count {
            let identity = MessageContent.identity(
                salt: world.salt, pair: socket.pair, isResponse: client == nil, sender: sender,
                sequence: datagram.sequence + index)
            var length = MessageContent.length(identity, plan)
            if let message = scriptMessage(datagram, from: number) {
                length = message.count
                (payload + bytes).copyMemory(from: message, byteCount: length)
            } else {
                MessageContent.fill(payload + bytes, identity: identity, length: length, plan)
            }
            if datagram.count > 1, index == 0 { facts.segment = UInt32(length) }
            bytes += length
        }
        if datagram.count > 1 { hit(.datagramTrain) }
        if bytes == 0 { hit(.datagramEmpty) }
        if datagram.count == 1, messages.random.chance(faults.datagramCut) {
            hit(.datagramCut)
            facts.is_cut = 1
        }
        if socket.isUnix, messages.random.chance(faults.datagramCut) {
            hit(.descriptorsPassed)
            facts.has_descriptors = 1
        }
        if plan.tellsLocal, let client { facts.local = Self.local(client.number) }
        var name = client?.name ?? world.address(socket.pair, upstream: 0, address: 0)
        // The kernel reports the family of a nameless sender, or nothing.
        let isTold = name.length > 0 || world.postsBlocks
        if name.length == 0 { name.storage.ss_family = sa_family_t(AF_UNIX) }
        pelmeni_datagram_write(
            pool.address(block), socket.isUnix ? 1 : 0, &name.storage,
            name.length > 0 ? name.length : isTold ? 2 : 0, UInt32(bytes), &facts)
        return bytes
    }

    /// The engine's address that a client sends to.
    static func local(_ client: Int) -> pelmeni_local {
        var local = pelmeni_local()
        local.family = 4
        local.interface = 1
        local.address.0 = 10
        local.address.3 = UInt8(1 + client % 2)
        return local
    }

    func handOutDatagram(_ row: UnsafeMutablePointer<SimulatedSocket>, _ it: SimulatedCompletion) {
        let completion = it.completion
        if !completion.more { row.pointee.receive.isInFlight = false }
        if it.slot >= 0, datagram.handedOut(it.slot) != completion.block {
            violate("slot \(it.slot) holds another block")
        }
        let number = row.pointee.number
        let isUnwanted = row.pointee.receive.isUnwanted
        if Self.isRefusal(completion.result), !isUnwanted {
            noteError(number)
            messages.books.refusalsLeast += 1
            messages.books.refusalsMost += 1
        }
        guard !completion.block.isNone else { return }
        let isUnix = messages.sockets[number].isUnix
        let facts = pelmeni_datagram_read(pool.address(completion.block), isUnix ? 1 : 0)
        let segment = Int(facts.segment)
        let count =
            segment == 0 ? 1 : max(1, (Int(completion.result) + segment - 1) / segment)
        guard !isUnwanted else {
            hit(.lateDatagram)
            messages.books.late += 1
            messages.books.lateMost += count
            return
        }
        messages.books.received += count
        if facts.has_descriptors != 0 { messages.books.withDescriptors += 1 }
        if facts.is_cut != 0 {
            messages.books.cut += 1
        } else {
            took(number, count, length: Int(completion.result), segment: segment)
        }
    }

    /// The engine got whole messages of a socket.
    private func took(_ number: Int, _ count: Int, length: Int, segment: Int) {
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair) else { return }
        if plan.kind != .datagrams {
            for index in 0..<count {
                let part = segment == 0 ? length : min(segment, length - index * segment)
                tookFrame(part, plan)
            }
        }
        guard !socket.isListener else { return }
        noteActive(number)
        messages.sockets[number].responses += count
        messages.answerHandedAt = messages.handed
        if socket.client == -1 {
            hit(.namelessAnswer)
            messages.books.nameless += count
        }
        // The number of messages that wait for a Unix upstream is unknown here.
        guard plan.kind == .datagrams, plan.responses != 0, !socket.isUnix,
            countsHooked
        else { return }
        if messages.sockets[number].responses
            >= messages.sockets[number].requests * Int(plan.responses)
        {
            messages.owesEnd = number
        }
    }

    /// Whether each request that was sent is one that the engine counts: not where a message waits
    /// for a hook or a driver, or where one without a block may have found none.
    private var countsHooked: Bool {
        world.drivers.isEmpty && chaos.later == nil && chaos.books.pointee.withoutBlock == 0
    }

    /// The engine got a datagram that becomes a frame of a stream.
    private func tookFrame(_ length: Int, _ plan: SimulatedMessagePlan) {
        switch plan.framing {
        // Neither framing can express this message.
        case .octetCount where length == 0, .syslog where length == 0: messages.books.oversize += 1
        case .fixed(let size) where length != size:
            hit(.misfit)
            messages.books.oversize += 1
            messages.books.misfits += 1
        case .raw where length == 0, .eof where length == 0: messages.books.oversize += 1
        default: break
        }
    }

    /// The user has cancelled an operation: its further bytes are for no session.
    func calledOff(_ target: Token) {
        guard Int(target.index) < slotCount else { return violate("a cancel beyond the table") }
        let socket = slots[Int(target.index)]
        let index = Int(socket - Self.firstDescriptor)
        guard index >= 0, index < freshSocket, sockets[index].receive.token == target else {
            return
        }
        sockets[index].receive.isUnwanted = true
        switch sockets[index].kind {
        case .datagrams:
            checkSilence(sockets[index].number)
            checkAnswered(sockets[index].number)
            settleOwed(sockets[index].number)
        default: break
        }
    }

    /// A session that ends on an answer has had all of its answers.
    func checkAnswered(_ number: Int) {
        let socket = messages.sockets[number]
        guard !socket.isListener, stoppedAt == nil, !world.hooksEndSessions,
            countsHooked,
            messages.lastHanded == socket.descriptor,
            let plan = world.messagePlan(socket.pair), plan.kind == .datagrams,
            plan.responses != 0, messages.owesEnd != number, socket.responses > 0,
            messages.answerHandedAt == messages.handed,
            !socket.isUnix || socket.responses < socket.requests * Int(plan.responses)
        else { return }
        violate(
            "flow \(number) ends after \(socket.responses) answers to \(socket.requests) messages")
    }

    private func settleOwed(_ number: Int) {
        guard messages.owesEnd == number else { return }
        hit(.sessionAnswered)
        messages.owesEnd = nil
    }

    /// The last completion should have ended a session.
    func checkOwed() {
        guard let number = messages.owesEnd else { return }
        messages.owesEnd = nil
        // The leg no longer receives: it closes once its last send has ended.
        let index = Int(messages.sockets[number].descriptor - Self.firstDescriptor)
        if !sockets[index].receive.isInFlight, sockets[index].datagramsInFlight > 0 { return }
        violate("flow \(number) has all its answers and does not end")
    }
}
