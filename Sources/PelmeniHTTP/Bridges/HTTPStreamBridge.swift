internal import Pelmeni

/// HTTP/1.1 before a stream of bytes: a request's body is all that the upstream gets, and what it
/// sends up to its end is the body of the response. Each request has a connection of its own.
struct HTTPStreamBridge: PairDriver {
    static var restMax: Int { HTTPLimits.headBytesMax }

    let limits: HTTPLimits
    let deadlines: HTTPDeadlines
    /// None has a moment: bodies of streams are linked.
    let hooks: HTTPHookChain
    /// Between two looks at bodies.
    let lookInterval: Duration

    /// A linked body moves unseen, and is looked at so often within its deadline.
    static var looksMax: UInt8 { 4 }
    /// Chunks up to this size that are there whole are copied, into one send.
    private static var copiedBytesMax: UInt64 { 4096 }

    init(limits: HTTPLimits, deadlines: HTTPDeadlines, hooks: HTTPHookChain) {
        self.limits = limits
        self.deadlines = deadlines
        self.hooks = hooks
        lookInterval = deadlines.body / Int(Self.looksMax)
    }

    func initialize() throws {
        if let hook = hooks.tables.first { throw BridgeHookError.ofStream(hook.name) }
    }

    func makeState() throws -> StreamExchange { StreamExchange() }

    func opened(
        _ side: PairSide, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws {
        guard side == .upstream else { return state.client.setDue(deadlines.head, context) }
        context.resume(.client)
        switch state.client.body.length {
        case .bytes(let count) where count > 0: context.link(from: .client, bytes: count)
        case .chunked: break
        case .none, .bytes, .untilEnd: return requestDone(&state, context)
        }
        setBodyDue(&state, context)
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout StreamExchange,
        _ context: borrowing PairContext
    ) throws {
        guard side == .client else { return passResponse(&data, &state, context) }
        do throws(HTTPRefusal) {
            switch state.request {
            case .head: try readRequest(&data, &state, context)
            case .body where state.client.body.length == .chunked:
                try passChunks(&data, &state, context)
            case .trailers: try passTrailers(&data, &state, context)
            case .body, .done: break
            }
        } catch {
            answer(error.status, error.reason, &state, context)
        }
    }

    // MARK: The request

    private func readRequest(
        _ data: inout Buffer, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard let head = try state.client.nextHead(&data, limits, deadlines, context) else {
            if state.client.phase == .over { close(context) }
            return
        }
        requestReady(head, data, &state, context)
        data.removeFirst(head.end)
    }

    /// A request's head is there, in front of the data, and its body follows as it comes.
    private func requestReady(
        _ head: RequestHead, _ data: borrowing Buffer, _ state: inout StreamExchange,
        _ context: borrowing PairContext
    ) {
        state.client.askForBody(head, context)
        state.begin()
        state.client.clock.clear()
        // The body has a way once the upstream is connected.
        context.pause(.client)
        context.connect()
    }

    private func passChunks(
        _ data: inout Buffer, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        setBodyDue(&state, context)
        var decoder = state.chunks
        defer { state.chunks = decoder }
        while !data.isEmpty, context.room > 8 {
            let (step, taken) = try data.withOctets { octets throws(HTTPRefusal) in
                try decoder.next(octets, from: 0, limits)
            }
            data.removeFirst(taken)
            switch step {
            case .more: break
            case .chunk(let size):
                guard size <= Self.copiedBytesMax, UInt64(data.count) >= size else {
                    return context.link(from: .client, bytes: size)
                }
                context.send(data.take(first: Int(size)), to: .upstream)
                decoder.skip(size)
            case .trailers:
                state.request = .trailers
                return try passTrailers(&data, &state, context)
            }
        }
    }

    private func passTrailers(
        _ data: inout Buffer, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try Trailers.read(octets, limits)
        }
        guard let trailers = read else { return }
        data.removeFirst(trailers.end)
        requestDone(&state, context)
    }

    func linked(
        from side: PairSide, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws {
        setBodyDue(&state, context)
        guard side == .client else { return }
        guard state.client.body.length == .chunked else { return requestDone(&state, context) }
        state.chunks.skip(state.chunks.dataLeft)
    }

    /// The upstream sees the end of its stream behind the body.
    private func requestDone(_ state: inout StreamExchange, _ context: borrowing PairContext) {
        guard state.request != .done else { return }
        state.request = .done
        context.pause(.client)
        context.shutdown(.upstream)
        if state.response == .none { state.client.setDue(deadlines.answer, context) }
    }

    // MARK: The response

    private func passResponse(
        _ data: inout Buffer, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) {
        guard !data.isEmpty, state.request != .head else { return }
        if state.response == .none { responseReady(isEmpty: false, &state, context) }
        setBodyDue(&state, context)
        guard !state.client.marks.contains(.isHead) else { return data.removeAll() }
        let count = UInt64(data.count)
        if !state.isChunked { return context.link(from: .upstream, bytes: count) }
        context.send(HTTPProxy.chunkHead(count), to: .client)
        context.link(from: .upstream, bytes: count)
        HTTPProxy.endChunk(to: .client, context)
    }

    /// The response is about to be written: its body follows as it comes.
    private func responseReady(
        isEmpty: Bool, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) {
        let isOld = state.client.marks.contains(.oldClient)
        // HTTP/1.0 knows no chunks: such a body ends with the connection.
        if isOld, !isEmpty { state.client.marks.insert(.closesClient) }
        if state.request != .done || context.isDraining {
            state.client.marks.insert(.closesClient)
        }
        state.response = .body
        state.isChunked = !isOld && !isEmpty
        let (isChunked, connection) = (state.isChunked, state.client.connection)
        context.send(
            Buffer.written(upTo: OwnResponse.headRoom) { memory in
                var writer = HeadWriter(memory)
                OwnResponse.head(
                    bytes: isEmpty ? 0 : nil, isChunked: isChunked, connection, &writer)
                return writer.count
            }, to: .client)
    }

    func responseDone(_ state: inout StreamExchange, _ context: borrowing PairContext) {
        if state.response == .none { responseReady(isEmpty: true, &state, context) }
        if state.isChunked, !state.client.marks.contains(.isHead) {
            context.send(
                Buffer.written(upTo: 8) { memory in
                    var writer = HeadWriter(memory)
                    writer.write("0\r\n\r\n")
                    return writer.count
                }, to: .client)
        }
        context.closeUpstream(reset: state.request != .done)
        guard state.request == .done, !state.client.marks.contains(.closesClient) else {
            return finish(&state, context)
        }
        state.restart()
        state.client.setDue(deadlines.clientIdle, context)
        context.resume(.client)
    }
}
