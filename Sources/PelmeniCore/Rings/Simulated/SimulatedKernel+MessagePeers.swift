internal import Glibc

// The ends of pairs with datagrams on a side: what they send, and when.
extension SimulatedKernel {
    /// A pair's listener, upstreams and clients.
    func populateMessages(_ pair: Int) {
        guard let plan = world.messagePlan(pair) else { return }
        populateListener(pair)
        if plan.listensForDatagrams {
            row(listeners[pair])?.pointee.number = messages.sockets.count
            messages.sockets.append(
                DatagramSocket(descriptor: listeners[pair], pair: pair, isListener: true))
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
            // Some differ by their port alone.
            let name = SocketAddress(
                v4: 0xc0a8_0000 | UInt32(pair) << 8 | UInt32(number / 2),
                port: UInt16(2000 + number % 2))
            var client = DatagramClient(pair: pair, number: number, name: name)
            if plan.silence > 0 { client.silentAt = messages.random.below(plan.messages) }
            withUnsafeBytes(of: name.storage) {
                guard let base = $0.baseAddress else { return }
                messages.clientsByName[SimulatedMessages.key(base)] = messages.clients.count
            }
            openPeers += 1
            events.add(.datagramClient, at: at, number: messages.clients.count)
            messages.clients.append(client)
        }
    }

    // MARK: Clients of datagrams

