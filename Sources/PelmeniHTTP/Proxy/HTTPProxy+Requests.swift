internal import Pelmeni

// From the client's bytes to the upstream.
extension HTTPProxy {
    func receivedRequest(
        _ data: inout Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard !holdsPipelined(state, context) else { return }
        if state.keptBytes > 0 {
            // The request before this one is answered, and was not sent again.
            data.removeFirst(Int(state.keptBytes))
            state.keptBytes = 0
            guard !data.isEmpty else { return }
        }
        guard !state.marks.contains(.divertsRequest) else {
            return try receivedDiverted(&data, from: .client, &state, context)
        }
        switch state.request {
        case .head: try readRequest(&data, &state, context)
        case .chunks:
            setBodyDue(&state, context)
            guard try passChunks(&data, from: .client, &state, context) else { return }
            state.move(request: .trailers)
            try passTrailers(&data, from: .client, &state, context)
        case .trailers: try passTrailers(&data, from: .client, &state, context)
        case .hooked, .body, .done: break
        }
    }

    private func readRequest(
        _ data: inout Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let before = Int(state.requestHeadRead)
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try limits.areMet(octets, readBefore: before) ? RequestHead.read(octets, limits) : nil
        }
        guard let head = read else {
            state.requestHeadRead = UInt32(truncatingIfNeeded: data.count)
            notePartialHead(data, &state, context)
            return setHeadDue(&state, context)
        }
        state.requestHeadRead = 0
        noteRequest(head, data, &state, context)
        if head.countsForwards, head.facts.maxForwards == 0 {
            return try answerForwards(head, &data, &state, context)
        }
        guard state.hooks == nil else { return try hookRequest(head, &data, &state, context) }
        note(head, &state, isDraining: context.isDraining)
        // Sends wait for the upstream where it is dialled.
        context.connect()
        noteConnect(state)
        let bodyCount = Self.smallBody(head.body, data.count - head.end)
        let message = data.withOctets { write(head, $0, bodyCount ?? 0, state) }
        context.send(message, to: .upstream)
        state.move(response: .head)
        guard let bodyCount else {
            data.removeFirst(head.end)
            return beginBody(of: head, &state, context)
        }
        state.move(request: .done)
        if pausesBehind(data.count > head.end + bodyCount) { context.pause(.client) }
        setDue(deadlines.answer, &state, context)
        guard bodyCount == 0 else { return data.removeFirst(head.end + bodyCount) }
        // The head of an upgrade would go into its tunnel.
        guard head.kind.mayRepeat, !head.asksUpgrade, !state.marks.contains(.isRepeated) else {
            return data.removeFirst(head.end)
        }
        state.marks.insert(.mayRepeat)
        state.keptBytes = UInt32(truncatingIfNeeded: head.end)
    }

    /// What the response has to know of its request.
    func note(_ head: RequestHead, _ state: inout HTTPExchange, isDraining: Bool) {
        var marks: HTTPExchange.Marks = state.marks.intersection(.isRepeated)
        if !head.keepsConnection || isDraining { marks.insert(.closesClient) }
        if head.isOldVersion { marks.insert(.oldClient) }
        if head.kind == .head { marks.insert(.isHead) }
        if head.facts.marks.contains(.takesTrailers) { marks.insert(.takesTrailers) }
        if head.asksUpgrade { marks.insert(.asksUpgrade) }
        state.marks = marks
    }

    /// The length of a body that is there whole and goes out with its head, in one send; nil for
    /// another one.
    static func smallBody(_ body: BodyLength, _ available: Int) -> Int? {
        switch body {
        case .none: 0
        case .bytes(let count) where count <= copiedBytesMax && count <= UInt64(available):
            Int(count)
        case .bytes, .chunked, .untilEnd: nil
        }
    }

    func write(
        _ head: RequestHead, _ octets: Octets, _ bodyCount: Int, _ state: HTTPExchange
    ) -> Buffer {
        let additions = RequestWriter.Additions(
            client: state.client.text, authority: authority, forwarding: forwarding)
        let room = RequestWriter.room(head, additions)
        return Buffer.written(upTo: room + bodyCount) { memory in
            let count = RequestWriter.write(head, octets, additions, into: memory)
            octets.copy(head.end..<head.end + bodyCount, into: memory, at: count)
            return count + bodyCount
        }
    }

    /// RFC 9110, 7.6.2: a request that may go no further is answered here.
    private func answerForwards(
        _ head: RequestHead, _ data: inout Buffer, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard head.body == .none else { throw .forwardsOver }
        data.removeFirst(head.end)
        noteAnswer(head.kind == .trace ? 405 : 200, nil, isHead: false, state, context)
        let isClosing = !head.keepsConnection || context.isDraining
        context.send(
            OwnResponse.forwards(isTrace: head.kind == .trace, isClosing: isClosing), to: .client)
        guard !isClosing else { return context.end() }
        state.marks = []
        setDue(deadlines.clientIdle, &state, context)
        // The next request may be there already: what a call leaves is offered again.
        context.resume(.client)
    }

    // MARK: Bodies

    func beginBody(
        of head: RequestHead, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        if case .bytes(let count) = head.body {
            state.bodyBytes = count
            state.move(request: .body)
        } else {
            state.move(request: .chunks)
        }
        // A link needs a connection on both sides: it begins when the upstream is there.
        state.marks.insert(.bodyWaits)
        context.pause(.client)
    }

    /// The upstream is connected: the body follows its head.
    func beginBody(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        context.resume(.client)
        setBodyDue(&state, context)
        // Hooks get the bytes of a diverted body.
        guard state.request == .body, !state.marks.contains(.divertsRequest) else { return }
        context.link(from: .client, bytes: state.bodyBytes)
    }

    /// - Parameter hasMore: bytes of the next request are there. Those behind a link are offered.
    func requestDone(
        _ state: inout HTTPExchange, _ context: borrowing PairContext, hasMore: Bool = false
    ) {
        guard state.request != .done else { return }
        state.move(request: .done)
        if pausesBehind(hasMore) { context.pause(.client) }
        if state.response == .head { setDue(deadlines.answer, &state, context) }
    }

    /// The first bytes of a head set its deadline; those behind do not.
    private func setHeadDue(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        guard !state.marks.contains(.isMidHead) else { return }
        state.marks.insert(.isMidHead)
        setDue(deadlines.head, &state, context)
    }
}

extension Buffer {
    /// Calls a function with the bytes as octets.
    @inline(__always)
    borrowing func withOctets<Result: ~Copyable, Failure: Error>(
        _ body: (Octets) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let memory = withUnsafeBytes { $0 }
        guard let start = memory.baseAddress else {
            var none: UInt8 = 0
            return try body(Octets(&none, count: 0))
        }
        return try body(
            Octets(start.assumingMemoryBound(to: UInt8.self), count: memory.count))
    }

    /// A buffer of bytes that a function writes.
    @inline(__always)
    static func written(
        upTo most: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Buffer {
        var buffer = Buffer()
        do throws(BufferError) {
            try buffer.append(upTo: most, write)
        } catch {
            preconditionFailure("a head is within the bound of a buffer")
        }
        return buffer
    }
}
