internal import Pelmeni

/// HTTP/1.1 between a client and upstreams: reads heads, gives bodies to the other side without
/// looking at them, and keeps connections to upstreams for later requests.
struct HTTPProxy: PairDriver {
    static var restMax: Int { HTTPLimits.headBytesMax }

    let limits: HTTPLimits
    let deadlines: HTTPDeadlines
    let forwarding: HTTPForwarding
    /// The Host of a request of HTTP/1.0 that has none.
    let authority: StaticText
    let hooks: HTTPHookChain
    let trusted: TrustedClients
    /// A client's end behind a whole request aborts its exchange.
    let abortsHalfClosed: Bool
    /// Where lines of the access log go; nil without one.
    let access: AccessSink?
    private let accessLog: HTTPAccessLog?
    /// Between two looks at a body.
    let bodyCheckInterval: Duration

    /// A linked body moves unseen, and is looked at so often within its deadline.
    static var bodyChecksMax: Int { 4 }

    init(
        limits: HTTPLimits, deadlines: HTTPDeadlines, forwarding: HTTPForwarding,
        authority: StaticText, hooks: HTTPHookChain = HTTPHookChain(server: [], client: []),
        trusted: TrustedClients = TrustedClients([]),
        abortsHalfClosed: Bool = false, accessLog: HTTPAccessLog? = nil, upstreams: [Endpoint] = []
    ) {
        self.limits = limits
        self.deadlines = deadlines
        self.forwarding = forwarding
        self.authority = authority
        self.hooks = hooks
        self.trusted = trusted
        self.abortsHalfClosed = abortsHalfClosed
        self.accessLog = accessLog
        access = accessLog?.sink(to: upstreams)
        bodyCheckInterval = deadlines.body / Self.bodyChecksMax
    }

    func makeState() throws -> HTTPExchange {
        var state = HTTPExchange()
        if !hooks.isEmpty { state.hooks = .passRetained(try HTTPHookRun(hooks)) }
        return state
    }

    func closing(
        _ cause: EndCause, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        closeAccess(cause, state, context)
        state.access.close()
        state.hooks?.release()
        state.hooks = nil
        state.freeMemory()
    }

    func opened(
        _ side: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard side == .upstream else {
            if context.client.port != nil { state.client.set(context.client.host) }
            state.client.isTrusted = trusted.contains(context.client)
            openAccess(&state, context)
            return setDue(deadlines.head, &state, context)
        }
        if state.marks.contains(.sendsRequest) { context.awaitDrained(.upstream) }
        guard state.marks.contains(.bodyWaits) else { return }
        state.marks.remove(.bodyWaits)
        beginBody(&state, context)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        try answerFailure(cause == .connectTimeout ? .upstreamSilent : .noUpstream, &state, context)
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws {
        do throws(HTTPRefusal) {
            if side == .client {
                try receivedRequest(&data, &state, context)
            } else {
                try receivedResponse(&data, &state, context)
            }
        } catch {
            noteRefusal(error, data, from: side, &state, context)
            if side == .upstream { data.removeAll() }
            try refuse(error, from: side, &state, context)
        }
    }

    func linked(
        from side: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        noteLinked(from: side, state, context)
        switch side {
        case .client:
            guard state.request == .chunks else { return requestDone(&state, context) }
            setBodyDue(&state, context)
            state.requestChunks.skip(state.requestChunks.dataLeft)
            Self.endChunk(to: .upstream, context)
        case .upstream:
            guard state.response == .chunks else {
                return state.response == .untilEnd ? () : responseDone(&state, context)
            }
            setBodyDue(&state, context)
            state.responseChunks.skip(state.responseChunks.dataLeft)
            if state.marks.contains(.sendsChunks) { Self.endChunk(to: .client, context) }
        }
    }

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws {
        guard try !isRefused(rest, from: side, &state, context) else { return }
        if side == .client {
            clientEnded(isMidHead: !rest.isEmpty, &state, context)
        } else {
            try upstreamEnded(isBroken: false, &state, context)
        }
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        guard try !isRefused(rest, from: .upstream, &state, context) else { return }
        try upstreamEnded(isBroken: true, &state, context)
    }

    func finished(
        _ side: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        try hookReturned(side, &state, context)
    }

    func drained(
        _ side: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws {
        sendRest(to: side, &state, context)
    }

    func timer(_ state: inout HTTPExchange, _ context: borrowing PairContext) throws {
        state.timerAt = 0
        guard state.dueAt != 0 else { return }
        guard context.now >= state.dueAt else {
            return armTimer(&state, context)
        }
        state.dueAt = 0
        try expired(&state, context)
    }

    func draining(_ state: inout HTTPExchange, _ context: borrowing PairContext) throws {
        if state.isIdle {
            context.end()
        } else {
            state.marks.insert(.closesClient)
        }
    }

    // MARK: Deadlines

    /// Something has to happen within a time. A later moment than that of the armed timer costs
    /// nothing: the timer looks again.
    func setDue(
        _ time: Duration, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        let (seconds, attoseconds) = time.components
        let nanoseconds =
            UInt64(clamping: seconds) &* 1_000_000_000
            &+ UInt64(clamping: attoseconds / 1_000_000_000)
        state.dueAt = context.now &+ nanoseconds
        if state.timerAt == 0 || state.timerAt > state.dueAt { armTimer(&state, context) }
    }

    /// A body moves, or has a time to.
    func setBodyDue(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        guard !state.marks.contains(.waitsForHook) else { return }
        state.bodyBytesLeft = Self.bodyBytesLeft(state, context)
        state.bodyChecks = 0
        setDue(bodyCheckInterval, &state, context)
    }

    /// A number that changes as bodies move.
    static func bodyBytesLeft(
        _ state: HTTPExchange, _ context: borrowing PairContext
    ) -> UInt64 {
        let linked = linkedBytesLeft(context)
        guard !state.marks.isDisjoint(with: [.sendsRequest, .sendsResponse]) else { return linked }
        let queued = context.queued(for: .client) &+ context.queued(for: .upstream)
        return linked &+ UInt64(truncatingIfNeeded: queued)
    }

    static func linkedBytesLeft(_ context: borrowing PairContext) -> UInt64 {
        context.linkedBytesLeft(from: .client) &+ context.linkedBytesLeft(from: .upstream)
    }

    private func armTimer(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        state.timerAt = state.dueAt
        context.timer(after: .nanoseconds(Int64(clamping: state.dueAt &- context.now)))
    }
}
