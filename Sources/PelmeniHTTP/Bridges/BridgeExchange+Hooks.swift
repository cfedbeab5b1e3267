internal import Pelmeni

// Typed hooks of a server before an upstream without HTTP.
extension BridgeExchange {
    /// Shows a whole request, in front of the data, to its hooks. False where it does not go on: a
    /// hook has answered, or the exchange is over.
    @inline(never)
    mutating func showRequest(
        _ data: inout Buffer, most: Int, _ limits: HTTPLimits, _ deadlines: HTTPDeadlines,
        _ context: borrowing some BridgeSide & ~Copyable
    ) throws(HTTPRefusal) -> Bool {
        guard let run = hooks?.takeUnretainedValue() else { return true }
        let (headBytes, end) = (body.headBytes, body.end)
        let session = HTTPSession(client: context.client, upstream: nil, request: nil)
        let step = try data.withOctets { (octets) throws(HTTPRefusal) -> HTTPHookRun.BridgeStep? in
            let head = try RequestHead.read(Octets(octets.start, count: headBytes), limits)
            return head.map { run.show(octets, $0, body: headBytes..<end, session) }
        }
        switch step {
        case .forward, nil: break
        case .reply(let response):
            data.removeFirst(end)
            answer(response, deadlines, context)
            return false
        case .close(let reason):
            context.end(.hook, reset: true, reason: reason)
            move(to: .over)
            return false
        case .fail(let failure):
            fail(failure, context)
            return false
        }
        let bytes = run.request.body.bytes
        guard bytes.count <= most else { throw .bodyTooLong }
        do throws(BufferError) {
            try data.replaceSubrange(headBytes..<end, with: bytes)
        } catch {
            throw .bodyTooLong
        }
        body.replace(bytes: bytes.count)
        return true
    }

    /// A hook's own response. The next request follows it, or the exchange is over.
    private mutating func answer(
        _ response: HTTPResponse, _ deadlines: HTTPDeadlines,
        _ context: borrowing some BridgeSide & ~Copyable
    ) {
        guard write(response, context) else { return }
        guard !marks.contains(.closesClient) else { return move(to: .over) }
        move(to: .asked)
        restart()
        setDue(deadlines.clientIdle, context)
        context.resumeClient()
    }

    /// The response with a whole body, as hooks leave it.
    ///
    /// - Parameter payload: where the body lies in the data.
    mutating func respondHooked(
        _ data: borrowing Buffer, _ payload: Range<Int>,
        _ context: borrowing some BridgeSide & ~Copyable
    ) {
        guard let run = hooks?.takeUnretainedValue() else { return }
        var response = HTTPResponse(200, body: data.withOctets { HTTPBody($0[payload]) })
        response.fields["Content-Type"] = "application/octet-stream"
        let session = HTTPSession(client: context.client, upstream: 0, request: run.request)
        switch run.show(response, session) {
        case .forward: _ = write(run.response, context)
        case .reply(let response): _ = write(response, context)
        case .close(let reason): context.end(.hook, reset: true, reason: reason)
        case .fail(let failure): fail(failure, context)
        }
    }

    /// False where hooks left a response that is none: the client was told.
    private mutating func write(
        _ response: HTTPResponse, _ context: borrowing some BridgeSide & ~Copyable
    ) -> Bool {
        do {
            try response.check()
            let bytes = response.written(isToHead: marks.contains(.isHead), connection)
            guard let bytes else { throw HTTPHookError("a response that is none") }
            context.sendToClient(try Buffer(bytes))
            return true
        } catch {
            fail(.thrown("response", error), context)
            return false
        }
    }

    /// The client is told of a hook's failure, and the log of its reason.
    private mutating func fail(
        _ failure: HTTPHookFailure, _ context: borrowing some BridgeSide & ~Copyable
    ) {
        let isHead = marks.contains(.isHead)
        context.sendToClient(
            OwnResponse.failure(
                failure.status, "the proxy failed on this exchange", isHead: isHead))
        context.end(.hook, reset: false, reason: failure.reason)
        marks.insert(.closesClient)
        if phase != .asked { move(to: .over) }
    }
}
