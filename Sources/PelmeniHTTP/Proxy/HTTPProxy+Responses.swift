internal import Pelmeni

// From the upstream's bytes to the client.
extension HTTPProxy {
    func receivedResponse(
        _ data: inout Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard !state.marks.contains(.divertsResponse) else {
            return try receivedDiverted(&data, from: .upstream, &state, context)
        }
        switch state.response {
        case .head:
            while state.response == .head, !data.isEmpty {
                // Hundreds of 1xx: the rest is offered again.
                guard context.room > Self.commandsOfHead else { return }
                guard try readResponse(&data, &state, context) else { return }
            }
            if state.response != .none, state.response != .body, !data.isEmpty {
                try receivedResponse(&data, &state, context)
            }
        case .chunks:
            setBodyDue(&state, context)
            guard try passChunks(&data, from: .upstream, &state, context) else { return }
            state.move(response: .trailers)
            try passTrailers(&data, from: .upstream, &state, context)
        case .trailers: try passTrailers(&data, from: .upstream, &state, context)
        case .untilEnd: passUntilEnd(&data, &state, context)
        // Bytes behind a response: the connection is not clean, and is closed as it is parked.
        case .none, .hooked, .body, .tunnel: break
        }
    }

    /// Commands that a head and the end of its exchange give, at most.
    private static var commandsOfHead: Int { 16 }

    /// Reads a head, and answers with it. False while it is not complete.
    private func readResponse(
        _ data: inout Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(HTTPRefusal) -> Bool {
        let isToHead = state.marks.contains(.isHead)
        let before = Int(state.responseHeadRead)
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try limits.areMet(octets, readBefore: before)
                ? ResponseHead.read(octets, limits, isToHead: isToHead) : nil
        }
        guard var head = read else {
            state.responseHeadRead = UInt32(truncatingIfNeeded: data.count)
            return false
        }
        state.responseHeadRead = 0
        if head.facts.marks.contains(.needsRepair) {
            head = try repair(&data, head, isToHead: isToHead)
        }
        // The request is not sent again behind a byte of its response.
        state.marks.subtract([.mayRepeat, .isOverdue])
        guard !head.isInterim else {
            try passInterim(head, &data, &state, context)
            return true
        }
        guard !hooks.seeResponses else {
            try hookResponse(head, &data, &state, context)
            return true
        }
        let bodyCount = Self.smallBody(head.body, data.count - head.end)
        answer(head, bodyCount ?? 0, data, &state, context)
        noteResponse(head.status, bodyCount ?? 0, state, context)
        data.removeFirst(head.end + (bodyCount ?? 0))
        guard bodyCount == nil else {
            responseDone(&state, context)
            return true
        }
        beginBody(head, &state, context)
        return true
    }

