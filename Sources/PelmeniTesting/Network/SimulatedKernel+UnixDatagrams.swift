internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Unix datagram sockets: they lose nothing, a full queue makes its senders wait, and a closed
// socket does not return.
extension SimulatedKernel {
    func createReceiver(_ pair: Int) -> Int {
        messages.receivers.append(UnixReceiver(pair: pair))
        return messages.receivers.count - 1
    }

    /// Whether one of the proxy's sockets takes another datagram.
    func hasRoom(_ socket: Int32, _ plan: SimulatedMessagePlan) -> Bool {
        guard let number = openDatagrams(socket) else { return true }
        return messages.sockets[number].queue.count < plan.socketBuffer
    }

    /// The row behind a descriptor that may be closed.
    private func openDatagrams(_ socket: Int32) -> Int? {
        let index = Int(socket - Self.firstDescriptor)
        guard socket >= 0, index < freshSocket, sockets[index].kind == .datagrams else {
            return nil
        }
        return sockets[index].number
    }

    /// A client waits for room, as a Unix socket's sender does.
    func wait(_ client: Int, _ socket: Int32) {
        guard let number = openDatagrams(socket) else { return }
        hit(.unixListenerFull)
        messages.sockets[number].waitingClients.append(client)
    }

    /// The engine took a datagram out of a socket's queue, or closed the socket: waiting senders
    /// may continue.
    func wakeSenders(_ number: Int) {
        let socket = messages.sockets[number]
        for client in socket.waitingClients {
            events.add(.datagramClient, at: soon(), number: client)
        }
        messages.sockets[number].waitingClients = []
        guard socket.waitingAnswers > 0 else { return }
        events.add(
            .datagramAnswer, at: soon(), number: number, detail: socket.waitingAnswers)
        messages.sockets[number].waitingAnswers = 0
    }

    // MARK: Connecting

    /// The queue behind an upstream's address, or -errno.
    func receiver(_ address: SocketAddress, _ destination: SimulatedDestination) -> Int {
        guard let plan = world.messagePlan(destination.plan) else { return -Int(EBADF) }
        let isRefused = clock >= plan.refusesFrom && clock < plan.refusesUntil
        guard destination.mood != .refuses, !isRefused else {
            hit(.unixRefused)
            return -Int(messages.random.pick([ECONNREFUSED, ENOENT]))
        }
        let key = Self.key(address)
        if let row = messages.receiversByAddress[key], !messages.receivers[row].isGone {
            return row
        }
        let row = createReceiver(destination.plan)
        messages.receivers[row].isAsleep = destination.mood == .silent
        messages.receiversByAddress[key] = row
        return row
    }

    // MARK: Sending

