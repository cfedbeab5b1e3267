internal import Glibc
internal import PelmeniCore

// Peers that are programs. Their bytes pass the same pipes as those of all other peers.
extension SimulatedKernel {
    // MARK: Streams

    /// A client or an upstream's connection gets its program. False in worlds without.
    func createPlay(_ peer: Int) -> Bool {
        guard let programs = messages.plays?.programs else { return false }
        let it = peers[peer]
        let program = it.isClient ? programs.client(it.number) : programs.upstream(it.number)
        let play = StreamPlay(program)
        // Sessions of datagrams, and so their connections, may last until the stop.
        play.awaitsRunEnd = !it.isClient && world.messages[0].listensForDatagrams
        if play.awaitsRunEnd { messages.waitingUpstreams += 1 }
        messages.plays?.streams[peer] = play
        return true
    }

    func takePlay(_ peer: Int, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        guard let play = messages.plays?.streams[peer] else { return false }
        play.came += UnsafeRawBufferPointer(start: bytes, count: count)
        return true
    }

    func copyPlay(
        _ peer: Int, at position: Int, to target: UnsafeMutableRawPointer, _ count: Int
    ) -> Bool {
        guard let play = messages.plays?.streams[peer] else { return false }
        play.sent.withUnsafeBytes {
            guard let base = $0.baseAddress else { return }
            memcpy(target, base + position, count)
        }
        return true
    }

    /// A peer acts and writes. True for one that is a program.
    func writePlay(_ peer: Int) -> Bool {
        guard messages.plays?.streams[peer] != nil else { return false }
        act(peer)
        var hasMoved = true
        while hasMoved, violation == nil, peers[peer].state == .open {
            hasMoved = push(peer)
            if hasMoved { act(peer) }
        }
        return true
    }

    /// A peer's connection is gone.
    func playWent(_ peer: Int) {
        guard messages.plays?.streams[peer] != nil else { return }
        // All bytes in its kernel are read at once.
        peers[peer].outgoing.read = peers[peer].outgoing.arrived
        act(peer)
    }

    private func act(_ number: Int) {
        guard violation == nil, let play = messages.plays?.streams[number] else { return }
        let peer = peers[number]
        let most = max(play.taken, min(play.came.count, peer.outgoing.read))
        var stage = StreamStage(
            now: clock, came: Array(play.came[play.taken..<most]), end: peer.seenEnd,
            sent: peer.sent, arrived: peer.incoming.arrived,
            unsent: play.sent.count - peer.sent)
        play.taken = most
        play.program.act(&stage)
        if let text = stage.note { note("\(Self.name(peer)): \(text)") }
        if let fault = stage.fault { return violate("\(Self.name(peer)): \(fault)") }
        if !play.ends, !play.resets { play.sent += stage.output }
        if stage.ends { play.ends = true }
        if stage.resets { play.resets = true }
        if stage.readsFrom > clock {
            peers[number].readsFrom = stage.readsFrom
            events.add(.step, at: stage.readsFrom, number: number)
        }
        // Each wait has one event, however often the program is called meanwhile.
        if stage.wakesAt > clock, stage.wakesAt != play.wakesAt {
            play.wakesAt = stage.wakesAt
            events.add(.step, at: stage.wakesAt, number: number)
        }
    }

    /// Writes waiting bytes, and ends behind them. False when there is nothing to do, or no room.
    private func push(_ number: Int) -> Bool {
        let peer = peers + number
        guard let play = messages.plays?.streams[number], !peer.pointee.sentEnd else {
            return false
        }
        let left = play.sent.count - peer.pointee.sent
        guard left > 0 else {
            if play.resets {
                resetByPeer(number)
            } else if play.ends {
                note("\(Self.name(peer.pointee)) ends its stream after \(peer.pointee.sent) bytes")
                peer.pointee.sentEnd = true
                peer.pointee.incoming.endWritten = true
                move(incoming: number)
            }
            return false
        }
        var bytes = min(left, peer.pointee.incoming.sendRoom)
        let isPart = bytes > 1 && !writesAtOnce(number) && random.chance(0x8000)
        if isPart {
            bytes = random.between(1, bytes)
            wake(number)
        }
        guard bytes > 0 else { return false }
        peer.pointee.incoming.written += bytes
        peer.pointee.sent += bytes
        move(incoming: number)
        return !isPart
    }

