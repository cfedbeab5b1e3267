internal import ExampleSupport
internal import Pelmeni

/// Forwards requests and responses of HTTP/1.1 whose bodies have a `Content-Length` or are empty,
/// and keeps connections to the upstream for later requests, of any client.
///
/// It shows what a driver of both sides does: it reads heads, and links what they announce. It
/// rewrites nothing, and is no proxy for the internet.
struct FixedHTTPDriver: PairDriver {
    /// Bytes of a head, at most.
    static var restMax: Int { 32 << 10 }

    /// The exchange of a session.
    struct State: Sendable {
        /// Bytes of the request, head and body; 0 between exchanges.
        var requestBytes: UInt64 = 0
        /// The response to `HEAD` has no body, whatever its length.
        var isHead = false
        /// The response's head went to the client.
        var hasAnswered = false
        /// The whole request is with the upstream.
        var isAsked = false
    }

    func makeState() throws -> State { State() }

    func opened(
        _ side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        guard side == .upstream else { return }
        // Head and body go on as they lie, and as they come.
        context.link(from: .client, bytes: state.requestBytes)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        try refuse("502 Bad Gateway", context)
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout State,
        _ context: borrowing PairContext
    ) throws {
        guard let head = data.withUnsafeBytes({ FixedHead($0) }) else {
            guard data.count >= Self.restMax else { return }
            return try refuse("431 Request Header Fields Too Large", context)
        }
        guard head.isFramed else {
            return try refuse(side == .client ? "501 Not Implemented" : "502 Bad Gateway", context)
        }
        if side == .client {
            state.requestBytes = head.bytes + head.bodyBytes
            state.isHead = head.isHeadRequest
            // The next request waits for this one's response.
            context.pause(.client)
            context.connect()
        } else {
            state.hasAnswered = true
            context.link(
                from: .upstream, bytes: head.bytes + (state.isHead ? 0 : head.bodyBytes))
        }
    }

    func linked(
        from side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        guard side == .upstream else {
            state.isAsked = true
            return
        }
        // A connection whose request is not complete cannot have another one.
        if state.isAsked { context.park() } else { context.closeUpstream(reset: true) }
        guard state.isAsked else { return context.end() }
        state = State()
        context.resume(.client)
    }

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout State,
        _ context: borrowing PairContext
    ) throws {
        if side == .client {
            // Half a request has no response.
            context.end(reset: !rest.isEmpty || state.requestBytes > 0)
        } else {
            try upstreamFailed(state, context)
        }
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        try upstreamFailed(state, context)
    }

    /// A response that is cut off must not look whole.
    private func upstreamFailed(_ state: State, _ context: borrowing PairContext) throws {
        guard state.hasAnswered else { return try refuse("502 Bad Gateway", context) }
        context.end(.upstreamReset, reset: true)
    }

    private func refuse(_ status: String, _ context: borrowing PairContext) throws {
        context.closeUpstream(reset: true)
        context.send(
            try Buffer("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            to: .client)
        context.end()
    }

    func draining(_ state: inout State, _ context: borrowing PairContext) throws {
        if state.requestBytes == 0 { context.end() }
    }
}

/// The server of a pair, with the proxy between its sides.
func fixedHTTP(listen: HostPort, upstream: HostPort) -> some Server {
    DrivenPair(
        FixedHTTPDriver(), TCPClient(upstream.host, port: upstream.port),
        listen: .tcp(host: listen.host, port: listen.port))
}
