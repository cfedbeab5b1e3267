// Asynchronous hooks: a task for each call, on the worker's executor until it waits.
extension HookTable {
    /// A call of an asynchronous hook.
    private typealias AsyncCall =
        @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict

    private static let noAsyncCall: AsyncCall = { data, _ in .forward(data) }

    /// An asynchronous hook of a server. Its moments are the protocols that it has.
    ///
    /// - Parameter deadline: of each call; then the session closes with cause `hook`.
    public convenience init<H: AsyncServerHook>(ofServer hook: H, deadline: Duration) {
        self.init(hook, deadline: deadline, isOfServer: true)
    }

    /// An asynchronous hook of a client. Its moments are the protocols that it has.
    ///
    /// - Parameter deadline: of each call; then the session closes with cause `hook`.
    public convenience init<H: AsyncClientHook>(ofClient hook: H, deadline: Duration) {
        self.init(hook, deadline: deadline, isOfServer: false)
    }

    private convenience init<H: AsyncHook>(_ hook: H, deadline: Duration, isOfServer: Bool) {
        var moments: HookMoments = []
        var request = Self.noAsyncCall
        var respond = Self.noAsyncCall
        if let hook = hook as? any AsyncBeforeForward {
            moments.insert(.forward)
            if isOfServer { request = { try await hook.beforeForward($0, $1) } }
        }
        if let hook = hook as? any AsyncBeforeSend {
            moments.insert(.send)
            if !isOfServer { request = { try await hook.beforeSend($0, $1) } }
        }
        if let hook = hook as? any AsyncBeforeRespond {
            moments.insert(.respond)
            respond = { try await hook.beforeRespond($0, $1) }
        }
        self.init(
            name: "\(H.self)", moments: moments, request: request, respond: respond,
            deadline: deadline, isMixed: hook is any Hook)
    }

    /// An asynchronous closure for each unit that a client sent.
    public convenience init(
        asyncBeforeForward body:
            @escaping @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict,
        deadline: Duration
    ) {
        self.init(name: "beforeForward", moments: .forward, request: body, deadline: deadline)
    }

    /// An asynchronous closure for each unit that is about to be sent to an upstream.
    public convenience init(
        asyncBeforeSend body:
            @escaping @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict,
        deadline: Duration
    ) {
        self.init(name: "beforeSend", moments: .send, request: body, deadline: deadline)
    }

    /// An asynchronous closure for each unit on its way to a client.
    public convenience init(
        asyncBeforeRespond body:
            @escaping @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict,
        deadline: Duration
    ) {
        self.init(name: "beforeRespond", moments: .respond, respond: body, deadline: deadline)
    }

    private convenience init(
        name: String, moments: HookMoments, request: @escaping AsyncCall = noAsyncCall,
        respond: @escaping AsyncCall = noAsyncCall, deadline: Duration, isMixed: Bool = false
    ) {
        self.init(
            name: name, moments: moments,
            begin: { _, session in
                let ticket = session.takeTicket()
                let info = SessionInfo(session)
                let call = info.isToClient ? respond : request
                ticket.task = Task(executorPreference: session.executor) {
                    await ticket.answer(call, info)
                }
                return Unmanaged.passRetained(ticket).toOpaque()
            },
            cancel: { token in
                let ticket = Unmanaged<HookTicket>.fromOpaque(token).takeRetainedValue()
                ticket.task?.cancel()
                ticket.task = nil
            },
            deadline: max(1, deadline.nanosecondsOfHook), asyncDeadline: deadline,
            isMixed: isMixed)
    }
}

extension Duration {
    /// Whole nanoseconds, 0 at least, and some years at most.
    fileprivate var nanosecondsOfHook: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 1 << 28 else { return 1 << 58 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

extension Session {
    /// Where the task of an asynchronous call runs.
    var executor: HookExecutor? { call.pointee.executor?.takeUnretainedValue() }
}
