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
            guard state.response == .head else { return cutOff(context) }
            return try answerFailure(.upstreamInvalid, &state, context)
        }
        // The response to a request whose body is bad may be on its way.
        guard state.response == .none || state.response == .head else { return cutOff(context) }
        answer(refusal.status, refusal.reason, isHead: false, context)
    }

    /// The client gets a response of the proxy's own. Its connection is closed behind it.
    func answerFailure(
        _ failure: Failure, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        answer(
            failure.status, failure.reason, isHead: state.marks.contains(.isHead), context)
    }

    private func answer(
        _ status: UInt16, _ reason: StaticString, isHead: Bool, _ context: borrowing PairContext
    ) {
        context.closeUpstream(reset: true)
        context.send(OwnResponse.failure(status, reason, isHead: isHead), to: .client)
        context.end()
    }

    /// A response that is cut off must not look whole.
    private func cutOff(
        _ context: borrowing PairContext, _ cause: EndCause = .upstreamReset
    ) {
        context.end(cause, reset: true)
    }

    // MARK: Ends

    /// The client has ended its stream: half of a request has no response.
    func clientEnded(
        isMidHead: Bool, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        if state.response == .tunnel {
            state.marks.insert(.clientEnded)
            guard !state.marks.contains(.upstreamEnded) else { return context.end() }
            return context.shutdown(.upstream)
        }
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
        case .body, .chunks, .trailers: cutOff(context)
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
        guard !state.hasBody else { return try bodyExpired(&state, context) }
        if state.request == .head {
            guard state.marks.contains(.isMidHead) else { return context.end(.idle) }
            return answer(408, "the head did not come in time", isHead: false, context)
        }
        if state.response == .head { try answerFailure(.upstreamSilent, &state, context) }
    }

    /// A body that was linked may have moved unseen.
    private func bodyExpired(
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard Self.bodyBytesLeft(context) == state.bodyBytesLeft else {
            return setBodyDue(&state, context)
        }
        state.bodyChecks &+= 1
        guard state.bodyChecks >= Self.bodyChecksMax else {
            return setDue(bodyCheckInterval, &state, context)
        }
        guard state.response == .head else { return cutOff(context, .idle) }
        answer(408, "the body did not come in time", isHead: false, context)
    }
}

/// Reason phrases of the proxy's own responses, RFC 9110, 15.
enum StatusText {
    static func of(_ status: UInt16) -> StaticString {
        switch status {
        case 400: "Bad Request"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
