internal import Glibc
internal import PelmeniCore

// Splicing: bytes from one connection to another without the engine's blocks.
extension SimulatedKernel {
    func awaitReadable(_ socket: Int32, _ token: Token) {
        guard let row = stream(socket) else { return }
        guard begin(&row.pointee.receive, socket, token) else { return }
        peers[row.pointee.number].wasRead = true
        if isUnixStream(row.pointee.number) { violate("a Unix stream is spliced") }
        if peers[row.pointee.number].stream >= 0 { violate("a stream of messages is spliced") }
    }

    func tryAwaitBytes(_ socket: Int32) {
        guard let row = row(socket), row.pointee.receive.isArmed else { return }
        let peer = peers[row.pointee.number]
        let isThere =
            peer.incoming.unread > 0 || peer.incoming.endArrived || peer.resetArrived
        // Sometimes reported without bytes or room.
        if !isThere { if random.chance(faults.spurious) { hit(.spuriousResult) } else { return } }
        end(&row.pointee.receive, socket, 1)
    }

    func awaitStreamRoom(_ socket: Int32, _ token: Token) {
        guard let row = stream(socket) else { return }
        hit(.pipeWaited)
        _ = begin(&row.pointee.send, socket, token)
    }

    func tryAwaitRoom(_ socket: Int32) {
        guard let row = row(socket), row.pointee.send.isArmed else { return }
        let peer = peers[row.pointee.number]
        guard peer.outgoing.sendRoom > 0 || peer.resetArrived || random.chance(faults.spurious)
        else { return }
        end(&row.pointee.send, socket, 4)
    }

    // MARK: Pipes

    func openPipe(bytes: Int) -> SplicePipe {
        let refused = random.chance(faults.noPipe)
        let fill = refused ? -EMFILE : allocate(.pipe)
        guard fill >= 0 else {
            hit(.pipeRefused)
            return SplicePipe(fill: fill, drain: -1)
        }
        let drain = allocate(.pipe)
        guard drain >= 0 else {
            _ = free(fill)
            hit(.pipeRefused)
            return SplicePipe(fill: drain, drain: -1)
        }
        for end in [fill, drain] { row(end)?.pointee.number = splices.count }
        var it = SimulatedSplice()
        // The kernel counts pages: small pieces fill a pipe early.
        it.capacity = random.between(1, 2 * bytes)
        splices.append(it)
        return SplicePipe(fill: fill, drain: drain)
    }

    func closePipe(_ pipe: SplicePipe) {
        if let row = row(pipe.fill) { splices[row.pointee.number].isOpen = false }
        for end in [pipe.fill, pipe.drain] {
            guard let it = free(end) else { return }
            if it.kind != .pipe { violate("descriptor \(end) is closed as a pipe") }
        }
    }

    // MARK: The call

    func splice(
        from: Int32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        var result = SpliceResult()
        guard let ends = row(pipe.fill), ends.pointee.kind == .pipe, let out = stream(to) else {
            violate("a splice by way of \(pipe.fill), which is no pipe")
            return result
        }
        let splice = ends.pointee.number
        if !splices[splice].isOpen || splices[splice].count != inside {
            violate("a pipe holds \(splices[splice].count) bytes, and not \(inside)")
        }
        if out.pointee.send.isInFlight { violate("a splice to \(to) beside a send") }
        drain(splice, to, out, &result)
        guard from >= 0, let source = stream(from) else { return result }
        if source.pointee.receive.isInFlight { violate("a splice from \(from) beside a receive") }
        while splices[splice].count == 0, result.sendError == 0, result.received < most,
            violation == nil, fill(splice, from, source, most - result.received, &result)
        {
            drain(splice, to, out, &result)
        }
        if splices[splice].count > 0 { hit(.pipeLeftFull) }
        return result
    }

    /// Fills an empty pipe. False when no byte came.
    private func fill(
        _ splice: Int, _ socket: Int32, _ row: UnsafeMutablePointer<SimulatedSocket>, _ most: Int,
        _ result: inout SpliceResult
    ) -> Bool {
        let peer = peers + row.pointee.number
        guard peer.pointee.incoming.unread > 0 else {
            if peer.pointee.resetArrived {
                result.isEnded = !peer.pointee.errorPending
                result.receiveError = peer.pointee.errorPending ? -ECONNRESET : 0
                peer.pointee.errorPending = false
            } else if peer.pointee.incoming.endArrived {
                result.isEnded = true
            } else {
                result.receiveError = -EAGAIN
            }
            return false
        }
        // An urgent byte is next.
        guard !random.chance(faults.spurious) else {
            hit(.pipeAtMark)
            result.receiveError = -EAGAIN
            result.needsReceive = true
            return false
        }
        var bytes = min(peer.pointee.incoming.unread, most, splices[splice].capacity)
        if random.chance(faults.shortReceive) { bytes = random.between(1, bytes) }
        hit(.spliced)
        splices[splice].identity = peer.pointee.identity
        splices[splice].source = row.pointee.number
        splices[splice].position = peer.pointee.incoming.read
        splices[splice].count = bytes
        peer.pointee.incoming.read += bytes
        result.received += bytes
        move(incoming: row.pointee.number)
        if isCutByPlan(row.pointee.number) { wake(row.pointee.number) }
        return true
    }

    /// Sends the bytes of a pipe, as far as there is room.
    private func drain(
        _ splice: Int, _ socket: Int32, _ row: UnsafeMutablePointer<SimulatedSocket>,
        _ result: inout SpliceResult
    ) {
        guard splices[splice].count > 0 else { return }
        let peer = peers + row.pointee.number
        if peer.pointee.outgoing.endWritten {
            violate("a splice to descriptor \(socket) after its own end")
        }
        guard !peer.pointee.resetArrived else {
            hit(.resetFoundBySend)
            result.sendError = peer.pointee.errorPending ? -ECONNRESET : -EPIPE
            peer.pointee.errorPending = false
            return
        }
        var bytes = min(peer.pointee.outgoing.sendRoom, splices[splice].count)
        if bytes > 0, random.chance(faults.shortSend) { bytes = random.between(1, bytes) }
        if bytes > 0 { pass(splice, peer, bytes) }
        result.sent += bytes
        move(outgoing: row.pointee.number)
        if splices[splice].count > 0 { result.sendError = -EAGAIN }
    }

    /// Passes bytes of a pipe to a peer, which verifies them.
    private func pass(
        _ splice: Int, _ peer: UnsafeMutablePointer<SimulatedPeer>, _ bytes: Int
    ) {
        withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 8) {
            guard let memory = $0.baseAddress else { return }
            let it = splices[splice]
            if copyScript(it.source, at: it.position, to: memory, bytes) {
                _ = takeScript(peer - peers, memory, bytes)
                return
            }
            FlowContent.fill(
                memory, identity: splices[splice].identity, position: splices[splice].position,
                count: bytes)
            verify(peer - peers, memory, bytes)
            if isChaos(peer - peers) { hit(.hookRelinked) }
        }
        splices[splice].position += bytes
        splices[splice].count -= bytes
        peer.pointee.outgoing.written += bytes
        if let wrong = peer.pointee.reader.wrongAt {
            violate("\(Self.name(peer.pointee)) is sent a wrong byte at \(wrong)")
        }
    }
}
