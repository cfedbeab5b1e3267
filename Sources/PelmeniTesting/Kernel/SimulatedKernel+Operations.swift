internal import Glibc
internal import PelmeniCore

// The ring's operations: their arming and their ends.
extension SimulatedKernel {
    @inline(__always)
    func row(_ socket: Int32) -> UnsafeMutablePointer<SimulatedSocket>? {
        let index = Int(socket - Self.firstDescriptor)
        guard index >= 0, index < freshSocket, sockets[index].kind != .closed else {
            violate("descriptor \(socket) is used, but closed")
            return nil
        }
        return sockets + index
    }

    /// Marks an operation as begun; false when one of its kind is in flight already.
    func begin(
        _ operation: inout SimulatedOperation, _ socket: Int32, _ token: Token,
        address: UnsafePointer<SocketAddress>? = nil
    ) -> Bool {
        let kind = token.kind
        guard !operation.isInFlight else {
            violate("two operations \(kind) are in flight on descriptor \(socket)")
            return false
        }
        guard Int(token.index) < slotCount else {
            violate("slot \(token.index) is beyond the table")
            return false
        }
        serial += 1
        let last = operation.lastAt
        operation = SimulatedOperation()
        operation.lastAt = last
        operation.token = token
        operation.isInFlight = true
        operation.serial = serial
        slots[Int(token.index)] = socket
        staged.append(
            SimulatedRequest(kind: kind, socket: socket, token: token, address: address))
        return true
    }

    func perform(_ request: SimulatedRequest) {
        note("\(request.kind) of \(request.socket)")
        switch request.kind {
        case .cancel: cancel(request.token)
        case .wake: signalIfAsked()
        case .accept:
            guard let row = row(request.socket) else { return }
            row.pointee.accept.isArmed = true
            tryAccept(request.socket)
        case .connect: connect(request)
        case .receive:
            guard let row = row(request.socket) else { return }
            row.pointee.receive.isArmed = true
            guard !random.chance(faults.spurious) else {
                hit(.spuriousResult)
                let error = random.pick([EINTR, EAGAIN, ECANCELED])
                return end(&row.pointee.receive, request.socket, -error)
            }
            tryReceive(request.socket)
        case .send:
            guard let row = row(request.socket) else { return }
            row.pointee.send.isArmed = true
            guard !random.chance(faults.spurious) else {
                hit(.spuriousResult)
                return end(&row.pointee.send, request.socket, -random.pick([EINTR, EAGAIN]))
            }
            trySend(request.socket)
        case .awaitReadable:
            row(request.socket)?.pointee.receive.isArmed = true
            tryAwaitBytes(request.socket)
        case .awaitWritable:
            row(request.socket)?.pointee.send.isArmed = true
            tryAwaitRoom(request.socket)
        case .receiveDatagrams: armDatagrams(request.socket)
        case .sendDatagrams: sendDatagrams(request.token)
        case .unused: violate("an operation of no kind")
        }
    }

    /// An operation's last completion.
    func end(_ operation: inout SimulatedOperation, _ socket: Int32, _ result: Int32) {
        emit(&operation, socket, Completion(token: operation.token, result: result))
    }

    func emit(
        _ operation: inout SimulatedOperation, _ socket: Int32, _ completion: Completion,
        slot: Int = -1
    ) {
        if !completion.more { operation.isArmed = false }
        operation.unseen += 1
        complete(
            SimulatedCompletion(
                completion: completion, socket: socket,
                kind: completion.token.kind, slot: slot),
            after: &operation.lastAt)
    }

    /// The completion leaves the ring: from here on its user may act on it.
    func handOut(_ it: SimulatedCompletion) {
        if it.kind == .wake { return }
        guard let row = row(it.socket) else { return }
        let isLast = !it.completion.more
        switch it.kind {
        case .accept: if isLast { row.pointee.accept.isInFlight = false }
        case .connect: row.pointee.connect.isInFlight = false
        case .receive:
            row.pointee.receive.unseen -= 1
            if isLast { row.pointee.receive.isInFlight = false }
            handOutMessages(row, it.completion)
            if it.completion.flags.contains(.descriptors) { messages.books.withDescriptors += 1 }
            guard it.slot >= 0 else { return }
            let isBulk = it.slot >= small.blocks.capacity
            let block =
                isBulk
                ? bulk.handedOut(it.slot - small.blocks.capacity) : small.handedOut(it.slot)
            if block != it.completion.block { violate("slot \(it.slot) holds another block") }
        case .send:
            row.pointee.send.isInFlight = false
            checkSent(it.socket, row)
        case .awaitReadable: row.pointee.receive.isInFlight = false
        case .awaitWritable: row.pointee.send.isInFlight = false
        case .receiveDatagrams: handOutDatagram(row, it)
        case .sendDatagrams:
            guard !it.isOfRoom else {
                row.pointee.datagramsInFlight -= 1
                return
            }
            handOutSent(row, it.completion)
        case .unused, .wake, .cancel: break
        }
    }

    // MARK: Accepting and connecting

    func tryAccept(_ socket: Int32) {
        guard let row = row(socket) else { return }
        let plan = row.pointee.number
        while row.pointee.accept.isArmed, !backlogs[plan].isEmpty {
            if random.chance(faults.acceptAbort) {
                hit(.acceptAborted)
                abort(backlogs[plan].removeFirst())
                return end(&row.pointee.accept, socket, -ECONNABORTED)
            }
            let accepted = allocate(.stream)
            guard accepted >= 0 else {
                hit(.acceptNoDescriptor)
                return end(&row.pointee.accept, socket, accepted)
            }
            adopt(accepted, backlogs[plan].removeFirst())
            let more = row.pointee.accept.isMultishot && !random.chance(faults.earlyEnd)
            if row.pointee.accept.isMultishot, !more { hit(.multishotEndedEarly) }
            emit(
                &row.pointee.accept, socket,
                Completion(
                    token: row.pointee.accept.token, result: accepted, flags: more ? .more : []))
        }
    }

