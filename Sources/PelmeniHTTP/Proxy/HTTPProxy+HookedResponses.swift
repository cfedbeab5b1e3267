internal import Pelmeni

// Responses of a pair with hooks.
extension HTTPProxy {
    /// Gives a response to its hooks.
    @inline(never)
    func hookResponse(
        _ head: ResponseHead, _ data: inout Buffer, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        data.withOctets { run.begin($0, head) }
        data.removeFirst(head.end)
        if head.keepsConnection { state.marks.insert(.keepsUpstream) }
        state.marks.insert(.holdsResponse)
        state.move(response: .hooked)
        try advanceResponse(&data, run, &state, context)
    }

    private func advanceResponse(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let step = run.advanceResponse(Self.session(context, run.request))
        try actOnResponse(step, &data, run, &state, context)
    }

    /// What the hooks of a response have decided.
    func actOnResponse(
        _ step: HTTPHookRun.Step, _ data: inout Buffer, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        switch step {
        case .forward: try sendHookedResponse(&data, run, &state, context)
        case .collect(let most):
            if case .bytes(let count) = run.responseWay.length, count > UInt64(most) {
                return fail(.tooLong("beforeRespond", ofRequest: false), state, context)
            }
            try divertResponse(.collect(most), &data, run, &state, context)
        case .reply(let response):
            run.setReply(response)
            do {
                try response.check()
            } catch {
                return fail(.thrown("reply", error), state, context)
            }
            try sendHookedResponse(&data, run, &state, context)
        case .close(let reason): context.end(.hook, reset: true, reason: reason)
        case .fail(let failure): fail(failure, state, context)
        case .wait(let deadline, let call):
            context.pause(.upstream)
            wait(for: deadline, run, &state, context)
            context.begin(for: .upstream, call)
        }
    }

    private func divertResponse(
        _ use: HTTPHookRun.Use, _ data: inout Buffer, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        run.responseWay.use = use
        state.marks.insert(.divertsResponse)
        switch run.responseWay.length {
        case .bytes, .none: state.move(response: .body)
        case .chunked: state.move(response: .chunks)
        case .untilEnd: state.move(response: .untilEnd)
        }
        setBodyDue(&state, context)
        try receivedDiverted(&data, from: .upstream, &state, context)
    }

    /// All of a diverted body was taken.
    func responseTaken(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        state.marks.remove(.divertsResponse)
        guard case .collect = run.responseWay.use else { return responseDone(&state, context) }
        state.move(response: .hooked)
        run.collected(.response)
        try advanceResponse(&data, run, &state, context)
    }

    /// The connection's end is that of a body which hooks see.
    @inline(never)
    func divertedEnded(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        var none = Buffer()
        run.responseWay.length = .none
        do throws(HTTPRefusal) {
            try receivedDiverted(&none, from: .upstream, &state, context)
        } catch {
            try refuse(error, from: .upstream, &state, context)
        }
    }

    // MARK: Sending

    private func sendHookedResponse(
        _ data: inout Buffer, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        // A body that the status does not have goes nowhere.
        let isWhole = run.wholeResponseBody != nil || run.hasNoBody
        guard let head = writeHookedResponse(run, &state, context) else { return }
        state.marks.remove(.holdsResponse)
        guard !isWhole, !run.responseWay.isTaken else {
            // What the upstream has still to send is not waited for.
            if !run.takeRest(&data) {
                state.marks.remove(.keepsUpstream)
                context.closeUpstream(reset: true)
            }
            guard !state.marks.contains(.sendsResponse) else { return }
            return responseDone(&state, context)
        }
        guard run.seesPieces(.response) else { return beginBody(head, &state, context) }
        try divertResponse(.pass, &data, run, &state, context)
    }

    /// Writes a response's head, and its body where that is there. Nil where hooks left none: the
    /// client was told.
    func writeHookedResponse(
        _ run: HTTPHookRun, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) -> ResponseHead? {
        let framing = run.responseFraming
        var bytes = run.response.written(framing)
        let headEnd = bytes.count
        let isHead = run.isHead
        let body = run.hasNoBody ? nil : run.wholeResponseBody
        // The log adds the chunks that came, which are this body.
        let wholeCount = (body?.count ?? 0) &- Int(clamping: state.responseChunks.passed)
        let small = run.smallBody(body, framing)
        if let small { bytes += small }
        let head: ResponseHead
        do throws(HTTPRefusal) {
            head = try bytes.withOctets { (octets) throws(HTTPRefusal) -> ResponseHead in
                let read = try ResponseHead.read(octets, .ofHooks, isToHead: isHead)
                guard let head = read, head.end == headEnd else { throw .statusLine }
                let connection = connection(behind: head, &state)
                noteResponse(head.status, wholeCount, state, context)
                send(
                    head, octets.count - headEnd, octets,
                    isChunked: state.marks.contains(.sendsChunks), connection,
                    context)
                return head
            }
        } catch {
            fail(.refused(error), state, context)
            return nil
        }
        if let body, small == nil {
            send(body, .response, run, &state, context)
        }
        return head
    }
}