    func datagramClient(_ row: Int) {
        let client = messages.clients[row]
        guard let plan = world.messagePlan(client.pair), !client.hasEnded else { return }
        guard client.sent < plan.messages else {
            messages.clients[row].hasEnded = true
            return leave(isWaitingUpstream: false)
        }
        var left = min(plan.messages - client.sent, messages.random.between(1, plan.burst))
        while left > 0 {
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

    /// How many messages from this one on go as one train; mostly one by itself.
    private func train(
        _ plan: SimulatedMessagePlan, at sequence: Int, most: Int, _ row: Int
    ) -> Int {
        let place = sequence & (MessageContent.group - 1)
        guard place < MessageContent.trainPlaces - 1, messages.random.chance(plan.trains) else {
            return 1
        }
        let identity = MessageContent.identity(
            salt: world.salt, pair: messages.clients[row].pair, isAnswer: false,
            sender: messages.clients[row].number, sequence: sequence)
        let fitting = 65_507 / MessageContent.length(identity, plan)
        return max(1, min(most, fitting, MessageContent.trainPlaces - place))
    }

    /// A datagram comes to one of the proxy's sockets, unless that is closed or full.
    private func arriveAtProxy(_ datagram: SimulatedDatagram, _ socket: Int32) {
        let index = Int(socket - Self.firstDescriptor)
        guard socket >= 0, sockets[index].kind == .datagrams else { return }
        guard !messages.random.chance(faults.datagramLost) else { return }
        let number = sockets[index].number
        guard let plan = world.messagePlan(messages.sockets[number].pair) else { return }
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
        let socket = messages.sockets[number]
        guard socket.descriptor >= 0, let plan = world.messagePlan(socket.pair) else { return }
        var left = count
        while left > 0, messages.sockets[number].descriptor >= 0 {
            let sequence = messages.sockets[number].answers
            let place = sequence & (MessageContent.group - 1)
            var together = 1
            if place < MessageContent.trainPlaces - 1, messages.random.chance(plan.trains) {
                let identity = MessageContent.identity(
                    salt: world.salt, pair: socket.pair, isAnswer: true, sender: number,
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

    /// The network says that nobody took an earlier datagram.
    func refused(_ number: Int) {
        guard messages.sockets[number].descriptor >= 0 else { return }
        messages.sockets[number].isRefused = true
        tryReceiveDatagrams(messages.sockets[number].descriptor)
    }

    // MARK: Streams of messages

    func createStream(_ number: Int) {
        let peer = peers + number
        guard let plan = world.messagePlan(peer.pointee.plan) else { return }
        peer.pointee.stream = messages.streams.count
        messages.streams.append(
            MessageStream(
                pair: peer.pointee.plan, number: peer.pointee.number,
                isClient: peer.pointee.isClient, framing: plan.framing))
        guard peer.pointee.isClient else {
            messages.waitingUpstreams += 1
            return
        }
        for _ in 0..<plan.messages { appendMessage(peer.pointee.stream, plan) }
        switch plan.clientEnd {
        case .cutShort: messages.streams[peer.pointee.stream].spoil(cutting: true)
        case .badFrame: messages.streams[peer.pointee.stream].spoil(cutting: false)
        case .atOnce, .never, .resets: break
        }
    }

    func writeMessages(_ number: Int) {
        let peer = peers + number
        guard let plan = world.messagePlan(peer.pointee.plan), !peer.pointee.sentEnd else { return }
        let left = messages.streams[peer.pointee.stream].bytes.count - peer.pointee.sent
        var bytes = min(left, peer.pointee.incoming.sendRoom)
        if bytes > 1, messages.random.chance(0x8000) { bytes = messages.random.between(1, bytes) }
        if bytes > 0 {
            peer.pointee.incoming.written += bytes
            peer.pointee.sent += bytes
            move(incoming: number)
        }
        guard bytes == left else {
            guard peer.pointee.incoming.sendRoom > 0, !peer.pointee.isAwake else { return }
            peer.pointee.isAwake = true
            return events.add(
                .step, at: soon() + UInt64(messages.random.below(plan.gap)), number: number)
        }
        var ends = peer.pointee.seenEnd == .clean
        var resets = false
        if peer.pointee.isClient {
            ends = ends || plan.clientEnd == .atOnce || plan.clientEnd == .cutShort
            resets = plan.clientEnd == .resets
        } else if plan.upstreamStopsAfter > 0,
            messages.streams[peer.pointee.stream].ends.count >= plan.upstreamStopsAfter
        {
            ends = true
            resets = plan.upstreamResets
        }
        guard !resets else { return resetByPeer(number) }
        guard ends else { return }
        note("\(Self.name(peer.pointee)) ends its stream of messages")
        peer.pointee.sentEnd = true
        peer.pointee.incoming.endWritten = true
        move(incoming: number)
    }

    /// The bytes that a peer sends next, into a block of the engine's.
    func copyMessages(_ peer: SimulatedPeer, to block: UnsafeMutableRawPointer, _ count: Int) {
        messages.streams[peer.stream].bytes.withUnsafeBytes {
            guard let base = $0.baseAddress else { return }
            memcpy(block, base + peer.incoming.read, count)
        }
    }

    // MARK: What the engine does with streams

    func handOutMessages(
        _ row: UnsafeMutablePointer<SimulatedSocket>, _ completion: Completion
    ) {
        guard row.pointee.kind == .stream, completion.result > 0 else { return }
        let peer = peers[row.pointee.number]
        guard peer.stream >= 0, let plan = world.messagePlan(peer.plan) else { return }
        let first = messages.streams[peer.stream].framesHanded
        messages.streams[peer.stream].hand(Int(completion.result))
        let frames = messages.streams[peer.stream].lastFrames
        guard !row.pointee.receive.isUnwanted else {
            return messages.streams[peer.stream].forgetLast()
        }
        messages.books.received += frames
        let sizes = peer.isClient ? plan.sizes : plan.answerSizes
        if sizes.contains(where: { $0 > 65_507 }) {
            // Only these may be too long, and not each of them was looked at.
            messages.books.oversize += messages.streams[peer.stream].framesHanded - first + 1
        }
    }

    /// The engine closes a stream, perhaps in the middle of what it was just handed.
    func leaveUnlooked(_ number: Int, _ socket: Int32) {
        let peer = peers[number]
        guard peer.stream >= 0, messages.lastHanded == socket else { return }
        messages.books.unlooked += messages.streams[peer.stream].lastFrames
        messages.streams[peer.stream].forgetLast()
    }

    /// An end in order does not come in the middle of a message.
    func checkFrames(_ number: Int) {
        let peer = peers[number]
        guard peer.stream >= 0, messages.streams[peer.stream].isMidFrame else { return }
        violate("\(Self.name(peer)) is sent an end in order in the middle of a message")
    }

    /// Of the pieces of a send.
    func checksum(_ row: UnsafeMutablePointer<SimulatedSocket>, _ socket: Int32) -> UInt64 {
        let pieces = slices + Int(socket - Self.firstDescriptor) * Self.piecesMax
        var sum: UInt64 = 0
        for index in 0..<row.pointee.send.pieces {
            let at = pool.address(pieces[index].block) + Int(pieces[index].offset)
            sum = DatagramSend.checksum(at, Int(pieces[index].length), sum)
        }
        return sum
    }
}
