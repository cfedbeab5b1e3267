internal import Pelmeni

// Failures, ends and deadlines of a bridge to a stream.
extension HTTPStreamBridge {
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
        case .head: act(on: state.client.clientEnded(rest, limits), &state, context)
        case .done: state.client.marks.insert(.closesClient)
        // Half of a request has no response.
        case .body, .trailers: cutOff(context)
        }
    }

    /// What becomes of a session whose client is between two requests, or in a head.
    private func act(
        on ending: BridgeExchange.Ending, _ state: inout StreamExchange,
        _ context: borrowing PairContext
    ) {
        switch ending {
        case .goOn: break
        case .finish(let cause): finish(&state, context, cause)
        case .reset: cutOff(context)
        case .answer(let status, let reason): answer(status, reason, &state, context)
        case .readAgain:
            context.resume(.client)
            state.client.setDue(.zero, context)
        }
    }

    private func cutOff(_ context: borrowing PairContext) {
        context.closeUpstream(reset: true)
        context.end(.clientReset, reset: true)
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
    func answer(
        _ status: UInt16, _ reason: StaticString, _ state: inout StreamExchange,
        _ context: borrowing PairContext, _ cause: EndCause = .upstreamReset
    ) {
        guard state.client.phase != .over else { return }
        guard state.response == .none else { return context.end(cause, reset: true) }
        state.client.answer(status, reason, context)
        close(context)
    }

    func finish(
        _ state: inout StreamExchange, _ context: borrowing PairContext,
        _ cause: EndCause = .completed
    ) {
        state.client.move(to: .over)
        close(context, cause)
    }

    func close(_ context: borrowing PairContext, _ cause: EndCause = .completed) {
        context.closeUpstream(reset: true)
        context.end(cause)
    }

    // MARK: Deadlines

    /// A body moves, or has a time to.
    func setBodyDue(_ state: inout StreamExchange, _ context: borrowing PairContext) {
        state.looks = 0
        state.bytesLeft = HTTPProxy.linkedBytesLeft(context)
        state.client.setDue(lookInterval, context)
    }

    func timer(_ state: inout StreamExchange, _ context: borrowing PairContext) throws {
        guard state.client.checkTime(context) else { return }
        switch (state.request, state.response) {
        case (.head, _): act(on: state.client.expired(), &state, context)
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
