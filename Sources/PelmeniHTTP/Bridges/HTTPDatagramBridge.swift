internal import Pelmeni

/// HTTP/1.1 before an upstream of datagrams: each request's body is one, and the first one that
/// comes back is the body of its response.
///
/// Each request has a socket of its own, so that no late or second answer is taken for the answer
/// to a later request.
struct HTTPDatagramBridge: ProtocolDriver {
    static var carries: Cargo { .messages }
    static var dials: Bool { true }
    static var restMax: Int { HTTPLimits.headBytesMax }

    let limits: HTTPLimits
    let deadlines: HTTPDeadlines
    /// The upstream's own protocol tells answers apart, and its socket is kept.
    let keepsUpstream: Bool
    let hooks: HTTPHookChain

    func initialize(_ socket: inout SocketRequest) throws { try hooks.checkBridge() }

    func makeState() throws -> BridgeExchange {
        var state = BridgeExchange()
        state.hooks = try hooks.begin()
        return state
    }

    func closing(
        _ cause: EndCause, _ state: inout BridgeExchange, _ context: borrowing Context
    ) {
        state.hooks?.release()
        state.hooks = nil
    }

    func opened(_ state: inout BridgeExchange, _ context: borrowing Context) throws {
        state.setDue(deadlines.head, context)
    }

    // MARK: From the client

    func received(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) throws {
        do throws(HTTPRefusal) {
            let isReady = try state.nextRequest(
                &data, most: context.longestMessage, limits, deadlines, context)
            if isReady { try requestReady(&data, &state, context) }
        } catch {
            return answer(error.status, error.reason, &state, context)
        }
        if state.phase == .over { return close(context) }
        if state.phase == .ready, context.hasUpstream { ask(&data, &state, context) }
    }

    /// A whole request is there, and no part of it has gone on: its head and its body stand in
    /// front of the data, as `state.body` says.
    private func requestReady(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) throws(HTTPRefusal) {
        if state.hooks != nil {
            let isForwarded = try state.showRequest(
                &data, most: context.longestMessage, limits, deadlines, context)
            guard isForwarded else { return }
        }
        context.pause()
        context.connect()
    }

    // MARK: To the upstream and back

    func connected(_ state: inout BridgeExchange, _ context: borrowing Context) throws {
        // The request is offered once more.
        if state.phase == .ready { context.resume() }
    }

    private func ask(
        _ data: inout Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) {
        data.removeFirst(state.body.headBytes)
        context.deliver(data.take(first: state.body.bytes))
        context.pause()
        state.move(to: .asked)
        state.setDue(deadlines.answer, context)
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) throws {
        // A second answer, or one to no question.
        guard state.phase == .asked else { return context.drop() }
        // What a hook has would arrive within the next exchange.
        if context.awaitsHooks || context.isDraining { state.marks.insert(.closesClient) }
        responseReady(data, &state, context)
    }

    /// The response is about to be written: its body is whole.
    private func responseReady(
        _ body: consuming Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) {
        if state.hooks == nil {
            state.respond(body, 0..<body.count, context)
        } else {
            respondHooked(body, &state, context)
        }
        guard !state.marks.contains(.closesClient) else { return finish(&state, context) }
        if !keepsUpstream { context.disconnect() }
        state.restart()
        state.setDue(deadlines.clientIdle, context)
        context.resume()
    }

    @inline(never)
    private func respondHooked(
        _ body: borrowing Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) {
        state.respondHooked(body, 0..<body.count, context)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout BridgeExchange, _ context: borrowing Context
    ) throws {
        guard state.phase == .ready || state.phase == .asked else { return }
        let failure = BridgeFailure.unreachable(cause)
        answer(failure.status, failure.reason, &state, context)
    }

    // MARK: Ends

    func ended(
        _ rest: consuming Buffer, _ state: inout BridgeExchange, _ context: borrowing Context
    ) throws {
        act(on: state.clientEnded(rest, limits), &state, context)
    }

    func draining(_ state: inout BridgeExchange, _ context: borrowing Context) throws {
        if state.isIdle { finish(&state, context) } else { state.marks.insert(.closesClient) }
    }

    /// The client gets a response of the bridge's own, and its connection is closed behind it.
    private func answer(
        _ status: UInt16, _ reason: StaticString, _ state: inout BridgeExchange,
        _ context: borrowing Context
    ) {
        guard state.phase != .over else { return }
        state.answer(status, reason, context)
        close(context)
    }

    private func finish(
        _ state: inout BridgeExchange, _ context: borrowing Context, _ cause: EndCause = .completed
    ) {
        state.move(to: .over)
        close(context, cause)
    }

    private func close(_ context: borrowing Context, _ cause: EndCause = .completed) {
        context.disconnect()
        context.end(cause)
    }

    func timer(_ state: inout BridgeExchange, _ context: borrowing Context) throws {
        if state.checkTime(context) { act(on: state.expired(), &state, context) }
    }

    private func act(
        on ending: BridgeExchange.Ending, _ state: inout BridgeExchange,
        _ context: borrowing Context
    ) {
        switch ending {
        case .goOn: break
        case .finish(let cause): finish(&state, context, cause)
        case .reset: context.end(.clientReset, reset: true)
        case .answer(let status, let reason): answer(status, reason, &state, context)
        case .readAgain:
            context.resume()
            state.setDue(.zero, context)
        }
    }
}
