internal import Pelmeni

// Bodies that hooks collect or see in pieces, and bodies that the proxy drops.
extension HTTPProxy {
    /// Bytes of a body that the proxy takes.
    @inline(never)
    func receivedDiverted(
        _ data: inout Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        guard let run = state.hooks?.takeUnretainedValue() else { return }
        setBodyDue(&state, context)
        let message: MessageSide = side == .client ? .request : .response
        do throws(DivertedFault) {
            guard try take(&data, message, run, &state, context) else { return }
            run[message].isTaken = true
            if case .pass = run[message].use {
                try pass([], isEnd: true, message, run, state, context)
            }
        } catch {
            switch error {
            case .refused(let refusal): throw refusal
            case .hook(let failure): return failBody(failure, state, context)
            }
        }
        if side == .client {
            try requestTaken(&data, run, &state, context)
        } else {
            try responseTaken(&data, run, &state, context)
        }
    }

    /// Why bytes of a body go no further.
    private enum DivertedFault: Error {
        case refused(HTTPRefusal)
        case hook(HTTPHookFailure)
    }

    /// A part of the message is out already, or nothing of a response is.
    func failBody(
        _ failure: HTTPHookFailure, _ state: HTTPExchange, _ context: borrowing PairContext
    ) {
        let isSent = state.response != .none && state.response != .head
        guard !isSent || state.marks.contains(.holdsResponse) else {
            return context.end(.hook, reset: true, reason: failure.reason)
        }
        fail(failure, state, context)
    }

    // MARK: Framing

    /// Takes what has come of a body. True once that was all.
    private func take(
        _ data: inout Buffer, _ side: MessageSide, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(DivertedFault) -> Bool {
        switch run[side].length {
        case .none: return true
        case .untilEnd:
            try use(&data, data.count, side, run, state, context)
            return false
        case .bytes:
            let count = Int(min(run[side].left, UInt64(data.count)))
            try use(&data, count, side, run, state, context)
            run[side].left -= UInt64(count)
            return run[side].left == 0
        case .chunked: return try takeChunks(&data, side, run, &state, context)
        }
    }

    private func takeChunks(
        _ data: inout Buffer, _ side: MessageSide, _ run: HTTPHookRun,
        _ state: inout HTTPExchange, _ context: borrowing PairContext
    ) throws(DivertedFault) -> Bool {
        let isRequest = side == .request
        guard isRequest ? state.request == .chunks : state.response == .chunks else {
            return try takeTrailers(&data, side, run)
        }
        var decoder = isRequest ? state.requestChunks : state.responseChunks
        defer {
            if isRequest { state.requestChunks = decoder } else { state.responseChunks = decoder }
        }
        // Each chunk is three commands where hooks see it: the rest is offered again.
        while !data.isEmpty, context.room > Context.commandsMax / 4 {
            guard decoder.dataLeft == 0 else {
                let count = Int(min(decoder.dataLeft, UInt64(data.count)))
                try use(&data, count, side, run, state, context)
                decoder.skip(UInt64(count))
                continue
            }
            let (step, taken) = try refusing { () throws(HTTPRefusal) in
                try data.withOctets { octets throws(HTTPRefusal) in
                    try decoder.next(octets, from: 0, limits)
                }
            }
            data.removeFirst(taken)
            guard step == .trailers else { continue }
            if isRequest { state.move(request: .trailers) } else { state.move(response: .trailers) }
            return try takeTrailers(&data, side, run)
        }
        return false
    }

    private func takeTrailers(
        _ data: inout Buffer, _ side: MessageSide, _ run: HTTPHookRun
    ) throws(DivertedFault) -> Bool {
        let read = try refusing { () throws(HTTPRefusal) in
            try data.withOctets { octets throws(HTTPRefusal) in try Trailers.read(octets, limits) }
        }
        guard let trailers = read else { return false }
        run[side].trailers = data.withOctets { octets in
            [UInt8](unsafeUninitializedCapacity: trailers.end) { memory, count in
                var writer = HeadWriter(UnsafeMutableRawBufferPointer(memory))
                writer.writeFields(octets, from: 0, to: trailers.end - 2, trailers.facts)
                count = writer.count
            }
        }
        data.removeFirst(trailers.end)
        return true
    }

    private func refusing<Result>(
        _ body: () throws(HTTPRefusal) -> Result
    ) throws(DivertedFault) -> Result {
        do throws(HTTPRefusal) {
            return try body()
        } catch {
            throw .refused(error)
        }
    }

    // MARK: Use

    private func use(
        _ data: inout Buffer, _ count: Int, _ side: MessageSide, _ run: HTTPHookRun,
        _ state: HTTPExchange, _ context: borrowing PairContext
    ) throws(DivertedFault) {
        guard count > 0 else { return }
        let piece = data.withUnsafeBytes { $0.prefix(count) + [] }
        switch run[side].use {
        case .drop: break
        case .collect(let most):
            guard run[side].bytes.count + count <= most else {
                guard side == .response else { throw .refused(.collectedTooLong) }
                throw .hook(.tooLong("beforeRespond", ofRequest: false))
            }
            run[side].bytes.append(contentsOf: piece)
        case .pass: try pass(piece, isEnd: false, side, run, state, context)
        }
        data.removeFirst(count)
    }

    /// Shows a piece to its hooks, and sends what they leave.
    private func pass(
        _ bytes: [UInt8], isEnd: Bool, _ side: MessageSide, _ run: HTTPHookRun,
        _ state: HTTPExchange, _ context: borrowing PairContext
    ) throws(DivertedFault) {
        var piece = HTTPBody(bytes)
        let request = side == .response ? run.request : nil
        do throws(HTTPHookFailure) {
            try run.pass(&piece, isEnd: isEnd, side, Self.session(context, request))
        } catch {
            throw .hook(error)
        }
        let isFramed = side == .request || state.marks.contains(.sendsChunks)
        let target: PairSide = side == .request ? .upstream : .client
        sendPiece(piece.bytes, isFramed: isFramed, to: target, context)
        if isEnd, isFramed { sendLastChunk(side, run, state, to: target, context) }
    }

    /// Sends bytes, as one chunk where the body is framed so.
    private func sendPiece(
        _ bytes: [UInt8], isFramed: Bool, to target: PairSide, _ context: borrowing PairContext
    ) {
        guard !bytes.isEmpty else { return }
        if isFramed { context.send(Self.chunkHead(UInt64(bytes.count)), to: target) }
        for first in stride(from: 0, to: bytes.count, by: Self.sliceBytesMax) {
            let end = min(first + Self.sliceBytesMax, bytes.count)
            context.send(Self.buffer(bytes, first..<end), to: target)
        }
        if isFramed { Self.endChunk(to: target, context) }
    }

    private func sendLastChunk(
        _ side: MessageSide, _ run: HTTPHookRun, _ state: HTTPExchange, to target: PairSide,
        _ context: borrowing PairContext
    ) {
        let bytes = run.lastChunk(side, state)
        context.send(Self.buffer(bytes, 0..<bytes.count), to: target)
    }
}
