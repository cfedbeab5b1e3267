internal import Pelmeni

/// What a bridge asks of the call that it is in, towards its HTTP client.
protocol BridgeSide: ~Copyable {
    var now: UInt64 { get }
    var room: Int { get }
    var isDraining: Bool { get }
    var client: Address { get }
    func resumeClient()
    func end(_ cause: EndCause, reset: Bool, reason: String)
    func sendToClient(_ data: consuming Buffer)
    func timer(after time: Duration?)
}

extension Context: BridgeSide {
    func sendToClient(_ data: consuming Buffer) { send(data) }
    func resumeClient() { resume() }
}

extension PairContext: BridgeSide {
    func sendToClient(_ data: consuming Buffer) { send(data, to: .client) }
    func resumeClient() { resume(.client) }
}

extension BridgeExchange {
    mutating func setDue(_ time: Duration, _ context: borrowing some BridgeSide & ~Copyable) {
        if let wait = clock.set(time, now: context.now) { context.timer(after: wait) }
    }

    /// The timer fired. True if its time is over.
    mutating func checkTime(_ context: borrowing some BridgeSide & ~Copyable) -> Bool {
        switch clock.look(now: context.now) {
        case .nothing: return false
        case .after(let wait):
            context.timer(after: wait)
            return false
        case .due: return true
        }
    }

    /// Reads the head of the next request; nil while it is not complete, or once the session is
    /// over. A request that may go no further is answered.
    mutating func nextHead(
        _ data: inout Buffer, _ limits: HTTPLimits, _ deadlines: HTTPDeadlines,
        _ context: borrowing some BridgeSide & ~Copyable
    ) throws(HTTPRefusal) -> RequestHead? {
        while !data.isEmpty {
            guard let head = try readHead(data, limits) else {
                guard isIdle else { return nil }
                marks.insert(.isMidHead)
                setDue(deadlines.head, context)
                return nil
            }
            note(head, isDraining: context.isDraining)
            guard head.countsForwards, head.facts.maxForwards == 0 else { return head }
            guard head.body == .none else { throw .forwardsOver }
            let isClosing = marks.contains(.closesClient)
            context.sendToClient(
                OwnResponse.forwards(isTrace: head.kind == .trace, isClosing: isClosing))
            data.removeFirst(head.end)
            marks = []
            guard !isClosing else {
                move(to: .over)
                return nil
            }
            setDue(deadlines.clientIdle, context)
            // Hundreds of them: the rest is offered again.
            guard context.room > 8 else { return nil }
        }
        return nil
    }

    /// Reads a request to its end. True once it is there, head and body in front of the data.
    ///
    /// - Parameter most: bytes of a body.
    mutating func nextRequest(
        _ data: inout Buffer, most: Int, _ limits: HTTPLimits, _ deadlines: HTTPDeadlines,
        _ context: borrowing some BridgeSide & ~Copyable
    ) throws(HTTPRefusal) -> Bool {
        if phase == .head {
            guard let head = try nextHead(&data, limits, deadlines, context) else { return false }
            move(to: .body)
            try goOn(head, data.count, most: bodyBytesMax(most), context)
        }
        guard phase == .body else { return false }
        setDue(deadlines.body, context)
        let bytesMax = bodyBytesMax(most)
        guard try body.collect(&data, most: bytesMax, limits) else { return false }
        move(to: .ready)
        clock.clear()
        return true
    }

    /// Head and body lie in the bytes left untaken until they are complete.
    private func bodyBytesMax(_ most: Int) -> Int {
        min(most, HTTPLimits.headBytesMax &- 1 &- body.headBytes)
    }

    /// A body that is too long is refused at once; one that is awaited is asked for.
    private func goOn(
        _ head: RequestHead, _ there: Int, most: Int,
        _ context: borrowing some BridgeSide & ~Copyable
    ) throws(HTTPRefusal) {
        if case .bytes(let count) = head.body {
            guard count <= UInt64(most) else { throw .bodyTooLong }
            guard UInt64(there &- head.end) < count else { return }
        }
        askForBody(head, context)
    }

    func askForBody(_ head: RequestHead, _ context: borrowing some BridgeSide & ~Copyable) {
        guard head.body != .none, head.facts.marks.contains(.expects), !head.isOldVersion
        else { return }
        context.sendToClient(OwnResponse.goOn())
    }

    /// A response of the bridge's own. Nothing follows it.
    mutating func answer(
        _ status: UInt16, _ reason: StaticString,
        _ context: borrowing some BridgeSide & ~Copyable
    ) {
        let isHead = marks.contains(.isHead)
        context.sendToClient(OwnResponse.failure(status, reason, isHead: isHead))
        move(to: .over)
    }

    /// The response with a whole body.
    ///
    /// - Parameter payload: where the body lies in the data.
    func respond(
        _ data: borrowing Buffer, _ payload: Range<Int>,
        _ context: borrowing some BridgeSide & ~Copyable
    ) {
        let hasBody = !marks.contains(.isHead) && !payload.isEmpty
        let connection = connection
        let head = data.withOctets { octets in
            Buffer.written(upTo: OwnResponse.headRoom + payload.count) { memory in
                var writer = HeadWriter(memory)
                OwnResponse.head(
                    bytes: payload.count, isChunked: false, connection, &writer)
                if hasBody { writer.write(octets, payload) }
                return writer.count
            }
        }
        context.sendToClient(head)
    }
}
