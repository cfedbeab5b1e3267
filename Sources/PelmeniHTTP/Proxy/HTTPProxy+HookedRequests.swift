internal import Pelmeni

// Requests of a pair with hooks. A head that hooks have seen is written, and read again as any
// other one is: what a hook leaves is framed in the same place as what a client sends.
extension HTTPProxy {
    /// Gives a request to its hooks.
    @inline(never)
    func hookRequest(
        _ head: RequestHead, _ data: inout Buffer, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        note(head, &state, isDraining: context.isDraining)
        data.withOctets { run.begin($0, head) }
        data.removeFirst(head.end)
        state.move(request: .hooked)
        try advanceRequest(&data, run, &state, context)
    }

    func advanceRequest(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        try act(on: run.advanceRequest(Self.session(context)), &data, run, &state, context)
    }

    /// What the hooks of a request have decided.
    func act(
        on step: HTTPHookRun.Step, _ data: inout Buffer, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        switch step {
        case .forward: try sendHookedRequest(&data, run, &state, context)
        case .collect(let most): try collectRequest(most, &data, run, &state, context)
        case .reply(let response): try reply(response, &data, run, &state, context)
        case .close(let reason): context.end(.hook, reset: true, reason: reason)
        case .fail(let failure): fail(failure, state, context)
        case .wait(let deadline, let call):
            context.pause(.client)
            wait(for: deadline, run, &state, context)
            context.begin(for: .client, call)
        }
    }

    /// A hook has a message, for so long at most.
    func wait(
        for deadline: Duration, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        state.marks.insert(.waitsForHook)
        setDue(deadline, &state, context)
        run.waitsUntil = state.dueAt
    }

    /// An asynchronous hook has returned.
    @inline(never)
    func hookReturned(
        _ side: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        run.waitsUntil = 0
        state.marks.remove(.waitsForHook)
        state.dueAt = 0
        if state.hasBody { setBodyDue(&state, context) }
        // Bytes that wait are offered behind this call.
        var none = Buffer()
        do throws(HTTPRefusal) {
            if side == .client {
                let step = run.resumeRequest(Self.session(context))
                try act(on: step, &none, run, &state, context)
            } else {
                context.resume(.upstream)
                let step = run.resumeResponse(Self.session(context, run.request))
                try actOnResponse(step, &none, run, &state, context)
            }
        } catch {
            try refuse(error, from: side, &state, context)
        }
    }

    /// A hook's time is over. False where none has a message.
    @inline(never)
    func hookExpired(_ state: inout HTTPExchange, _ context: borrowing PairContext) -> Bool {
        guard let run = state.hooks?.takeUnretainedValue(), run.waitsUntil != 0 else {
            return false
        }
        guard context.now >= run.waitsUntil else {
            setDue(.nanoseconds(Int64(clamping: run.waitsUntil - context.now)), &state, context)
            return true
        }
        run.waitsUntil = 0
        state.marks.remove(.waitsForHook)
        failBody(run.overdue, state, context)
        return true
    }

    static func session(
        _ context: borrowing PairContext, _ request: HTTPRequest? = nil
    ) -> HTTPSession {
        HTTPSession(client: context.client, upstream: context.upstream, request: request)
    }

    /// The client is told of a hook's failure, and the log of its reason.
    func fail(
        _ failure: HTTPHookFailure, _ state: HTTPExchange, _ context: borrowing PairContext
    ) {
        let text: StaticString =
            switch failure.status {
            case 413: "the body is longer than the proxy takes"
            case 502: "the upstream's response is longer than the proxy takes"
            default: "the proxy failed on this exchange"
            }
        noteAnswer(
            failure.status, text, isHead: state.marks.contains(.isHead), state, context)
        sendAnswer(failure.status, text, isHead: state.marks.contains(.isHead), context)
        context.end(.hook, reason: failure.reason)
    }

    // MARK: Collecting

    private func collectRequest(
        _ most: Int, _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        if case .bytes(let count) = run.requestWay.length, count > UInt64(most) {
            throw .collectedTooLong
        }
        if run.expects {
            // The upstream is not asked before the body has come.
            run.request.fields.dropExpectation()
            if data.isEmpty, !state.marks.contains(.oldClient) {
                context.send(
                    Buffer.written(upTo: 32) { memory in
                        var writer = HeadWriter(memory)
                        writer.write("HTTP/1.1 100 Continue\r\n\r\n")
                        return writer.count
                    }, to: .client)
            }
        }
        try divertRequest(.collect(most), &data, run, &state, context)
    }

