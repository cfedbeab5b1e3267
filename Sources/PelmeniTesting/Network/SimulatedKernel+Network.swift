internal import Glibc
internal import PelmeniCore

// The network: the bytes between a peer and the proxy's sockets, and their times.
extension SimulatedKernel {
    func happen(_ event: SimulatedEvent) {
        switch event.kind {
        case .incoming: moveIncoming(event.number)
        case .outgoing: moveOutgoing(event.number)
        case .step: step(event.number)
        case .clientComes: clientComes(event.number)
        case .datagramClient: datagramClient(event.number)
        case .datagramAnswer: answer(event.number, event.detail)
        case .datagramRefused: refused(event.number)
        case .receiverReads: receiverReads(event.number)
        case .receiversGo: receiversGo(event.number)
        case .resetAtProxy: resetAtProxy(event.number)
        case .resetAtPeer: resetAtPeer(event.number)
        case .connectEnds: connectEnds(event)
        case .completion: release(held: event.number)
        case .retryReceive: retryReceive(event)
        case .cancel: cancelNow(Token(rawValue: UInt64(truncatingIfNeeded: event.detail)))
        case .scriptWaits: scriptWaits(event)
        case .heal: faults.heal()
        case .hookAnswers: hookAnswers(event.number)
        case .drain:
            note("drain")
            ask(1)
        case .stop:
            note("stop")
            isDraining = true
            stoppedAt = clock
            ask(3)
        }
    }

    /// Moves bytes or an end that wait to come to the proxy.
    func move(incoming number: Int) {
        let pipe = peers[number].incoming
        guard !pipe.isMoving else { return }
        let hasBytes = pipe.transit > 0 && pipe.receiveRoom > 0
        guard hasBytes || (pipe.transit == 0 && pipe.endWritten && !pipe.endArrived) else { return }
        peers[number].incoming.isMoving = true
        events.add(.incoming, at: soon(), number: number)
    }

    func move(outgoing number: Int) {
        let pipe = peers[number].outgoing
        guard !pipe.isMoving else { return }
        let hasBytes = pipe.transit > 0 && pipe.receiveRoom > 0
        guard hasBytes || (pipe.transit == 0 && pipe.endWritten && !pipe.endArrived) else { return }
        peers[number].outgoing.isMoving = true
        events.add(.outgoing, at: soon(), number: number)
    }

    /// How many of the bytes in flight come at once.
    private func segment(_ pipe: SimulatedPipe) -> Int {
        let most = min(pipe.transit, pipe.receiveRoom)
        return random.chance(0x8000) ? most : random.between(min(1, most), most)
    }

    private func moveIncoming(_ number: Int) {
        let peer = peers + number
        peer.pointee.incoming.isMoving = false
        guard !peer.pointee.resetArrived else { return }
        let bytes =
            isCutByPlan(number)
            ? min(peer.pointee.incoming.transit, peer.pointee.incoming.receiveRoom)
            : segment(peer.pointee.incoming)
        peer.pointee.incoming.arrived += bytes
        if peer.pointee.incoming.transit == 0, peer.pointee.incoming.endWritten {
            peer.pointee.incoming.endArrived = true
        }
        if peer.pointee.proxyClosed {
            // The peer is gone and takes no bytes.
            if bytes > 0, !peer.pointee.hasReset { abort(number) }
            return
        }
        move(incoming: number)
        wake(number)
        if peer.pointee.socket >= 0 { tryReceive(peer.pointee.socket) }
    }

    private func moveOutgoing(_ number: Int) {
        let peer = peers + number
        peer.pointee.outgoing.isMoving = false
        guard peer.pointee.state == .open else { return }
        let bytes = segment(peer.pointee.outgoing)
        peer.pointee.outgoing.arrived += bytes
        if bytes > 0 { peer.pointee.outgoing.arrivedAt = clock }
        if peer.pointee.outgoing.transit == 0, peer.pointee.outgoing.endWritten {
            peer.pointee.outgoing.endArrived = true
        }
        move(outgoing: number)
        wake(number)
        if peer.pointee.socket >= 0 { trySend(peer.pointee.socket) }
    }

    // MARK: Resets

