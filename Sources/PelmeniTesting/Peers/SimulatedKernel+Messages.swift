internal import Glibc
internal import PelmeniCore

// Arriving messages: each comes once, whole, from the right sender, to the right receiver.
extension SimulatedKernel {
    /// Checks a message by itself. Nil when it is wrong.
    private func identity(
        _ pair: Int, isResponse: Bool, _ bytes: UnsafeRawPointer, _ length: Int
    ) -> UInt64? {
        guard let plan = world.messagePlan(pair) else { return nil }
        let kind = "\(isResponse ? "an answer" : "a message") of pair \(pair)"
        guard length >= MessageContent.headerBytes(plan) else {
            violate("\(kind) has \(length) bytes")
            return nil
        }
        let identity = MessageContent.identity(bytes, plan)
        guard MessageContent.salt(identity) == world.salt, MessageContent.pair(identity) == pair,
            MessageContent.isResponse(identity) == isResponse
        else {
            violate("\(kind) begins with \(String(identity, radix: 16)), which none does")
            return nil
        }
        let name =
            "\(kind), \(MessageContent.sequence(identity)) of \(MessageContent.sender(identity)),"
        var owed = MessageContent.length(identity, plan)
        // On a stream such a message's last byte is only its end.
        let isOnStream = plan.kind == (isResponse ? .streamToDatagrams : .datagramsToStream)
        if isOnStream, MessageContent.endsMarked(identity, owed, plan) {
            hit(.markedMessage)
            owed -= 1
        }
        guard length == owed else {
            violate("\(name) has \(length) of \(owed) bytes")
            return nil
        }
        if let at = MessageContent.firstDifference(
            bytes, identity: identity, length: length, plan)
        {
            violate("\(name) is wrong at byte \(at)")
        }
        if !messages.delivered.insert(identity).inserted { violate("\(name) came twice") }
        return identity
    }

    /// A message too short for an identity: it must be a prefix of the common beginning of all
    /// messages of the run.
    private func isShort(
        _ pair: Int, _ bytes: UnsafeRawPointer, _ length: Int, _ plan: SimulatedMessagePlan
    ) -> Bool {
        guard length < MessageContent.headerBytes(plan), plan.lengths.contains(length) else {
            return false
        }
        let low = UInt8(truncatingIfNeeded: world.salt)
        let first = plan.delimiter == nil ? low : low & 0x3f | 0x40
        if bytes.load(as: UInt8.self) != first {
            violate("a short message of pair \(pair) is wrong")
        }
        return true
    }

    /// For the engine, clients without a name are one client.
    private func owner(_ plan: SimulatedMessagePlan, _ number: Int) -> Int {
        plan.isNameless(number) ? -1 : number
    }

    /// Checks that an end gets messages from its own peer alone.
    private func pair(_ client: inout Int?, with other: Int, _ text: @autoclosure () -> String) {
        if let client, client != other {
            violate("\(text()) is client \(client)'s, not \(other)'s")
        }
        client = other
    }

