internal import Glibc
internal import PelmeniCore

// Streams of messages: the bytes and ends of their peers, and the bytes handed to the engine.
extension SimulatedKernel {
    func createStream(_ number: Int) {
        let peer = peers + number
        guard !createScript(number), let plan = world.messagePlan(peer.pointee.plan) else { return }
        peer.pointee.stream = messages.streams.count
        messages.streams.append(
            MessageStream(
                pair: peer.pointee.plan, number: peer.pointee.number,
                isClient: peer.pointee.isClient, plan: plan))
        guard peer.pointee.isClient else {
            messages.waitingUpstreams += 1
            return
        }
        for _ in 0..<plan.messages { appendMessage(peer.pointee.stream, plan) }
        spoil(peer.pointee.stream, plan.clientEnd)
    }

    func spoil(_ row: Int, _ end: StreamEnd) {
        switch end {
        case .cutShort: messages.streams[row].spoil(cutting: true)
        case .badFrame: messages.streams[row].spoil(cutting: false)
        case .atOnce, .never, .resets: break
        }
    }

    /// Whether a peer's stream is cut at the places of its plan.
    func isCutByPlan(_ number: Int) -> Bool {
        let peer = peers[number]
        guard !writesBytewise(number), !writesAtOnce(number) else { return true }
        return peer.stream >= 0 && messages.streams[peer.stream].plan.cut != .byChance
    }

    /// Bytes that a peer may write now.
    private func writable(_ number: Int, _ plan: SimulatedMessagePlan) -> Int {
        let peer = peers[number]
        let stream = messages.streams[peer.stream]
        let isRead = peer.incoming.transit == 0 && peer.incoming.unread == 0
        let bytes = stream.writable(sent: peer.sent, isRead: isRead)
        guard peer.isClient, plan.turn > 0 else { return bytes }
        let allowed = allowed(plan, got: stream.got)
        guard allowed < stream.ends.count else { return bytes }
        return max(0, min(bytes, stream.ends[allowed - 1] - peer.sent))
    }

    func writeMessages(_ number: Int) {
        let peer = peers + number
        guard let plan = world.messagePlan(peer.pointee.plan), !peer.pointee.sentEnd else { return }
        let left = messages.streams[peer.pointee.stream].bytes.count - peer.pointee.sent
        var bytes = min(writable(number, plan), peer.pointee.incoming.sendRoom)
        if bytes > 1, plan.cut == .byChance, messages.random.chance(0x8000) {
            bytes = messages.random.between(1, bytes)
        }
        if bytes > 0 {
            peer.pointee.incoming.written += bytes
            peer.pointee.sent += bytes
            move(incoming: number)
        }
        guard bytes == left else {
            // A peer that waits for its turn, or to be read, is woken by that event.
            guard peer.pointee.incoming.sendRoom > 0, !peer.pointee.isAwake,
                writable(number, plan) > 0
            else { return }
            peer.pointee.isAwake = true
            return events.add(
                .step, at: soon() + UInt64(messages.random.below(plan.gap)), number: number)
        }
        var ends = peer.pointee.seenEnd == .clean
        var resets = false
        let stream = messages.streams[peer.pointee.stream]
        if peer.pointee.isClient {
            guard plan.turn == 0 || ends || stream.got >= plan.messages * plan.answers else {
                return
            }
            ends = ends || plan.clientEnd == .atOnce || plan.clientEnd == .cutShort
            resets = plan.clientEnd == .resets
        } else if plan.upstreamStopsAfter > 0, stream.sequence >= plan.upstreamStopsAfter {
            ends = ends || plan.upstreamEnd == .atOnce || plan.upstreamEnd == .cutShort
            resets = plan.upstreamEnd == .resets
        }
        guard !resets else { return resetByPeer(number) }
        guard ends else { return }
        note("\(Self.name(peer.pointee)) ends its stream of messages")
        peer.pointee.sentEnd = true
        peer.pointee.incoming.endWritten = true
        move(incoming: number)
    }

    /// Copies the next bytes of a peer into a block of the engine.
    func copyMessages(_ peer: SimulatedPeer, to block: UnsafeMutableRawPointer, _ count: Int) {
        messages.streams[peer.stream].bytes.withUnsafeBytes {
            guard let base = $0.baseAddress else { return }
            memcpy(block, base + peer.incoming.read, count)
        }
    }

    // MARK: The engine's actions on streams

    func handOutMessages(
        _ row: UnsafeMutablePointer<SimulatedSocket>, _ completion: Completion
    ) {
        guard row.pointee.kind == .stream, completion.result >= 0 else { return }
        let peer = peers[row.pointee.number]
        guard peer.stream >= 0, let plan = world.messagePlan(peer.plan) else { return }
        let first = messages.streams[peer.stream].framesHanded
        if completion.result > 0 {
            messages.streams[peer.stream].hand(Int(completion.result))
        } else {
            // A reset that a send was told of leaves an end to be read: no message ends with it.
            messages.streams[peer.stream].handEnd(isOfReset: peer.resetArrived)
        }
        let frames = messages.streams[peer.stream].lastFrames
        guard !row.pointee.receive.isUnwanted else {
            // The engine drops and counts these messages if its session goes on after the cancel.
            messages.books.lateMost += frames
            return
        }
        messages.books.received += frames
        if completion.result == 0, frames > 0 { hit(.messageAtEnd) }
        if plan.isRaw { hit(.rawMessage) }
        if messages.streams[peer.stream].sender == -1 { messages.books.nameless += frames }
        // An invalid frame may be longer than a datagram before the engine recognises it.
        let end = peer.isClient ? plan.clientEnd : plan.upstreamEnd
        let isLong = end == .badFrame && plan.maxFrame > 65_507
        if isLong || plan.sizeMost(isResponse: !peer.isClient) > 65_507
            || plan.hasUnwritable(ofClient: peer.isClient)
        {
            // Only these plans have frames over the limit, and the engine may not check each one.
            messages.books.oversize += messages.streams[peer.stream].framesHanded - first + 1
        }
    }

    /// An end in order does not come in the middle of a message.
    func checkFrames(_ number: Int) {
        let peer = peers[number]
        guard peer.stream >= 0 else { return }
        guard messages.streams[peer.stream].isMidFrame else { return checkWhole(number) }
        violate("\(Self.name(peer)) is sent an end in order in the middle of a message")
    }

    /// Between two streams an end in order says that all messages of the other side came.
    private func checkWhole(_ number: Int) {
        let peer = peers[number]
        let stream = messages.streams[peer.stream]
        guard stream.plan.kind == .framedStreams, !world.hooksEndSessions,
            let sender = stream.sender
        else { return }
        let rows = peer.isClient ? upstreamRows[peer.plan] : clientRows[peer.plan]
        guard sender < rows.count else { return violate("an unknown stream") }
        let other = messages.streams[peers[rows[sender]].stream]
        guard other.isSpoilt || stream.got != other.sequence || !peers[rows[sender]].sentEnd
        else { return }
        violate(
            "\(Self.name(peer)) is sent an end in order after \(stream.got) of"
                + " \(other.sequence) messages\(other.isSpoilt ? ", of which the last is bad" : "")"
        )
    }

    /// The checksum of the pieces of a send.
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
