internal import Pelmeni

/// HTTP/1.1 before a framed stream: each request's body is a message, and the next message of the
/// stream is the body of its response. Connections are kept for later requests, of other clients
/// too.
struct HTTPFrameBridge: PairDriver {
    static var restMax: Int { HTTPLimits.headBytesMax }

    let limits: HTTPLimits
    let deadlines: HTTPDeadlines
    let framing: Framing
    /// Bytes of the longest message.
    let frameBytesMax: Int
    let hooks: HTTPHookChain

    func initialize() throws { try hooks.checkBridge() }

    func makeState() throws -> BridgeExchange {
        var state = BridgeExchange()
        state.hooks = try hooks.begin()
        return state
    }

    func closing(
        _ cause: EndCause, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) {
        state.hooks?.release()
        state.hooks = nil
    }

    func opened(
        _ side: PairSide, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) throws {
        if side == .client { state.setDue(deadlines.head, context) }
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout BridgeExchange,
        _ context: borrowing PairContext
    ) throws {
        if side == .client {
            receivedRequest(&data, &state, context)
        } else {
            receivedResponse(&data, &state, context)
        }
    }

    // MARK: To the upstream

    private func receivedRequest(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) {
        do throws(HTTPRefusal) {
            let isReady = try state.nextRequest(
                &data, most: frameBytesMax, limits, deadlines, context)
            if isReady { try requestReady(&data, &state, context) }
        } catch {
            return answer(error.status, error.reason, &state, context)
        }
        if state.phase == .over { close(context) }
    }

    /// A whole request is there, and no part of it has gone on: its head and its body stand in
    /// front of the data, as `state.body` says.
    private func requestReady(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        if state.hooks != nil {
            let isForwarded = try state.showRequest(
                &data, most: frameBytesMax, limits, deadlines, context)
            guard isForwarded else { return }
        }
        data.removeFirst(state.body.headBytes)
        var message = data.take(first: state.body.bytes)
        do throws(FrameError) {
            try framing.frame(&message)
        } catch {
            throw .bodyWithoutFrame
        }
        context.pause(.client)
        // Sends wait for the upstream where it is dialled.
        context.connect()
        context.send(message, to: .upstream)
        state.move(to: .asked)
        state.setDue(deadlines.answer, context)
    }

    // MARK: From the upstream

    private func receivedResponse(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) {
        // Bytes that answer nothing: the connection is closed as it is parked.
        guard state.phase == .asked else { return }
        do throws(FrameError) {
            guard let message = try framing.firstMessage(in: data, bytesMax: frameBytesMax) else {
                return state.setDue(deadlines.body, context)
            }
            // What follows would be taken for the answer to a later request; and a read of a
            // stream without frames may be half of an answer.
            let isClean = message.end == data.count && framing != .raw
            responseReady(data, message.payload, &state, context, isClean: isClean)
            data.removeFirst(message.end)
        } catch {
            data.removeAll()
            answer(502, "the upstream's answer is no frame", &state, context)
        }
    }

    /// The response is about to be written: its body is whole.
    private func responseReady(
        _ data: borrowing Buffer, _ payload: Range<Int>, _ state: inout BridgeExchange,
        _ context: borrowing PairContext, isClean: Bool
    ) {
        if context.isDraining { state.marks.insert(.closesClient) }
        if state.hooks == nil {
            state.respond(data, payload, context)
        } else {
            respondHooked(data, payload, &state, context)
        }
        if isClean {
            context.park(for: deadlines.upstreamIdle)
        } else {
            context.closeUpstream(reset: true)
        }
        guard !state.marks.contains(.closesClient) else { return finish(&state, context) }
        state.restart()
        state.setDue(deadlines.clientIdle, context)
        context.resume(.client)
    }

    @inline(never)
    private func respondHooked(
        _ data: borrowing Buffer, _ payload: Range<Int>, _ state: inout BridgeExchange,
        _ context: borrowing PairContext
    ) {
        state.respondHooked(data, payload, context)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) throws {
        guard state.phase == .asked else { return }
        let failure = BridgeFailure.unreachable(cause)
        answer(failure.status, failure.reason, &state, context)
    }

    // MARK: Ends

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout BridgeExchange,
        _ context: borrowing PairContext
    ) throws {
        guard side == .client else { return upstreamEnded(rest, &state, context) }
        act(on: state.clientEnded(rest, limits), &state, context)
    }

    private func upstreamEnded(
        _ rest: borrowing Buffer, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) {
        guard state.phase == .asked else { return context.closeUpstream() }
        do throws(FrameError) {
            if let message = try framing.lastMessage(in: rest, bytesMax: frameBytesMax) {
                return responseReady(rest, message.payload, &state, context, isClean: false)
            }
        } catch {
            return answer(502, "the upstream's answer is no frame", &state, context)
        }
        answer(502, "the upstream closed its connection without an answer", &state, context)
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout BridgeExchange, _ context: borrowing PairContext
    ) throws {
        guard state.phase == .asked else { return }
        answer(502, "the upstream's connection broke", &state, context)
    }

    func draining(_ state: inout BridgeExchange, _ context: borrowing PairContext) throws {
        if state.isIdle { finish(&state, context) } else { state.marks.insert(.closesClient) }
    }

    /// The client gets a response of the bridge's own, and its connection is closed behind it.
    private func answer(
        _ status: UInt16, _ reason: StaticString, _ state: inout BridgeExchange,
        _ context: borrowing PairContext
    ) {
        guard state.phase != .over else { return }
        state.answer(status, reason, context)
        close(context)
    }

    private func finish(
        _ state: inout BridgeExchange, _ context: borrowing PairContext,
        _ cause: EndCause = .completed
    ) {
        state.move(to: .over)
        close(context, cause)
    }

    private func close(_ context: borrowing PairContext, _ cause: EndCause = .completed) {
        context.closeUpstream(reset: true)
        context.end(cause)
    }

    func timer(_ state: inout BridgeExchange, _ context: borrowing PairContext) throws {
        if state.checkTime(context) { act(on: state.expired(), &state, context) }
    }

    private func act(
        on ending: BridgeExchange.Ending, _ state: inout BridgeExchange,
        _ context: borrowing PairContext
    ) {
        switch ending {
        case .goOn: break
        case .finish(let cause): finish(&state, context, cause)
        case .reset: context.end(.clientReset, reset: true)
        case .answer(let status, let reason): answer(status, reason, &state, context)
        case .readAgain:
            context.resume(.client)
            state.setDue(.zero, context)
        }
    }
}
