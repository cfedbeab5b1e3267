internal import Pelmeni

// What the access log has of each exchange. Without a log a call is the test of one pointer.
extension HTTPProxy {
    /// A client has connected: its session gets memory for its lines.
    func openAccess(_ state: inout HTTPExchange, _ context: borrowing PairContext) {
        guard access != nil else { return }
        state.access.open(port: context.client.port ?? 0)
    }

    // MARK: Requests

    /// Part of a head has come: an exchange begins, and what its line has is kept once.
    @inline(__always)
    func notePartialHead(
        _ data: borrowing Buffer, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        // An empty line in front of a request is none.
        guard let access, let record = state.access.record, data.count > 2 else { return }
        beginAccess(record, &state, context)
        guard !record.pointee.hasLine else { return }
        data.withOctets { state.access.keep($0, isJSON: access.isJSON) }
    }

    /// A head has come whole.
    @inline(__always)
    func noteRequest(
        _ head: RequestHead, _ data: borrowing Buffer, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        guard let access, let record = state.access.record else { return }
        // The same request, sent once more, is one line.
        guard !state.marks.contains(.isRepeated) || !record.pointee.isActive else { return }
        beginAccess(record, &state, context)
        let copied = Self.smallBody(head.body, data.count &- head.end)
        record.pointee.copiedRequest = UInt64(truncatingIfNeeded: copied ?? 0)
        record.pointee.linkedRequest = context.linkedBytes(from: .client)
        data.withOctets { octets in
            state.access.keep(Octets(octets.start, count: head.end), isJSON: access.isJSON)
        }
    }

    /// The request goes to an upstream.
    @inline(__always)
    func noteConnect(_ state: HTTPExchange) {
        guard let record = state.access.record else { return }
        record.pointee.usesUpstream = true
    }

    private func beginAccess(
        _ record: UnsafeMutablePointer<AccessRecord>, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        guard !record.pointee.isActive else { return }
        record.pointee.begin(at: context.now)
        record.pointee.linkedRequest = context.linkedBytes(from: .client)
        record.pointee.linkedResponse = context.linkedBytes(from: .upstream)
    }

    /// A message is refused: its reason, and what came of the request, if its head was not read.
    @inline(__always)
    func noteRefusal(
        _ refusal: HTTPRefusal, _ data: borrowing Buffer, from side: PairSide,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        guard let access, let record = state.access.record else { return }
        beginAccess(record, &state, context)
        if side == .upstream, state.response == .head {
            record.pointee.detail = refusal.reason
        } else {
            record.pointee.reason = refusal.reason
        }
        guard side == .client, state.request == .head else { return }
        data.withOctets { state.access.keep($0, isJSON: access.isJSON) }
    }

    // MARK: Responses

    /// The head of a response goes to the client, with so many bytes of its body.
    @inline(__always)
    func noteResponse(
        _ status: Int, _ copied: Int, _ state: HTTPExchange, _ context: borrowing PairContext
    ) {
        guard let record = state.access.record else { return }
        record.pointee.status = UInt16(clamping: status)
        record.pointee.headAt = max(1, context.now)
        record.pointee.copiedResponse = UInt64(truncatingIfNeeded: copied)
        record.pointee.linkedResponse = context.linkedBytes(from: .upstream)
    }

    /// A link is done. Chunks are counted by their decoder, the chunk of a link behind the call.
    @inline(__always)
    func noteLinked(
        from side: PairSide, _ state: HTTPExchange, _ context: borrowing PairContext
    ) {
        guard let record = state.access.record else { return }
        if side == .client, state.request == .chunks {
            record.pointee.linkedRequest = context.linkedBytes(from: .client)
        } else if side == .upstream, state.response == .chunks {
            record.pointee.linkedResponse = context.linkedBytes(from: .upstream)
        }
    }

    /// The proxy answers by itself.
    @inline(__always)
    func noteAnswer(
        _ status: UInt16, _ reason: StaticString?, isHead: Bool, _ state: HTTPExchange,
        _ context: borrowing PairContext
    ) {
        guard let record = state.access.record else { return }
        if !record.pointee.isActive { record.pointee.begin(at: context.now) }
        record.pointee.status = status
        record.pointee.reason = reason
        if let reason, !isHead {
            record.pointee.copiedResponse = UInt64(reason.utf8CodeUnitCount &+ 1)
        }
        finishAccess(state, context)
    }

    /// All of a response is with the client.
    @inline(__always)
    func noteDone(_ state: HTTPExchange, _ context: borrowing PairContext) {
        guard state.access.isThere else { return }
        finishAccess(state, context)
    }

    /// The session has ended: an exchange that is not over was cut off.
    func closeAccess(
        _ cause: EndCause, _ state: HTTPExchange, _ context: borrowing PairContext
    ) {
        guard let record = state.access.record, record.pointee.isActive else { return }
        let isTunnelDone = state.response == .tunnel && cause == .completed
        if cause == .completed, !isTunnelDone, record.pointee.reason == nil {
            record.pointee.reason = "the client ended its stream within a request"
        }
        var text = cause.description
        text.withUTF8 { bytes in
            finishAccess(
                state, context, isCut: !isTunnelDone,
                cause: isTunnelDone ? nil : UnsafeRawBufferPointer(bytes))
        }
    }

    // MARK: Lines

    @inline(never)
    private func finishAccess(
        _ state: HTTPExchange, _ context: borrowing PairContext, isCut: Bool = false,
        cause: UnsafeRawBufferPointer? = nil
    ) {
        guard let access, let record = state.access.record else { return }
        let request =
            record.pointee.copiedRequest &+ state.requestChunks.passed
            &+ (context.linkedBytes(from: .client) &- record.pointee.linkedRequest)
        let response =
            record.pointee.copiedResponse &+ state.responseChunks.passed
            &+ (context.linkedBytes(from: .upstream) &- record.pointee.linkedResponse)
        access.write(
            state.access,
            AccessSink.Outcome(
                now: context.now, client: state.client.text,
                upstream: record.pointee.usesUpstream ? context.upstream : nil,
                requestBytes: request, responseBytes: response, isCut: isCut, cause: cause))
        record.pointee.clear()
    }
}