    private func connect(_ request: SimulatedRequest) {
        guard let row = row(request.socket), let address = request.address else { return }
        row.pointee.connect.isArmed = true
        row.pointee.isUnsettled = address.pointee.family == AF_UNIX
        let key = Self.key(address.pointee)
        guard let destination = destinations[key] else {
            return violate("a connect to \(address.pointee), which does not exist")
        }
        if destination.address > 0 { hit(.connectSecondAddress) }
        let error = outcome(destination, isUnix: row.pointee.isUnsettled)
        guard let error else { return hit(.connectSilent) }
        let at = error == ETIMEDOUT ? time + 2_000_000_000 : soon()
        events.add(
            .connectEnds, at: at, number: Int(request.socket),
            detail: destination.plan << 16 | Int(error), serial: row.pointee.connect.serial)
    }

    /// Stands for the errno of a connect that reaches its own socket.
    private static var connectsToItself: Int32 { 0xffff }

    /// The errno of a connect, 0 when it is accepted, nil when it is never answered.
    private func outcome(_ destination: SimulatedDestination, isUnix: Bool) -> Int32? {
        switch destination.mood {
        case .refuses:
            // A Unix socket has no port that it could be given.
            let isItself = !isUnix && random.chance(0x0400)
            return isItself ? Self.connectsToItself : ECONNREFUSED
        case .late: return time < SimulatedDestination.lateUntil ? ECONNREFUSED : 0
        case .unreachable: return EHOSTUNREACH
        case .timesOut: return ETIMEDOUT
        case .silent: return nil
        case .busy: return random.chance(0xb000) ? EAGAIN : 0
        case .accepts:
            if random.chance(faults.connectRefuse) { return ECONNREFUSED }
            if random.chance(faults.connectUnreachable) { return EHOSTUNREACH }
            if random.chance(faults.connectTimeout) { return ETIMEDOUT }
            if random.chance(faults.connectSilent) { return nil }
            return 0
        }
    }

    func connectEnds(_ event: SimulatedEvent) {
        let socket = Int32(event.number)
        let index = event.number - Int(Self.firstDescriptor)
        // Cancelled meanwhile, and the descriptor may be another socket's by now.
        guard index < freshSocket, sockets[index].connect.isArmed,
            sockets[index].connect.serial == event.serial
        else { return }
        var error = Int32(event.detail & 0xffff)
        switch error {
        case Self.connectsToItself:
            hit(.connectItself)
            note("descriptor \(socket) is connected to itself")
            sockets[index].reachesItself = true
            error = 0
        case 0: createUpstream(plan: event.detail >> 16, socket: socket)
        case ECONNREFUSED: hit(.connectRefused)
        case ETIMEDOUT: hit(.connectTimedOut)
        case EAGAIN: hit(.connectBusy)
        default: hit(.connectUnreachable)
        }
        end(&sockets[index].connect, socket, -error)
    }

    // MARK: Cancelling

    func cancel(_ target: Token) {
        guard random.chance(faults.cancelLost) else { return cancelNow(target) }
        events.add(
            .cancel, at: soon(), number: 0,
            detail: Int(truncatingIfNeeded: target.rawValue))
    }

    func cancelNow(_ target: Token) {
        let socket = slots[Int(target.index)]
        let index = Int(socket - Self.firstDescriptor)
        guard index >= 0, index < freshSocket, sockets[index].kind != .closed else {
            return cancelMissed(target)
        }
        let row = sockets + index
        switch target.kind {
        case .accept: cancelNow(target, &row.pointee.accept, socket)
        case .connect: cancelNow(target, &row.pointee.connect, socket)
        case .receive, .receiveDatagrams, .awaitReadable:
            cancelNow(target, &row.pointee.receive, socket)
        case .send, .awaitWritable:
            cancelNow(target, &row.pointee.send, socket)
        case .unused, .wake, .cancel, .sendDatagrams:
            violate("a cancel of nothing that can be cancelled")
        }
    }

    private func cancelNow(
        _ target: Token, _ operation: inout SimulatedOperation, _ socket: Int32
    ) {
        guard operation.isArmed, operation.token == target else { return cancelMissed(target) }
        hit(.cancelled)
        // A send that waits for all its bytes reports how many were sent.
        if operation.done > 0 { hit(.cancelledSendPartial) }
        let result = operation.done > 0 ? Int32(operation.done) : -ECANCELED
        end(&operation, socket, result)
    }

    /// The target completed first. io_uring reports that in a completion of the cancel's own.
    private func cancelMissed(_ target: Token) {
        hit(.cancelLost)
        if world.postsBlocks, random.chance(0x8000) {
            stray(Completion(token: target.with(.cancel), result: -ENOENT))
        }
    }

    // MARK: Waking

    func ask(_ answer: UInt32) {
        requested.pointee |= answer
        wakeUp.isSignalled = true
        signalIfAsked()
    }

    func signalIfAsked() {
        guard wakeUp.isSignalled, let token = wakeUp.token else { return }
        wakeUp = SimulatedWakeUp()
        var last: UInt64 = 0
        complete(
            SimulatedCompletion(
                completion: Completion(token: token, result: 8), socket: -1, kind: .wake,
                slot: -1),
            after: &last)
    }
}