    func writesAtOnce(_ peer: Int) -> Bool {
        guard let book = messages.plays, book.streams[peer] != nil else { return false }
        return book.programs.writesAtOnce
    }

    func playAwaitsRunEnd(_ peer: Int) -> Bool {
        messages.plays?.streams[peer]?.awaitsRunEnd ?? false
    }

    // MARK: Datagrams

    func createPlay(ofClient row: Int, _ number: Int) {
        guard let programs = messages.plays?.programs else { return }
        messages.plays?.clients[row] = MessagePlay(programs.messageClient(number))
    }

    func createPlay(ofFlow number: Int) {
        guard let programs = messages.plays?.programs else { return }
        openPeers += 1
        messages.plays?.flows[number] = MessagePlay(programs.messageUpstream(number))
    }

    func playMessage(_ datagram: SimulatedDatagram, from socket: Int) -> [UInt8]? {
        let play =
            datagram.client >= 0
            ? messages.plays?.clients[datagram.client] : messages.plays?.flows[socket]
        return play?.sent[datagram.sequence]
    }

    func takePlay(ofClient row: Int, _ bytes: UnsafeRawPointer, _ length: Int) -> Bool {
        guard let play = messages.plays?.clients[row] else { return false }
        play.came.append(
            Array(UnsafeRawBufferPointer(start: bytes, count: length)))
        events.add(.datagramClient, at: soon(), number: row)
        return true
    }

    func takePlay(ofFlow number: Int, _ bytes: UnsafeRawPointer, _ length: Int) -> Bool {
        guard let play = messages.plays?.flows[number] else { return false }
        play.came.append(
            Array(UnsafeRawBufferPointer(start: bytes, count: length)))
        events.add(.datagramAnswer, at: soon(), number: number)
        return true
    }

    /// A client of datagrams acts. True for one that is a program.
    func stepPlay(ofClient row: Int) -> Bool {
        guard let play = messages.plays?.clients[row] else { return false }
        var stage = MessageStage(now: clock, came: play.came, isGone: false)
        play.came = []
        play.program.act(&stage)
        if let text = stage.note { note("client of datagrams \(row): \(text)") }
        if let fault = stage.fault { violate("client of datagrams \(row): \(fault)") }
        for message in stage.output {
            play.sent.append(message)
            let sequence = play.sent.count - 1
            arriveAtProxy(
                SimulatedDatagram(client: row, sequence: sequence, count: 1, arrivedAt: clock),
                listeners[messages.clients[row].pair])
        }
        if stage.wakesAt > clock {
            events.add(.datagramClient, at: stage.wakesAt, number: row)
        }
        if stage.isOver, !play.isOver {
            play.isOver = true
            messages.clients[row].hasEnded = true
            leave(isWaitingUpstream: false)
        }
        return true
    }

    /// An upstream of datagrams acts. True for one that is a program.
    func stepPlay(ofFlow number: Int, isGone: Bool = false) -> Bool {
        guard let play = messages.plays?.flows[number] else { return false }
        guard !play.isOver else { return true }
        var stage = MessageStage(now: clock, came: play.came, isGone: isGone)
        play.came = []
        play.program.act(&stage)
        if let fault = stage.fault { violate("flow \(number): \(fault)") }
        for message in stage.output {
            play.sent.append(message)
            let sequence = play.sent.count - 1
            guard messages.sockets[number].descriptor >= 0 else { continue }
            arriveAtProxy(
                SimulatedDatagram(client: -1, sequence: sequence, count: 1, arrivedAt: clock),
                messages.sockets[number].descriptor)
        }
        if stage.wakesAt > clock { events.add(.datagramAnswer, at: stage.wakesAt, number: number) }
        return true
    }

    /// The engine closed its socket towards an upstream.
    func playFlowWent(_ number: Int) {
        guard let play = messages.plays?.flows[number] else { return }
        _ = stepPlay(ofFlow: number, isGone: true)
        play.isOver = true
        leave(isWaitingUpstream: false)
    }
}