    /// The proxy's side is gone without an end in order: the peer gets a reset, and may lose bytes
    /// before it.
    func abort(_ number: Int) {
        let peer = peers + number
        let transit = peer.pointee.outgoing.transit
        if transit > 0, random.chance(0x8000) {
            hit(.resetDestroyedBytes)
            peer.pointee.outgoing.written -= random.between(0, transit)
        }
        peer.pointee.outgoing.endWritten = peer.pointee.outgoing.endArrived
        events.add(.resetAtPeer, at: soon(), number: number)
    }

    private func resetAtPeer(_ number: Int) {
        let peer = peers + number
        guard peer.pointee.state == .open else { return }
        note("\(Self.name(peer.pointee)) is reset")
        if peer.pointee.seenEnd == .none { peer.pointee.seenEnd = .reset }
        connectionWent(number)
        finish(number)
    }

    /// A peer resets: its unsent bytes are lost, and possibly more.
    func resetByPeer(_ number: Int) {
        let peer = peers + number
        note("\(Self.name(peer.pointee)) resets after \(peer.pointee.sent) bytes")
        hit(peer.pointee.isClient ? .resetByClient : .resetByUpstream)
        peer.pointee.hasReset = true
        peer.pointee.seenEnd = .reset
        let transit = peer.pointee.incoming.transit
        if transit > 0, random.chance(0x8000) {
            hit(.resetDestroyedBytes)
            peer.pointee.incoming.written -= random.between(0, transit)
        }
        events.add(.resetAtProxy, at: soon(), number: number)
        finish(number)
    }

    private func resetAtProxy(_ number: Int) {
        let peer = peers + number
        guard !peer.pointee.proxyClosed else { return }
        if peer.pointee.incoming.transit > 0, peer.pointee.incoming.receiveRoom > 0 {
            move(incoming: number)
            return events.add(.resetAtProxy, at: soon(), number: number)
        }
        peer.pointee.incoming.written = peer.pointee.incoming.arrived
        peer.pointee.deliverable = peer.pointee.incoming.arrived
        peer.pointee.resetArrived = true
        peer.pointee.errorPending = true
        peer.pointee.outgoing.written = peer.pointee.outgoing.arrived
        let socket = peer.pointee.socket
        note("reset of \(Self.name(peer.pointee)) comes to \(socket)")
        guard socket >= 0, let row = row(socket) else { return }
        if !row.pointee.receive.isArmed { hit(.resetUnread) }
        // The first call to ask gets the error.
        if random.chance(0x8000) {
            tryReceive(socket)
            trySend(socket)
        } else {
            trySend(socket)
            tryReceive(socket)
        }
    }

    // MARK: Descriptors

    /// The lowest free descriptor, as in a kernel: numbers are reused at once.
    func allocate(_ kind: SimulatedSocket.Kind) -> Int32 {
        guard openDescriptors < min(faults.descriptorLimit, Self.descriptorsMax) else {
            return -EMFILE
        }
        var index = lowestFree
        while index < freshSocket, sockets[index].kind != .closed { index += 1 }
        if index == freshSocket {
            freshSocket += 1
            (sockets + index).initialize(to: SimulatedSocket())
        } else {
            sockets[index] = SimulatedSocket()
        }
        lowestFree = index + 1
        sockets[index].kind = kind
        openDescriptors += 1
        return Int32(index) + Self.firstDescriptor
    }

    /// Checks a close against the rules, and frees the descriptor. The row before the close, or
    /// nil.
    func free(_ socket: Int32) -> SimulatedSocket? {
        guard let row = row(socket) else { return nil }
        let it = row.pointee
        if it.hasOperations { violate("descriptor \(socket) is closed with operations in flight") }
        if it.isAttached { violate("descriptor \(socket) is closed while it is attached") }
        for token in [it.receive.token, it.connect.token] where token.rawValue != 0 {
            if retired.count < 16 {
                retired.append(token)
            } else {
                retired[random.below(16)] = token
            }
            break
        }
        row.pointee.kind = .closed
        openDescriptors -= 1
        lowestFree = min(lowestFree, Int(socket - Self.firstDescriptor))
        return it
    }

    /// Gives a descriptor its connection.
    func adopt(_ socket: Int32, _ number: Int) {
        guard let row = row(socket) else { return }
        row.pointee.kind = .stream
        row.pointee.number = number
        peers[number].socket = socket
        note("descriptor \(socket) is \(Self.name(peers[number]))")
    }
}
