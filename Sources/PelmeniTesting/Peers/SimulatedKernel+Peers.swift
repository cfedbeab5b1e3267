internal import Glibc
internal import PelmeniCore

// The peers' scripts: each peer carries out its side of a plan, step by step.
extension SimulatedKernel {
    static func name(_ peer: SimulatedPeer) -> String {
        "\(peer.isClient ? "client" : "upstream") \(peer.number) of plan \(peer.plan)"
    }

    static func key(_ address: SocketAddress) -> UInt32 {
        // An IPv4 address, or the four letters of a path: the two never look alike.
        let offset = address.family == AF_UNIX ? 2 : 4
        return withUnsafeBytes(of: address.storage) {
            UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }

    /// Creates listeners, destinations and clients, and the events at set times.
    func populate() {
        for (plan, it) in world.plans.enumerated() {
            populateListener(plan)
            for number in 0..<it.sessions {
                let peer = createPeer(plan: plan, number: number, isClient: true)
                clientRows[plan].append(peer)
                events.add(
                    .clientComes, at: time + UInt64(random.below(world.arrival)), number: peer)
            }
        }
        for pair in world.plans.count..<world.pairs { populateMessages(pair) }
        populateScripts()
        if world.healsAt != .max { events.add(.heal, at: world.healsAt, number: 0) }
        if world.drainsAt != .max { events.add(.drain, at: world.drainsAt, number: 0) }
        if world.stopsAt != .max { events.add(.stop, at: world.stopsAt, number: 0) }
    }

    /// A pair's listening socket and its upstreams' addresses.
    func populateListener(_ pair: Int) {
        let isDatagrams = world.messagePlan(pair)?.listensForDatagrams ?? false
        let listener = allocate(isDatagrams ? .datagrams : .listener)
        listeners.append(listener)
        row(listener)?.pointee.number = pair
        for (upstream, moods) in world.destinations(pair).enumerated() {
            for (address, mood) in moods.enumerated() {
                let name = world.address(pair, upstream: upstream, address: address)
                destinations[Self.key(name)] = SimulatedDestination(
                    plan: pair, mood: mood, address: address)
            }
        }
    }

    func createPeer(plan: Int, number: Int, isClient: Bool) -> Int {
        guard peerCount < peersMax else {
            violate("more connects than there are upstreams to try")
            return 0
        }
        var peer = SimulatedPeer(
            plan: plan, number: number, isClient: isClient,
            identity: FlowContent.identity(
                salt: world.salt, fromClient: isClient, plan: UInt8(plan), number: UInt32(number)),
            reader: FlowReader(salt: world.salt, fromClient: !isClient, plan: UInt8(plan)))
        // Each connection has its own buffer sizes.
        peer.incoming.sendCapacity = random.between(world.sendBuffer / 2, world.sendBuffer)
        peer.incoming.receiveCapacity = random.between(
            world.receiveBuffer / 2, world.receiveBuffer)
        peer.outgoing.sendCapacity = random.between(world.sendBuffer / 2, world.sendBuffer)
        peer.outgoing.receiveCapacity = random.between(
            world.receiveBuffer / 2, world.receiveBuffer)
        (peers + peerCount).initialize(to: peer)
        peerCount += 1
        openPeers += 1
        if !world.chaos.isEmpty { expectChaos(peerCount - 1) }
        return peerCount - 1
    }

    private func open(_ number: Int) {
        let peer = peers + number
        peer.pointee.state = .open
        if peer.pointee.plan < world.plans.count {
            switch world.plans[peer.pointee.plan].reading(client: peer.pointee.isClient) {
            case .prompt, .byteEach: break
            case .late(let wait): peer.pointee.readsFrom = time + wait
            case .never: peer.pointee.readsFrom = .max
            }
        } else if let plan = world.messagePlan(peer.pointee.plan), plan.kind == .framedStreams {
            peer.pointee.readsFrom = time + UInt64(messages.random.below(plan.readGap))
        }
        wake(number)
    }

    func clientComes(_ number: Int) {
        let peer = peers + number
        let plan = peer.pointee.plan
        guard !isRefused(number) else { return }
        guard backlogs[plan].count < world.backlog else {
            hit(.backlogFull)
            return events.add(.clientComes, at: time + 1_000_000_000, number: number)
        }
        note("\(Self.name(peer.pointee)) connects")
        backlogs[plan].append(number)
        open(number)
        tryAccept(listeners[plan])
    }

    func createUpstream(plan: Int, socket: Int32) {
        let number = createPeer(plan: plan, number: upstreamRows[plan].count, isClient: false)
        upstreamRows[plan].append(number)
        adopt(socket, number)
        if plan >= world.plans.count { createStream(number) }
        open(number)
    }

    /// Schedules a step of the peer.
    func wake(_ number: Int) {
        guard peers[number].state == .open, !peers[number].isAwake else { return }
        peers[number].isAwake = true
        events.add(.step, at: soon(), number: number)
    }

    func step(_ number: Int) {
        let peer = peers + number
        peer.pointee.isAwake = false
        guard peer.pointee.state == .open else { return }
        read(number)
        write(number)
        guard peer.pointee.state == .open else { return }
        if peer.pointee.seenEnd == .clean, peer.pointee.sentEnd, mayFinish(number) {
            finish(number)
        }
    }

    private func read(_ number: Int) {
        let peer = peers + number
        if peer.pointee.readsFrom > time {
            if peer.pointee.readsFrom == .max {
                if peer.pointee.outgoing.endArrived { peer.pointee.seenEnd = .clean }
            } else if !peer.pointee.isAwake {
                peer.pointee.isAwake = true
                events.add(.step, at: peer.pointee.readsFrom, number: number)
            }
            return
        }
        let unread = peer.pointee.outgoing.unread
        if unread > 0 {
            let bytes = bytesToRead(number, of: unread)
            peer.pointee.outgoing.read += bytes
            move(outgoing: number)
            if peer.pointee.outgoing.unread > 0 { wake(number) }
        }
        if peer.pointee.outgoing.endArrived, peer.pointee.outgoing.unread == 0,
            peer.pointee.seenEnd == .none
        {
            note(
                "\(Self.name(peer.pointee)) sees the end after \(peer.pointee.outgoing.read) bytes")
            peer.pointee.seenEnd = .clean
        }
    }

    private func bytesToRead(_ number: Int, of unread: Int) -> Int {
        let peer = peers + number
        if peer.pointee.plan < world.plans.count,
            case .byteEach(let time) =
                world.plans[peer.pointee.plan].reading(client: peer.pointee.isClient)
        {
            peer.pointee.readsFrom = self.time + time
            return 1
        }
        return random.chance(0xc000) ? unread : random.between(1, unread)
    }

    private func write(_ number: Int) {
        let peer = peers + number
        guard peer.pointee.stream < 0 else { return writeMessages(number) }
        guard !writeScript(number) else { return }
        let plan = world.plans[peer.pointee.plan]
        let isClient = peer.pointee.isClient
        guard
            plan.speaksFirst(client: isClient) || peer.pointee.outgoing.arrived > 0
                || peer.pointee.seenEnd != .none
        else { return }
        let total = plan.bytes(fromClient: isClient)
        let left = total - peer.pointee.sent
        let bytes = min(left, plan.chunk, peer.pointee.incoming.sendRoom)
        if bytes > 0 {
            peer.pointee.incoming.written += bytes
            peer.pointee.sent += bytes
            move(incoming: number)
        }
        guard peer.pointee.sent == total else {
            if peer.pointee.incoming.sendRoom > 0 { wake(number) }
            return
        }
        if plan.resets(client: isClient) {
            // At once, or a little later.
            guard random.chance(0x8000) else { return wake(number) }
            return resetByPeer(number)
        }
        guard !peer.pointee.sentEnd,
            plan.ends(client: isClient, sawEnd: peer.pointee.seenEnd == .clean)
        else { return }
        note("\(Self.name(peer.pointee)) ends its stream after \(total) bytes")
        peer.pointee.sentEnd = true
        peer.pointee.incoming.endWritten = true
        move(incoming: number)
    }

    /// The peer has finished.
    func finish(_ number: Int) {
        guard peers[number].state != .ended else { return }
        peers[number].state = .ended
        let isWaiting = peers[number].stream >= 0 && !peers[number].isClient
        leave(isWaitingUpstream: isWaiting || awaitsRunEnd(number))
    }

    /// Counts a finished peer; with the last one, the worker is asked to drain.
    func leave(isWaitingUpstream: Bool) {
        openPeers -= 1
        if isWaitingUpstream { messages.waitingUpstreams -= 1 }
        drainWhenOver()
    }

    func drainWhenOver() {
        if openPeers == messages.waitingUpstreams, !isDraining {
            isDraining = true
            events.add(.drain, at: soon(), number: 0)
            stopScripts()
        }
    }

    /// The unfinished peers, for a run that does not end.
    func unendedText() -> String {
        var names: [String] = []
        for number in 0..<peerCount where peers[number].state != .ended {
            let it = peers[number]
            names.append(
                "\(Self.name(it)) sent \(it.sent), got \(it.outgoing.arrived), saw \(it.seenEnd)")
        }
        for client in messages.clients where !client.hasEnded {
            names.append("client of datagrams \(client.number) of pair \(client.pair)")
        }
        if names.isEmpty { return "every flow has ended, the worker has not" }
        return "\(names.count) ends are left: " + names.prefix(3).joined(separator: "; ")
    }

    /// Whether a pair's driver may have closed an upstream's connection before a byte crossed it.
    private func isLeft(_ peer: SimulatedPeer) -> Bool {
        guard !world.drivers.isEmpty, world.drivers[peer.plan]?.ofPair?.mayPark == true
        else { return false }
        return peer.outgoing.arrived == 0
    }

    /// The results of every end.
    func results() -> [FlowResult] {
        var results: [FlowResult] = []
        results.reserveCapacity(peerCount)
        for number in 0..<peerCount where peers[number].stream < 0 {
            let peer = peers[number]
            var it = FlowResult(isClient: peer.isClient, plan: peer.plan, number: peer.number)
            it.sent = peer.sent
            it.sentEnd = peer.sentEnd
            it.received = peer.outgoing.arrived
            it.end = peer.seenEnd
            it.sender = peer.reader.sender
            it.wrongAt = peer.reader.wrongAt
            it.isAbandoned = !peer.isClient && (!peer.wasRead || isLeft(peer))
            it.deliverable = peer.deliverable
            if !world.chaos.isEmpty { noteChaos(number, in: &it) }
            results.append(it)
        }
        return results
    }
}
