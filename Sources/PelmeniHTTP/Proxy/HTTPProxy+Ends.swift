internal import Pelmeni

// Refusals, failures of the upstream, ends and deadlines.
extension HTTPProxy {
    /// Why the upstream has no answer.
    enum Failure {
        case noUpstream, upstreamClosed, upstreamInvalid, upstreamSilent

        var status: UInt16 {
            switch self {
            case .noUpstream: 503
            case .upstreamClosed, .upstreamInvalid: 502
            case .upstreamSilent: 504
            }
        }

        var reason: StaticString {
            switch self {
            case .noUpstream: "no upstream accepted"
            case .upstreamClosed: "the upstream closed its connection without a response"
            case .upstreamInvalid: "the upstream's response is invalid"
            case .upstreamSilent: "the upstream did not answer in time"
            }
        }
    }

    /// A message is not taken: nothing of its connection is, behind it.
    func refuse(
        _ refusal: HTTPRefusal, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws {
        guard side == .client else {
            guard state.response == .head || state.marks.contains(.holdsResponse) else {
                return cutOff(context)
            }
            return try answerFailure(.upstreamInvalid, &state, context)
        }
        // The response to a request whose body is bad may be on its way.
        let isUnanswered = state.response == .none || state.response == .head
        guard isUnanswered || state.marks.contains(.holdsResponse) else { return cutOff(context) }
        noteAnswer(refusal.status, refusal.reason, isHead: false, state, context)
        answer(refusal.status, refusal.reason, isHead: false, context)
    }

    /// The client gets a response of the proxy's own. Its connection is closed behind it.
    func answerFailure(
        _ failure: Failure, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        let isHead = state.marks.contains(.isHead)
        noteAnswer(failure.status, failure.reason, isHead: isHead, state, context)
        answer(
            failure.status, failure.reason, isHead: state.marks.contains(.isHead), context)
    }

    private func answer(
        _ status: UInt16, _ reason: StaticString, isHead: Bool, _ context: borrowing PairContext
    ) {
        sendAnswer(status, reason, isHead: isHead, context)
        context.end()
    }

    func sendAnswer(
        _ status: UInt16, _ reason: StaticString, isHead: Bool, _ context: borrowing PairContext
    ) {
        context.closeUpstream(reset: true)
        context.send(OwnResponse.failure(status, reason, isHead: isHead), to: .client)
    }

    /// A response that is cut off must not look whole.
    private func cutOff(
        _ context: borrowing PairContext, _ cause: EndCause = .upstreamReset
    ) {
        context.end(cause, reset: true)
    }

    // MARK: Ends

    /// Whether a side ends behind bytes that are no head, or no beginning of one. Those behind the
    /// last line's end were not read: they are now, so that the verdict is that of the whole.
    func isRefused(
        _ rest: borrowing Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws -> Bool {
        let isToHead = state.marks.contains(.isHead)
        do throws(HTTPRefusal) {
            if side == .client, state.requestHeadRead > 0 {
                _ = try rest.withOctets { octets throws(HTTPRefusal) in
                    try RequestHead.read(octets, limits)
                }
            } else if side == .upstream, state.responseHeadRead > 0 {
                _ = try rest.withOctets { octets throws(HTTPRefusal) in
                    try ResponseHead.read(octets, limits, isToHead: isToHead)
                }
            }
            return false
        } catch {
            noteRefusal(error, rest, from: side, &state, context)
            try refuse(error, from: side, &state, context)
            return true
        }
    }

    /// The client has ended its stream: half of a request has no response.
    func clientEnded(
        isMidHead: Bool, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        if state.response == .tunnel {
            state.marks.insert(.clientEnded)
            guard !state.marks.contains(.upstreamEnded) else { return context.end() }
            return context.shutdown(.upstream)
        }
        if state.dropsBehindResponse { return context.end() }
        if state.marks.isSuperset(of: [.dropsRequest, .sendsResponse]) {
            // The response goes on to its end, and the connection ends behind it.
            state.marks.remove(.dropsRequest)
            state.marks.insert(.closesClient)
            return
        }
        guard !abortsExchange(state, context) else { return }
        // Kept bytes are of a request that is answered.
        guard state.request == .head || state.request == .done else {
            context.closeUpstream(reset: true)
            return context.end(.clientReset, reset: true)
        }
        if state.isIdle { context.end(reset: isMidHead && state.keptBytes == 0) }
    }

    /// The upstream has ended its stream, or its connection is broken.
    func upstreamEnded(
        isBroken: Bool, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        switch state.response {
        case .none: context.closeUpstream(reset: isBroken)
        case .head:
            guard !repeats(&state, context) else { return }
            try answerFailure(.upstreamClosed, &state, context)
        case .untilEnd where !isBroken && state.marks.contains(.divertsResponse):
            try divertedEnded(&state, context)
        case _ where state.marks.contains(.sendsResponse):
            // The response is there whole.
            state.marks.remove(.keepsUpstream)
            context.closeUpstream(reset: isBroken)
        case _ where state.marks.contains(.holdsResponse):
            try answerFailure(.upstreamClosed, &state, context)
        case .hooked, .body, .chunks, .trailers: cutOff(context)
        case .untilEnd:
            guard !isBroken else { return cutOff(context) }
            if state.marks.contains(.sendsChunks) {
                context.send(
                    Buffer.written(upTo: 8) { memory in
                        var writer = HeadWriter(memory)
                        writer.write("0\r\n\r\n")
                        return writer.count
                    }, to: .client)
            }
            responseDone(&state, context)
        case .tunnel:
            guard !isBroken else { return cutOff(context) }
            state.marks.insert(.upstreamEnded)
            guard !state.marks.contains(.clientEnded) else { return context.end() }
            context.shutdown(.client)
        }
    }

    /// A kept connection was closed before a byte of the response: the request goes out once more.
    private func repeats(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) -> Bool {
        guard context.isReused, state.marks.contains(.mayRepeat), state.responseHeadRead == 0
        else { return false }
        context.closeUpstream(reset: true)
        guard state.hooks == nil else {
            repeatHooked(&state, context)
            return true
        }
        state.move(response: .none)
        state.move(request: .head)
        state.marks = [.isRepeated]
        state.keptBytes = 0
        context.resume(.client)
        return true
    }

    // MARK: Deadlines

    func expired(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        if state.hooks != nil, hookExpired(&state, context) { return }
        guard !readsOnceMore(&state, context) else { return }
        guard !state.hasBody else { return try bodyExpired(&state, context) }
        if state.request == .head {
            guard state.marks.contains(.isMidHead) else { return context.end(.idle) }
            noteAnswer(408, "the head did not come in time", isHead: false, state, context)
            return answer(408, "the head did not come in time", isHead: false, context)
        }
        if state.response == .head { return try answerFailure(.upstreamSilent, &state, context) }
    }

    /// A time is over that a head has begun in: what came behind its last line's end is read first,
    /// and may be refused. Then the timer fires once more.
    private func readsOnceMore(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) -> Bool {
        let side: PairSide = state.requestHeadRead > 0 ? .client : .upstream
        guard !state.marks.contains(.isOverdue), state.requestHeadRead | state.responseHeadRead > 0
        else { return false }
        state.marks.insert(.isOverdue)
        state.requestHeadRead = 0
        state.responseHeadRead = 0
        context.resume(side)
        setDue(.zero, &state, context)
        return true
    }

    /// A body that was linked may have moved unseen.
    private func bodyExpired(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard Self.bodyBytesLeft(state, context) == state.bodyBytesLeft else {
            return setBodyDue(&state, context)
        }
        state.bodyChecks &+= 1
        guard Int(state.bodyChecks) >= Self.bodyChecksMax else {
            return setDue(bodyCheckInterval, &state, context)
        }
        if state.marks.contains(.sendsResponse) { return cutOff(context, .idle) }
        if state.dropsBehindResponse { return context.end(.idle) }
        if state.marks.contains(.sendsRequest), state.response == .head {
            return try answerFailure(.upstreamSilent, &state, context)
        }
        if state.marks.contains(.holdsResponse) {
            return try answerFailure(.upstreamSilent, &state, context)
        }
        guard state.response == .head || state.response == .none else {
            return cutOff(context, .idle)
        }
        noteAnswer(408, "the body did not come in time", isHead: false, state, context)
        answer(408, "the body did not come in time", isHead: false, context)
    }
}
