internal import Glibc
internal import PelmeniCore

// The ends of pairs with datagrams on a side: their messages and the messages' times.
extension SimulatedKernel {
    /// A pair's listener, upstreams and clients.
    func populateMessages(_ pair: Int) {
        guard let plan = world.messagePlan(pair) else { return }
        populateListener(pair)
        if plan.listensForDatagrams {
            row(listeners[pair])?.pointee.number = messages.sockets.count
            messages.sockets.append(
                DatagramSocket(
                    descriptor: listeners[pair], pair: pair, isListener: true,
                    isUnix: plan.listensOnUnix))
        }
        if plan.forwardsToUnix, plan.refusesFrom != .max {
            events.add(.receiversGo, at: plan.refusesFrom, number: pair)
        }
        messages.firstClients[pair] = messages.clients.count
        for number in 0..<plan.clients {
            let at = time + UInt64(messages.random.below(world.arrival))
            guard plan.listensForDatagrams else {
                let peer = createPeer(plan: pair, number: number, isClient: true)
                clientRows[pair].append(peer)
                createStream(peer)
                events.add(.clientComes, at: at, number: peer)
                continue
            }
            createDatagramClient(pair, number, plan)
            events.add(.datagramClient, at: at, number: messages.clients.count - 1)
        }
    }

    private func createDatagramClient(_ pair: Int, _ number: Int, _ plan: SimulatedMessagePlan) {
        let name =
            plan.listensOnUnix
            ? Self.unixName(pair, number, hasName: !plan.isNameless(number))
            // Some clients differ in their port alone.
            : SocketAddress(
                v4: 0xc0a8_0000 | UInt32(pair) << 8 | UInt32(number / 2),
                port: UInt16(2000 + number % 2))
        var client = DatagramClient(pair: pair, number: number, name: name)
        if plan.silence > 0 { client.silentAt = messages.random.below(plan.messages) }
        if plan.listensOnUnix { client.receiver = createReceiver(pair) }
        if name.length > 0 {
            withUnsafeBytes(of: name.storage) {
                guard let base = $0.baseAddress else { return }
                messages.clientsByName[SimulatedMessages.key(base)] = messages.clients.count
            }
        }
        openPeers += 1
        messages.clients.append(client)
        createScript(ofClient: messages.clients.count - 1, number)
    }

    // MARK: Clients of datagrams

    func datagramClient(_ row: Int) {
        guard !stepScript(ofClient: row) else { return }
        let client = messages.clients[row]
        guard let plan = world.messagePlan(client.pair), !client.hasEnded else { return }
        guard client.sent < plan.messages else {
            if plan.turn > 0, client.got < plan.messages * plan.answers { return }
            messages.clients[row].hasEnded = true
            if plan.clientsLeave, client.receiver >= 0 { receiverGoes(client.receiver) }
            return leave(isWaitingUpstream: false)
        }
        var left = min(plan.messages - client.sent, messages.random.between(1, plan.burst))
        if plan.turn > 0 {
            left = allowed(plan, got: client.got) - client.sent
            guard left > 0 else { return }
        }
        while left > 0 {
            guard !plan.listensOnUnix || hasRoom(listeners[client.pair], plan) else {
                return wait(row, listeners[client.pair])
            }
            let count = train(plan, at: messages.clients[row].sent, most: left, row)
            let datagram = SimulatedDatagram(
                client: row, sequence: messages.clients[row].sent, count: count,
                arrivedAt: clock)
            messages.clients[row].sent += count
            left -= count
            arriveAtProxy(datagram, listeners[client.pair])
        }
        var wait = UInt64(messages.random.between(1, plan.gap))
        if client.silentAt >= 0, messages.clients[row].sent > client.silentAt {
            messages.clients[row].silentAt = -1
            wait += plan.silence
        }
        events.add(.datagramClient, at: clock + wait, number: row)
    }

    /// The messages that an end may send so far: it waits for the answers to each turn.
    func allowed(_ plan: SimulatedMessagePlan, got: Int) -> Int {
        guard plan.turn > 0 else { return plan.messages }
        let turns = 1 + got / max(1, plan.turn * plan.answers)
        return min(plan.messages, turns * plan.turn)
    }

    /// The number of messages in the train that begins here; mostly 1.
    private func train(
        _ plan: SimulatedMessagePlan, at sequence: Int, most: Int, _ row: Int
    ) -> Int {
        let place = sequence & (MessageContent.group - 1)
        guard !plan.listensOnUnix, place < MessageContent.trainPlaces - 1,
            messages.random.chance(plan.trains)
        else { return 1 }
        let identity = MessageContent.identity(
            salt: world.salt, pair: messages.clients[row].pair, isResponse: false,
            sender: messages.clients[row].number, sequence: sequence)
        let fitting = 65_507 / MessageContent.length(identity, plan)
        return max(1, min(most, fitting, MessageContent.trainPlaces - place))
    }

    /// Delivers a datagram to one of the proxy's sockets, unless the socket is closed or full.
    func arriveAtProxy(_ datagram: SimulatedDatagram, _ socket: Int32) {
        let index = Int(socket - Self.firstDescriptor)
        guard socket >= 0, sockets[index].kind == .datagrams else { return }
        let number = sockets[index].number
        guard messages.sockets[number].isUnix || !messages.random.chance(faults.datagramLost),
            let plan = world.messagePlan(messages.sockets[number].pair)
        else { return }
        checkWait(number)
        guard messages.sockets[number].queue.count < plan.socketBuffer else {
            return hit(.datagramOverflow)
        }
        messages.sockets[number].queue.append(datagram)
        tryReceiveDatagrams(socket)
    }

    // MARK: Upstreams of datagrams

    /// Sends answers, one by one or as a train.
    func answer(_ number: Int, _ count: Int) {
        guard !stepScript(ofFlow: number) else { return }
        let socket = messages.sockets[number]
        guard socket.descriptor >= 0, let plan = world.messagePlan(socket.pair) else { return }
        var left = count
        while left > 0, messages.sockets[number].descriptor >= 0 {
            guard !socket.isUnix || hasRoom(socket.descriptor, plan) else {
                hit(.unixAnswerFull)
                messages.sockets[number].waitingAnswers += left
                return
            }
            let sequence = messages.sockets[number].answers
            let place = sequence & (MessageContent.group - 1)
            var together = 1
            if !socket.isUnix, place < MessageContent.trainPlaces - 1,
                messages.random.chance(plan.trains)
            {
                let identity = MessageContent.identity(
                    salt: world.salt, pair: socket.pair, isResponse: true, sender: number,
                    sequence: sequence)
                let fitting = 65_507 / MessageContent.length(identity, plan)
                together = max(1, min(left, fitting, MessageContent.trainPlaces - place))
            }
            messages.sockets[number].answers += together
            left -= together
            arriveAtProxy(
                SimulatedDatagram(
                    client: -1, sequence: sequence, count: together, arrivedAt: clock),
                socket.descriptor)
        }
    }

    /// The network reports that no socket took an earlier datagram.
    func refused(_ number: Int) {
        guard messages.sockets[number].descriptor >= 0 else { return }
        messages.sockets[number].errors.isPending = true
        tryReceiveDatagrams(messages.sockets[number].descriptor)
    }
}
