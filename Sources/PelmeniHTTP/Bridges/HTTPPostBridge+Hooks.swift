internal import Pelmeni

// Typed hooks of a client behind messages.
extension HTTPPostBridge {
    /// Shows the POST of a message to its hooks, and sends what they leave.
    @inline(never)
    func sendHooked(
        _ data: consuming Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        let bytes = data.array
        let whole = [UInt8](unsafeUninitializedCapacity: writer.room + bytes.count) {
            var head = HeadWriter(UnsafeMutableRawBufferPointer($0))
            writer.write(bytes: bytes.count, state.client, &head)
            bytes.withOctets { head.write($0, 0..<bytes.count) }
            $1 = head.count
        }
        let session = HTTPSession(client: context.client, upstream: nil, request: nil)
        let step = try whole.withOctets { (octets) throws(HTTPRefusal) in
            guard let head = try RequestHead.read(octets, .ofHooks) else {
                throw .requestLine
            }
            return run.show(octets, head, body: head.end..<octets.count, session)
        }
        switch step {
        case .forward: try write(run.request, context)
        case .reply(let response): deliver(response, &state, context, keepsUpstream: true)
        case .close(let reason): context.end(.hook, reset: true, reason: reason)
        case .fail(let failure): throw HTTPHookError(failure.reason)
        }
    }

    private func write(_ request: HTTPRequest, _ context: borrowing Context) throws {
        var bytes = request.written(.bytes(request.body.count))
        let headEnd = bytes.count
        bytes += request.body.bytes
        let end = try bytes.withOctets { (octets) throws(HTTPRefusal) in
            try RequestHead.read(octets, .ofHooks)?.end
        }
        guard end == headEnd else { throw HTTPHookError("a hook left a request that is none") }
        context.send(try Buffer(bytes))
    }

    /// Shows a whole response, in front of the data, to its hooks, and delivers what they leave.
    @inline(never)
    func showResponse(
        _ data: inout Buffer, _ state: inout PostExchange, _ context: borrowing Context
    ) throws {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        let (headBytes, end) = (state.body.headBytes, state.body.end)
        let isKept = state.keepsUpstream && data.count == end
        let session = HTTPSession(
            client: context.client, upstream: context.upstream, request: run.request)
        let step = try data.withOctets { (octets) throws(HTTPRefusal) in
            let part = Octets(octets.start, count: headBytes)
            guard let head = try ResponseHead.read(part, .ofHooks, isToHead: false) else {
                throw .statusLine
            }
            var response = HTTPResponse(octets, head)
            response.collect(HTTPBody(octets[headBytes..<end]))
            return run.show(response, session)
        }
        data.removeFirst(end)
        switch step {
        case .forward:
            guard run.response.status < 400 else {
                let failure = BridgeFailure(
                    reason: BridgeFailure.status.reason, status: run.response.status)
                return try fail(failure, .unanswered, &state, context, keepsUpstream: isKept)
            }
            deliver(run.response, &state, context, keepsUpstream: isKept)
        case .reply(let response):
            deliver(response, &state, context, keepsUpstream: isKept)
        case .close(let reason): context.end(.hook, reset: true, reason: reason)
        case .fail(let failure): throw HTTPHookError(failure.reason)
        }
    }

    /// The body is the answer to the message.
    private func deliver(
        _ response: HTTPResponse, _ state: inout PostExchange, _ context: borrowing Context,
        keepsUpstream: Bool
    ) {
        let bytes = response.body.bytes
        if bytes.count <= context.longestMessage, let message = try? Buffer(bytes) {
            context.deliver(message)
        } else {
            context.drop(.oversize)
        }
        finish(&state, context, keepsUpstream: keepsUpstream)
    }
}