    /// The result of a datagram that the engine sends over a Unix socket; a taken one joins its
    /// receiver's queue.
    func unixOutcome(_ send: DatagramSend, _ number: Int) -> Int32 {
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair) else { return -EBADF }
        if send.segment > 0 { violate("a train on a Unix socket") }
        if messages.random.chance(faults.datagramInterrupted), send.outgoing.pointee.retries < 4 {
            hit(.datagramInterrupted)
            return -EINTR
        }
        if messages.random.chance(faults.datagramFull) {
            hit(.unixNoMemory)
            return -ENOBUFS
        }
        let receiver = socket.isListener ? named(send) : socket.receiver
        guard receiver >= 0 else {
            violate("an answer to a client that pair \(socket.pair) does not have")
            return -ENOENT
        }
        guard !messages.receivers[receiver].isGone else {
            hit(socket.isListener ? .unixClientGone : .unixUpstreamGone)
            return socket.isListener
                ? -messages.random.pick([ECONNREFUSED, ENOENT]) : -ECONNREFUSED
        }
        guard messages.receivers[receiver].waiting < plan.peerBuffer else {
            hit(socket.isListener ? .unixClientFull : .unixUpstreamFull)
            return -EAGAIN
        }
        messages.receivers[receiver].waiting += 1
        readSoon(receiver, plan)
        return Int32(send.length)
    }

    /// The queue of the client that an answer names, or -1.
    private func named(_ send: DatagramSend) -> Int {
        guard let name = send.outgoing.pointee.message.message.msg_name,
            let client = messages.clientsByName[SimulatedMessages.key(name)]
        else { return -1 }
        return messages.clients[client].receiver
    }

    private func readSoon(_ receiver: Int, _ plan: SimulatedMessagePlan) {
        guard !messages.receivers[receiver].isReading, !messages.receivers[receiver].isAsleep else {
            return
        }
        messages.receivers[receiver].isReading = true
        events.add(
            .receiverReads, at: clock + 1 + UInt64(messages.random.below(plan.readGap)),
            number: receiver)
    }

    func receiverReads(_ receiver: Int) {
        messages.receivers[receiver].isReading = false
        guard !messages.receivers[receiver].isGone,
            let plan = world.messagePlan(messages.receivers[receiver].pair)
        else { return }
        messages.receivers[receiver].waiting -= 1
        wakeWaiters(receiver)
        if messages.receivers[receiver].waiting > 0 { readSoon(receiver, plan) }
    }

    /// Closes a socket with the datagrams in its queue, and wakes the senders that wait for room
    /// there.
    func receiverGoes(_ receiver: Int) {
        messages.receivers[receiver].isGone = true
        wakeWaiters(receiver)
    }

    func receiversGo(_ pair: Int) {
        for receiver in Set(messages.receiversByAddress.values).sorted()
        where messages.receivers[receiver].pair == pair && !messages.receivers[receiver].isGone {
            receiverGoes(receiver)
        }
    }

    // MARK: Waiting for room

    /// One free place wakes all waiting senders.
    private func wakeWaiters(_ receiver: Int) {
        let waiters = messages.receivers[receiver].waiters
        messages.receivers[receiver].waiters = []
        for number in waiters { endWait(number, Int32(POLLOUT)) }
    }

    private func endWait(_ number: Int, _ result: Int32) {
        guard let token = messages.sockets[number].room,
            let row = row(messages.sockets[number].descriptor)
        else { return }
        messages.sockets[number].room = nil
        complete(
            SimulatedCompletion(
                completion: Completion(token: token, result: result),
                socket: messages.sockets[number].descriptor, kind: .sendDatagrams, slot: -1,
                isOfRoom: true),
            after: &row.pointee.departedAt)
    }

    func awaitWritable(_ socket: Int32, _ token: Token) {
        guard let row = datagrams(socket) else { return }
        let number = row.pointee.number
        let receiver = messages.sockets[number].receiver
        guard receiver >= 0, messages.sockets[number].room == nil else {
            return violate("flow \(number) waits for room that it has no need of, or twice")
        }
        guard messages.sends[token.index] == nil else {
            return violate("row \(token.index) waits for room and is on its way")
        }
        hit(.roomAwaited)
        row.pointee.datagramsInFlight += 1
        messages.sockets[number].room = token
        messages.receivers[receiver].waiters.append(number)
        let plan = world.messagePlan(messages.sockets[number].pair)
        let isFull = messages.receivers[receiver].waiting >= plan?.peerBuffer ?? 1
        guard isFull, !messages.receivers[receiver].isGone else { return wakeWaiters(receiver) }
        // Sometimes reported without room.
        if messages.random.chance(faults.spurious) {
            hit(.roomSpurious)
            messages.receivers[receiver].waiters.removeAll { $0 == number }
            endWait(number, Int32(POLLOUT))
        }
    }

    func cancelWritable(_ target: Token, slot: UInt32) {
        guard Int(slot) < slotCount, let number = openDatagrams(slots[Int(slot)]),
            messages.sockets[number].room == target
        else { return hit(.roomCancelMissed) }
        hit(.roomCancelled)
        messages.receivers[messages.sockets[number].receiver].waiters.removeAll { $0 == number }
        endWait(number, -ECANCELED)
    }

    // MARK: Names

    /// The name of a Unix client: a path or an abstract name, with six bytes that identify it; or
    /// none.
    static func unixName(_ pair: Int, _ number: Int, hasName: Bool) -> SocketAddress {
        guard hasName else { return SocketAddress() }
        let digits = String(10_000 + number).dropFirst()
        guard var name = SocketAddress(path: "/\(pair)\(digits)") else { return SocketAddress() }
        guard number % 2 == 1 else { return name }
        withUnsafeMutableBytes(of: &name.storage) { $0[2] = 0 }
        name.length -= 1
        return name
    }
}
