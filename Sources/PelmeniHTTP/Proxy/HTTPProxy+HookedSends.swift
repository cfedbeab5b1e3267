internal import Pelmeni

// Bodies that were collected, or that hooks have set: they are sent as the other side takes them.
extension HTTPProxy {
    /// Bytes of such a body in one send, and with its side at once.
    static var sliceBytesMax: Int { 256 << 10 }

    static func buffer(_ bytes: [UInt8], _ range: Range<Int>) -> Buffer {
        Buffer.written(upTo: range.count) { memory in
            bytes.withOctets { $0.copy(range, into: memory, at: 0) }
            return range.count
        }
    }

    /// Sends a body that is there whole, behind its head: all of it, or as much as goes at once.
    func send(
        _ body: HTTPBody, _ side: MessageSide, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        var body = body
        if run.seesPieces(side) {
            let request = side == .response ? run.request : nil
            do throws(HTTPHookFailure) {
                try run.pass(&body, isEnd: true, side, Self.session(context, request))
            } catch {
                return context.end(.hook, reset: true, reason: error.reason)
            }
        }
        let isFramed =
            side == .response ? state.marks.contains(.sendsChunks) : run.sendsRequestChunks
        run[side].outgoing = body.bytes
        if isFramed {
            let head = body.isEmpty ? "" : String(body.count, radix: 16) + "\r\n"
            let end = body.isEmpty ? "" : "\r\n"
            run[side].outgoing =
                Array(head.utf8) + body.bytes + Array(end.utf8) + run.lastChunk(side, state)
        }
        run[side].sent = 0
        state.marks.insert(side == .request ? .sendsRequest : .sendsResponse)
        sendSlice(side, run, &state, context)
    }

    /// Sends the next part of a body.
    private func sendSlice(
        _ side: MessageSide, _ run: HTTPHookRun, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) {
        let target: PairSide = side == .request ? .upstream : .client
        let first = run[side].sent
        let count = min(run[side].outgoing.count - first, Self.sliceBytesMax)
        if count > 0 {
            context.send(Self.buffer(run[side].outgoing, first..<first + count), to: target)
        }
        run[side].sent = first + count
        guard run[side].sent < run[side].outgoing.count else {
            run[side].outgoing = []
            state.marks.remove(side == .request ? .sendsRequest : .sendsResponse)
            return
        }
        setBodyDue(&state, context)
        // An upstream that is dialled tells of its connection.
        if side == .response || context.hasUpstream { context.awaitDrained(target) }
    }

    /// A side has taken all that was sent to it.
    @inline(never)
    func sendRest(
        to target: PairSide, _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        if target == .upstream, state.marks.contains(.sendsRequest) {
            sendSlice(.request, run, &state, context)
            guard !state.marks.contains(.sendsRequest) else { return }
            if state.response == .head { setDue(deadlines.answer, &state, context) }
        }
        if target == .client, state.marks.contains(.sendsResponse) {
            sendSlice(.response, run, &state, context)
            if !state.marks.contains(.sendsResponse) { responseDone(&state, context) }
        }
    }
}
