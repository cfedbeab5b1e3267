internal import Pelmeni

// Typed hooks of bridges: messages are whole, so that no hook waits for a body.
extension HTTPHookRun {
    /// What a bridge does with a message behind its hooks.
    enum BridgeStep {
        case forward
        case reply(HTTPResponse)
        case close(String)
        case fail(HTTPHookFailure)
    }

    /// Shows a whole request to its hooks.
    func show(
        _ octets: Octets, _ head: RequestHead, body: Range<Int>, _ session: HTTPSession
    ) -> BridgeStep {
        begin(octets, head)
        requestWay.isTaken = true
        request.collect(HTTPBody(octets[body]))
        let step = bridgeStep(advanceRequest(session))
        guard case .forward = step else { return step }
        var body = request.body
        do throws(HTTPHookFailure) {
            try pass(&body, isEnd: true, .request, session)
        } catch {
            return .fail(error)
        }
        request.body = body
        return .forward
    }

    /// Shows a whole response to its hooks.
    func show(
        _ response: HTTPResponse, _ session: HTTPSession
    ) -> BridgeStep {
        self.response = response
        responseWay = Way(.none, stage: lastStage)
        let step = bridgeStep(advanceResponse(session))
        guard case .forward = step else { return step }
        var body = self.response.body
        do throws(HTTPHookFailure) {
            try pass(&body, isEnd: true, .response, session)
        } catch {
            return .fail(error)
        }
        self.response.body = body
        return .forward
    }

    private func bridgeStep(_ step: Step) -> BridgeStep {
        switch step {
        case .forward: .forward
        case .reply(let response): .reply(response)
        case .close(let reason): .close(reason)
        case .fail(let failure): .fail(failure)
        case .collect, .wait: .fail(.thrown("bridge", HTTPHookError("a hook has to wait")))
        }
    }
}

/// Why a pair does not start: its hooks have no moment there.
enum BridgeHookError: Error, CustomStringConvertible {
    case waits(String)
    case ofStream(String)

    var description: String {
        switch self {
        case .waits(let hook):
            "the hook \(hook) is asynchronous: that takes HTTP on both sides of the pair"
        case .ofStream(let hook):
            "the hook \(hook) has no moment between HTTP and a stream without framing"
        }
    }
}

extension HTTPHookChain {
    /// Hooks of a bridge do not wait.
    func checkBridge() throws(BridgeHookError) {
        for table in tables where table.asyncRequest != nil || table.asyncResponse != nil {
            throw .waits(table.name)
        }
    }

    /// An instance of each hook for a session; nil without hooks.
    func begin() throws -> Unmanaged<HTTPHookRun>? {
        isEmpty ? nil : .passRetained(try HTTPHookRun(self))
    }
}

extension HTTPResponse {
    /// The message as bytes for a client, whose connection is kept or not. Nil where hooks left a
    /// head that is none.
    func written(isToHead: Bool, _ connection: ResponseWriter.Connection) -> [UInt8]? {
        let hasNone = status == 204 || status == 304
        let bytes = written(hasNone ? BodyFraming.none : .bytes(body.count))
        return bytes.withOctets { octets in
            let read = try? ResponseHead.read(octets, .ofHooks, isToHead: isToHead)
            guard let head = read, head.end == octets.count else { return nil }
            let hasBody = head.body != .none
            let count = hasBody ? body.count : 0
            return [UInt8](unsafeUninitializedCapacity: ResponseWriter.room(head) + count) {
                let room = UnsafeMutableRawBufferPointer($0)
                $1 = ResponseWriter.write(head, octets, isChunked: false, connection, into: room)
                guard hasBody else { return }
                let written = $1
                body.bytes.withOctets { $0.copy(0..<count, into: room, at: written) }
                $1 += count
            }
        }
    }
}