    /// A message comes to an upstream of datagrams.
    func arriveAtUpstream(_ number: Int, _ bytes: UnsafeRawPointer, _ length: Int) {
        guard !takeScript(ofFlow: number, bytes, length) else { return }
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair) else { return }
        hit(plan.kind == .datagrams ? .datagramToUpstream : .frameToDatagram)
        if plan.isRaw {
            rawCame(number, bytes, length)
        } else if length > 0, !isShort(socket.pair, bytes, length, plan) {
            guard let identity = identity(socket.pair, isResponse: false, bytes, length) else {
                return
            }
            let owner = owner(plan, MessageContent.sender(identity))
            if socket.client == nil { checkFirst(number, of: owner) }
            checkTag(number, MessageContent.tag(identity))
            pair(
                &messages.sockets[number].client, with: owner,
                "flow \(number) of pair \(socket.pair)")
            let sequence = MessageContent.sequence(identity)
            if socket.isOrdered, owner >= 0, sequence <= socket.lastRequest {
                violate("flow \(number): message \(sequence) comes after \(socket.lastRequest)")
            }
            messages.sockets[number].lastRequest = max(sequence, socket.lastRequest)
        }
        let isRefused =
            !socket.isUnix
            && (socket.destination.mood == .refuses
                || (time >= plan.refusesFrom && time < plan.refusesUntil))
        guard !isRefused else {
            return events.add(.datagramRefused, at: soon(), number: number)
        }
        guard socket.destination.mood == .accepts else { return }
        guard plan.answersAfter == 0 else { return hold(.flow(number), socket.pair, plan) }
        let count = plan.countsAnswers ? plan.answers : messages.random.between(0, plan.answers)
        guard count > 0 else { return }
        events.add(.datagramAnswer, at: soon(), number: number, detail: count)
    }

    /// An upstream answers once it has collected its number of messages: the last one first.
    private func hold(_ it: HeldAnswer, _ pair: Int, _ plan: SimulatedMessagePlan) {
        messages.heldAnswers[pair, default: []].append(it)
        guard let held = messages.heldAnswers[pair], held.count == plan.answersAfter else {
            return
        }
        messages.heldAnswers[pair] = []
        for (place, it) in held.reversed().enumerated() {
            switch it {
            case .flow(let number):
                events.add(
                    .datagramAnswer, at: clock + 1 + UInt64(place), number: number,
                    detail: plan.answers)
            case .stream(let number):
                for _ in 0..<plan.answers { appendMessage(peers[number].stream, plan) }
                wake(number)
            }
        }
    }

    /// A message comes to a client of datagrams.
    func arriveAtClient(_ row: Int, _ bytes: UnsafeRawPointer, _ length: Int) {
        guard !takeScript(ofClient: row, bytes, length) else { return }
        let client = messages.clients[row]
        guard let plan = world.messagePlan(client.pair) else { return }
        hit(plan.kind == .datagrams ? .datagramToClient : .frameToDatagram)
        messages.clients[row].got += 1
        if plan.turn > 0, messages.clients[row].got % (plan.turn * plan.answers) == 0 {
            events.add(.datagramClient, at: soon(), number: row)
        }
        guard !plan.isRaw else { return rawCame(toClient: row, bytes, length) }
        guard length > 0 else {
            messages.clients[row].answersWithoutBytes += 1
            return
        }
        guard !isShort(client.pair, bytes, length, plan) else { return }
        guard let identity = identity(client.pair, isResponse: true, bytes, length) else { return }
        let sender = MessageContent.sender(identity)
        let sequence = MessageContent.sequence(identity)
        if plan.kind == .datagrams {
            guard sender < messages.sockets.count else { return violate("an unknown flow") }
            pair(&messages.sockets[sender].client, with: client.number, "flow \(sender)")
            if client.isOrdered, sequence <= messages.sockets[sender].lastAnswer {
                violate("flow \(sender): answer \(sequence) comes late")
            }
            messages.sockets[sender].lastAnswer = sequence
        } else {
            guard sender < upstreamRows[client.pair].count else {
                return violate("an unknown stream")
            }
            let stream = peers[upstreamRows[client.pair][sender]].stream
            pair(&messages.streams[stream].sender, with: client.number, "stream \(sender)")
        }
    }

    /// Bytes came to a stream of messages: takes the whole messages out.
    func framesCame(_ number: Int) {
        let row = peers[number].stream
        let pair = messages.streams[row].pair
        let isResponse = messages.streams[row].isClient
        while violation == nil, let message = messages.streams[row].next() {
            messages.books.framed += 1
            messages.streams[row].got += 1
            hit(.datagramToFrame)
            let isTold = message.withUnsafeBytes {
                guard let bytes = $0.baseAddress, $0.count > 0 else { return false }
                return isShort(pair, bytes, $0.count, messages.streams[row].plan)
            }
            guard !isTold else {
                respond(number, row)
                continue
            }
            guard !message.isEmpty else {
                hit(.emptyFrame)
                messages.streams[row].gotEmpty += 1
                respond(number, row)
                continue
            }
            message.withUnsafeBytes {
                guard let bytes = $0.baseAddress,
                    let identity = identity(pair, isResponse: isResponse, bytes, $0.count)
                else { return }
                frameCame(row, identity)
            }
            respond(number, row)
        }
    }

    private func frameCame(_ row: Int, _ identity: UInt64) {
        let stream = messages.streams[row]
        let sender = MessageContent.sender(identity)
        let sequence = MessageContent.sequence(identity)
        guard stream.isClient, stream.plan.kind != .framedStreams else {
            let owner = owner(stream.plan, sender)
            pair(&messages.streams[row].sender, with: owner, "stream \(stream.number)")
            if stream.plan.kind == .framedStreams { hit(.frameToFrame) }
            if owner >= 0, sequence <= stream.last { violate("message \(sequence) comes late") }
            messages.streams[row].last = sequence
            return
        }
        guard sender < messages.sockets.count else { return violate("an unknown flow") }
        pair(&messages.sockets[sender].client, with: stream.number, "flow \(sender)")
        if sequence <= messages.sockets[sender].lastAnswer { violate("answer \(sequence) is late") }
        messages.sockets[sender].lastAnswer = sequence
    }

    /// A stream upstream answers a message.
    private func respond(_ number: Int, _ row: Int) {
        let pair = messages.streams[row].pair
        guard !messages.streams[row].isClient else { return wake(number) }
        guard peers[number].state == .open, !peers[number].sentEnd,
            let plan = world.messagePlan(pair)
        else { return }
        guard plan.answersAfter == 0 else { return hold(.stream(number), pair, plan) }
        let count = plan.countsAnswers ? plan.answers : messages.random.between(0, plan.answers)
        for _ in 0..<count { appendMessage(row, plan) }
        wake(number)
    }

    /// A stream's next message.
    func appendMessage(_ row: Int, _ plan: SimulatedMessagePlan) {
        let stream = messages.streams[row]
        let isLast = plan.upstreamStopsAfter > 0 && !stream.isClient
        guard !isLast || stream.sequence < plan.upstreamStopsAfter else { return }
        let identity = MessageContent.identity(
            salt: world.salt, pair: stream.pair, isResponse: !stream.isClient,
            sender: stream.number,
            sequence: stream.sequence)
        messages.streams[row].sequence += 1
        let length = MessageContent.length(identity, plan)
        // A frame with its length in digits cannot be empty.
        if length > 0 || !plan.hasCounted {
            messages.streams[row].append(identity: identity, length: length)
        }
        if isLast, stream.sequence + 1 == plan.upstreamStopsAfter { spoil(row, plan.upstreamEnd) }
    }
}
