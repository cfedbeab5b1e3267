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
    private static var looksMax: UInt8 { 4 }
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

    private func responseDone(_ state: inout StreamExchange, _ context: borrowing PairContext) {
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

    // MARK: Ends

    func unreachable(
        _ cause: EndCause, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws {
        let failure = BridgeFailure.unreachable(cause)
        answer(failure.status, failure.reason, &state, context)
    }

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout StreamExchange,
        _ context: borrowing PairContext
    ) throws {
        guard side == .client else {
            guard state.request != .head else { return context.closeUpstream() }
            return responseDone(&state, context)
        }
        switch state.request {
        case .head where state.client.isIdle: finish(&state, context)
        case .done: state.client.marks.insert(.closesClient)
        // Half of a request has no response.
        case .head, .body, .trailers:
            context.closeUpstream(reset: true)
            context.end(.clientReset, reset: true)
        }
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout StreamExchange, _ context: borrowing PairContext
    ) throws {
        guard state.request != .head else { return }
        answer(502, "the upstream's connection broke", &state, context)
    }

    func draining(_ state: inout StreamExchange, _ context: borrowing PairContext) throws {
        if state.request == .head, state.client.isIdle {
            finish(&state, context)
        } else {
            state.client.marks.insert(.closesClient)
        }
    }

    /// The client gets a response of the bridge's own, or a reset: one that is cut off must not
    /// look whole.
    private func answer(
        _ status: UInt16, _ reason: StaticString, _ state: inout StreamExchange,
        _ context: borrowing PairContext, _ cause: EndCause = .upstreamReset
    ) {
        guard state.client.phase != .over else { return }
        guard state.response == .none else { return context.end(cause, reset: true) }
        state.client.answer(status, reason, context)
        close(context)
    }

    private func finish(
        _ state: inout StreamExchange, _ context: borrowing PairContext,
        _ cause: EndCause = .completed
    ) {
        state.client.move(to: .over)
        close(context, cause)
    }

    private func close(_ context: borrowing PairContext, _ cause: EndCause = .completed) {
        context.closeUpstream(reset: true)
        context.end(cause)
    }

    // MARK: Deadlines

    /// A body moves, or has a time to.
    private func setBodyDue(_ state: inout StreamExchange, _ context: borrowing PairContext) {
        state.looks = 0
        state.bytesLeft = HTTPProxy.linkedBytesLeft(context)
        state.client.setDue(lookInterval, context)
    }

    func timer(_ state: inout StreamExchange, _ context: borrowing PairContext) throws {
        guard state.client.checkTime(context) else { return }
        switch (state.request, state.response) {
        case (.head, _) where state.client.isIdle: finish(&state, context, .idle)
        case (.head, _): answer(408, "the head did not come in time", &state, context)
        case (.done, .none): answer(504, "the upstream did not answer in time", &state, context)
        case (.body, _), (.trailers, _), (.done, .body): bodyDue(&state, context)
        }
    }

    /// A body that was linked may have moved unseen.
    private func bodyDue(_ state: inout StreamExchange, _ context: borrowing PairContext) {
        guard HTTPProxy.linkedBytesLeft(context) == state.bytesLeft else {
            return setBodyDue(&state, context)
        }
        state.looks &+= 1
        guard state.looks >= Self.looksMax else {
            return state.client.setDue(lookInterval, context)
        }
        answer(408, "the body did not come in time", &state, context, .idle)
    }
}