    /// The two faults that a proxy mends: the head is written anew, and read again.
    private func repair(
        _ data: inout Buffer, _ head: ResponseHead, isToHead: Bool
    ) throws(HTTPRefusal) -> ResponseHead {
        let bytes = data.withOctets { HeadRepair.repaired($0, head) }
        do throws(BufferError) {
            try data.replaceSubrange(0..<head.end, with: bytes)
        } catch {
            throw .headTooLong
        }
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try ResponseHead.read(octets, limits, isToHead: isToHead)
        }
        guard let mended = read, !mended.facts.marks.contains(.needsRepair) else {
            throw .fieldName
        }
        return mended
    }

    /// 1xx: HTTP/1.0 knows none of them.
    private func passInterim(
        _ head: ResponseHead, _ data: inout Buffer, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let isSwitch = head.status == 101
        guard !isSwitch || head.switches && state.marks.contains(.asksUpgrade) else {
            throw .upgradeUnasked
        }
        if !state.marks.contains(.oldClient) {
            data.withOctets {
                send(head, 0, $0, isChunked: false, isSwitch ? .upgrade : .silent, context)
            }
        }
        data.removeFirst(head.end)
        guard isSwitch else { return }
        state.move(response: .tunnel)
        noteResponse(head.status, 0, state, context)
        state.dueAt = 0
        assert(state.keptBytes == 0, "a request's head would go into the tunnel")
        context.link(from: .upstream)
        context.resume(.client)
        context.link(from: .client)
    }

    /// - Parameter bodyCount: bytes of the body that go with the head.
    private func answer(
        _ head: ResponseHead, _ bodyCount: Int, _ data: borrowing Buffer,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        if head.keepsConnection { state.marks.insert(.keepsUpstream) }
        let connection = connection(behind: head, &state)
        let isChunked = state.marks.contains(.sendsChunks)
        data.withOctets { send(head, bodyCount, $0, isChunked: isChunked, connection, context) }
    }

    /// What the client is told of its connection, and how a body is framed for it.
    func connection(
        behind head: ResponseHead, _ state: inout HTTPExchange
    ) -> ResponseWriter.Connection {
        let isOld = state.marks.contains(.oldClient)
        // A request that is not complete leaves a connection that nothing may follow on.
        if state.isAhead { state.marks.insert(.closesClient) }
        let hasEnd = head.body != .untilEnd && !(isOld && head.body == .chunked)
        if !hasEnd && isOld { state.marks.insert(.closesClient) }
        let isChunked = !isOld && (head.body == .chunked || head.body == .untilEnd)
        if isChunked { state.marks.insert(.sendsChunks) }
        return state.marks.contains(.closesClient) ? .close : isOld ? .keepAlive : .silent
    }

    func send(
        _ head: ResponseHead, _ bodyCount: Int, _ octets: Octets, isChunked: Bool,
        _ connection: ResponseWriter.Connection, _ context: borrowing PairContext
    ) {
        context.send(
            Buffer.written(upTo: ResponseWriter.room(head) + bodyCount) { memory in
                let count = ResponseWriter.write(
                    head, octets, isChunked: isChunked, connection, into: memory)
                octets.copy(head.end..<head.end + bodyCount, into: memory, at: count)
                return count + bodyCount
            }, to: .client)
    }

    func beginBody(
        _ head: ResponseHead, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        setBodyDue(&state, context)
        switch head.body {
        case .none: responseDone(&state, context)
        case .bytes(let count):
            state.move(response: .body)
            context.link(from: .upstream, bytes: count)
        case .chunked: state.move(response: .chunks)
        case .untilEnd:
            state.move(response: .untilEnd)
            guard !state.marks.contains(.sendsChunks) else { return }
            // Such a link counts no bytes, so that no deadline sees it move: `idle` bounds it.
            state.dueAt = 0
            context.link(from: .upstream)
        }
    }

    /// A body without a length, for a client that gets it in chunks.
    private func passUntilEnd(
        _ data: inout Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        guard state.marks.contains(.sendsChunks), !data.isEmpty else { return }
        setBodyDue(&state, context)
        context.send(Self.chunkHead(UInt64(data.count)), to: .client)
        context.link(from: .upstream, bytes: UInt64(data.count))
        Self.endChunk(to: .client, context)
    }

    // MARK: The end of an exchange

    func responseDone(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        guard state.response != .none else { return }
        noteDone(state, context)
        state.move(response: .none)
        // Behind an early response the rest of its request goes nowhere.
        guard state.isAhead else {
            // What is dropped of the request has to end first.
            return state.request == .done ? exchangeDone(&state, context) : ()
        }
        context.closeUpstream(reset: true)
        context.end()
    }

    func exchangeDone(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        if state.marks.contains(.keepsUpstream) {
            context.park(for: deadlines.upstreamIdle)
        } else {
            context.closeUpstream()
        }
        guard !state.marks.contains(.closesClient) else { return context.end() }
        state.restart()
        context.resume(.client)
        setDue(deadlines.clientIdle, &state, context)
    }
}
