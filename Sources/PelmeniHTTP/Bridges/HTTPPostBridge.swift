internal import Pelmeni

/// HTTP/1.1 behind a server of messages: each message is the body of a POST, and the body of its
/// response is the answer.
///
/// A session has one connection and one request at a time. Further messages wait.
struct HTTPPostBridge: ProtocolDriver {
    static var carries: Cargo { .messages }
    static var dials: Bool { true }
    static var restMax: Int { HTTPLimits.headBytesMax }

    let limits: HTTPLimits
    let deadlines: HTTPDeadlines
    let writer: PostWriter
    /// The target is one that a request line may have.
    let isValid: Bool
    let hooks: HTTPHookChain

    /// Messages up to this size are copied behind their head, into one send.
    private static var copiedBytesMax: Int { 4096 }

    func initialize(_ socket: inout SocketRequest) throws {
        guard isValid else { throw BridgeFailure.target }
        try hooks.checkBridge()
    }

    func makeState() throws -> PostExchange {
        var state = PostExchange()
        state.hooks = try hooks.begin()
        return state
    }

    func closing(
        _ cause: EndCause, _ state: inout PostExchange, _ context: borrowing Context
    ) {
        state.hooks?.release()
        state.hooks = nil
    }

    func opened(_ state: inout PostExchange, _ context: borrowing Context) throws {
        guard state.client.count == 0, context.client.port != nil else { return }
        state.client = ClientText(context.client.host)
    }

    // MARK: To the upstream

    func arrived(
        _ data: consuming Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        assert(state.phase == .idle, "a message arrives within an exchange")
        context.holdArrivals()
        state.move(to: .head)
        setDue(deadlines.answer, &state, context)
        guard state.hooks == nil else { return try sendHooked(data, &state, context) }
        send(data, state, context)
    }

    /// The request is about to be written: its body is the whole message.
    private func send(
        _ body: consuming Buffer, _ state: PostExchange, _ context: borrowing Context
    ) {
        let count = body.count
        let isCopied = count <= Self.copiedBytesMax
        let head = body.withOctets { octets in
            Buffer.written(upTo: writer.room + (isCopied ? count : 0)) { memory in
                var head = HeadWriter(memory)
                writer.write(bytes: count, state.client, &head)
                if isCopied, count > 0 { head.write(octets, 0..<count) }
                return head.count
            }
        }
        context.send(head)
        if !isCopied { context.send(body) }
    }

    // MARK: From the upstream

    func received(
        _ data: inout Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        // Bytes that answer nothing: the connection is out of step.
        guard state.phase != .idle else { return context.disconnect() }
        do throws(HTTPRefusal) {
            if state.phase == .head { try readHead(&data, &state, context) }
            guard state.phase == .body else { return }
            let isComplete = try state.body.collect(
                &data, most: bodyBytesMax(state, context), limits)
            if !isComplete { return setDue(deadlines.body, &state, context) }
        } catch {
            let drop: DropReason = error == .bodyTooLong ? .oversize : .unanswered
            return try fail(BridgeFailure(reason: error.reason), drop, &state, context)
        }
        try responseReady(&data, &state, context)
    }

    private func readHead(
        _ data: inout Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws(HTTPRefusal) {
        while !data.isEmpty {
            let before = state.headRead
            let read = try data.withOctets { octets throws(HTTPRefusal) in
                try limits.areMet(octets, readBefore: before)
                    ? ResponseHead.read(octets, limits, isToHead: false) : nil
            }
            guard let head = read else {
                state.headRead = data.count
                return
            }
            state.headRead = 0
            guard !head.facts.marks.contains(.needsRepair) else { throw .fieldName }
            guard head.status != 101 else { throw .upgradeUnasked }
            guard !head.isInterim else {
                data.removeFirst(head.end)
                continue
            }
            state.status = head.status
            state.keepsUpstream = head.keepsConnection
            state.body = BridgeBody(head.body, headBytes: head.end)
            return state.move(to: .body)
        }
    }

    /// Head and body lie in the bytes left untaken until they are complete.
    private func bodyBytesMax(_ state: PostExchange, _ context: borrowing Context) -> Int {
        min(context.longestMessage, Self.restMax &- 1 &- state.body.headBytes)
    }

    /// A whole response is there, and no part of it was delivered: its head and its body stand in
    /// front of the data, as `state.body` says.
    private func responseReady(
        _ data: inout Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        guard !hooks.seeResponses else { return try showResponse(&data, &state, context) }
        guard state.status < 400 else {
            let failure = BridgeFailure(
                reason: BridgeFailure.status.reason, status: state.status)
            // What follows on the connection is another response.
            let isKept = state.keepsUpstream && data.count == state.body.end
            data.removeFirst(state.body.end)
            return try fail(failure, .unanswered, &state, context, keepsUpstream: isKept)
        }
        data.removeFirst(state.body.headBytes)
        let bytes = state.body.bytes
        let isKept = state.keepsUpstream && data.count == bytes
        context.deliver(data.take(first: bytes))
        finish(&state, context, keepsUpstream: isKept)
    }

    // MARK: The end of an exchange

    func finish(
        _ state: inout PostExchange, _ context: borrowing Context, keepsUpstream: Bool
    ) {
        state.restart()
        if keepsUpstream {
            setDue(deadlines.upstreamIdle, &state, context)
        } else {
            state.clock.clear()
            context.disconnect()
        }
        context.takeArrivals()
    }

    /// A message has no answer. A stream cannot go on without it; a datagram is dropped.
    func fail(
        _ failure: BridgeFailure, _ drop: DropReason, _ state: inout PostExchange,
        _ context: borrowing Context, keepsUpstream: Bool = false
    ) throws {
        guard !context.hasOtherStream else { throw failure }
        context.drop(drop)
        finish(&state, context, keepsUpstream: keepsUpstream)
    }

    func ended(
        _ rest: consuming Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        switch state.phase {
        case .idle: break
        case .body where state.body.length == .untilEnd:
            var data = rest.take()
            try responseReady(&data, &state, context)
        case .head, .body: try fail(.closed, .unanswered, &state, context)
        }
    }

    func unreachable(
        _ cause: EndCause, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        guard state.phase == .idle else { return try fail(.lost, .unanswered, &state, context) }
        // No upstream accepted: what waits is dropped with the session.
        context.end(cause, reset: true)
    }

    func otherEnded(_ state: inout PostExchange, _ context: borrowing Context) throws {
        // Every message is answered.
        context.end()
    }

    // MARK: Deadlines

    private func setDue(
        _ time: Duration, _ state: inout PostExchange, _ context: borrowing Context
    ) {
        if let wait = state.clock.set(time, now: context.now) { context.timer(after: wait) }
    }

    func timer(_ state: inout PostExchange, _ context: borrowing Context) throws {
        switch state.clock.look(now: context.now) {
        case .nothing: return
        case .after(let wait): return context.timer(after: wait)
        case .due: break
        }
        guard state.phase != .idle else { return context.disconnect() }
        try fail(.silent, .unanswered, &state, context)
    }
}