    /// The bytes of the request's body are for the proxy.
    private func divertRequest(
        _ use: HTTPHookRun.Use, _ data: inout Buffer, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        run.requestWay.use = use
        state.marks.insert(.divertsRequest)
        context.resume(.client)
        state.move(request: run.requestWay.length == .chunked ? .chunks : .body)
        setBodyDue(&state, context)
        try receivedDiverted(&data, from: .client, &state, context)
    }

    /// All of a diverted body was taken.
    func requestTaken(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        state.marks.remove(.divertsRequest)
        guard case .collect = run.requestWay.use else {
            requestDone(&state, context, hasMore: !data.isEmpty)
            // A hook has answered meanwhile.
            if state.response == .none { exchangeDone(&state, context) }
            return
        }
        state.move(request: .done)
        context.pause(.client)
        run.collected(.request)
        try advanceRequest(&data, run, &state, context)
    }

    // MARK: Sending

    private func sendHookedRequest(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let body = run.wholeRequestBody
        let small = run.smallBody(body, run.requestFraming)
        guard let head = writeHooked(small, run, state, context) else { return }
        if let body, small == nil { send(body, .request, run, &state, context) }
        state.move(response: .head)
        guard body != nil || run.requestWay.isTaken else {
            return beginUntouched(head, run, &state, context)
        }
        guard run.requestWay.isTaken else {
            // A hook has set another one.
            if run.canDrop { state.marks.insert(.dropsRequest) }
            return try divertRequest(.drop, &data, run, &state, context)
        }
        if state.request != .done { state.move(request: .done) }
        if pausesBehind(!data.isEmpty) {
            context.pause(.client)
        } else {
            // A hook had the request, and the client was paused.
            context.resume(.client)
        }
        setDue(deadlines.answer, &state, context)
        guard head.kind.mayRepeat, head.body == .none, !head.asksUpgrade else { return }
        state.marks.insert(.mayRepeat)
    }

    /// Connects, and writes the head. Nil where hooks left none: the client was told.
    private func writeHooked(
        _ small: [UInt8]?, _ run: HTTPHookRun, _ state: HTTPExchange,
        _ context: borrowing PairContext
    ) -> RequestHead? {
        var bytes = run.request.written(run.requestFraming, host: authority.text)
        let headEnd = bytes.count
        if let small { bytes += small }
        do throws(HTTPRefusal) {
            return try bytes.withOctets { (octets) throws(HTTPRefusal) -> RequestHead in
                guard let head = try RequestHead.read(octets, .ofHooks), head.end == headEnd
                else { throw .requestLine }
                noteConnect(state)
                context.connect(upstream: run.upstream)
                context.send(
                    write(head, octets, octets.count - headEnd, state), to: .upstream)
                return head
            }
        } catch {
            fail(.refused(error), state, context)
            return nil
        }
    }

    /// A body that is with no hook, or goes by its hooks piece by piece.
    private func beginUntouched(
        _ head: RequestHead, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        guard run.seesPieces(.request) else { return beginBody(of: head, &state, context) }
        run.requestWay.use = .pass
        state.marks.formUnion([.divertsRequest, .bodyWaits])
        state.move(request: run.requestWay.length == .chunked ? .chunks : .body)
        context.pause(.client)
    }

    /// A kept connection was closed before a byte of the response: hooks do not see it.
    @inline(never)
    func repeatHooked(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        state.marks.remove(.mayRepeat)
        state.marks.insert(.isRepeated)
        _ = writeHooked(nil, run, state, context)
        setDue(deadlines.answer, &state, context)
    }

    // MARK: Replies

    private func reply(
        _ response: HTTPResponse, _ data: inout Buffer, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        do {
            try response.check()
        } catch {
            return fail(.thrown("reply", error), state, context)
        }
        let isTaken = run.requestWay.isTaken
        let isKept = isTaken || run.canDrop
        state.marks.insert(isKept ? .dropsRequest : .closesClient)
        run.setReply(response)
        guard writeHookedResponse(run, &state, context) != nil else { return }
        // A large response goes on as the client takes it.
        let isSending = state.marks.contains(.sendsResponse)
        if isSending {
            state.move(response: .head)
            state.move(response: .hooked)
            context.pause(.client)
        }
        if !isSending { noteDone(state, context) }
        guard isKept else { return isSending ? () : context.end() }
        guard isTaken else { return try divertRequest(.drop, &data, run, &state, context) }
        if state.request != .done { state.move(request: .done) }
        if !isSending { exchangeDone(&state, context) }
    }
}

extension HTTPLimits {
    /// What hooks may leave.
    static let ofHooks: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headBytes = headBytesMax
        limits.requestLineBytes = headBytesMax
        limits.fields = fieldsMax
        return limits
    }()
}
