internal import Pelmeni

// Bodies in chunks: their framing is read and written anew, their data is not looked at.
extension HTTPProxy {
    /// Chunks and bodies up to this size that are there whole are copied behind their framing or
    /// head, into one buffer and one send; longer ones go on as they lie.
    static var copiedBytesMax: UInt64 { 4096 }

    /// Copied chunks in one buffer: the rest that a call has may be longer than a buffer is.
    private static var gatheredBytesMax: Int { 64 << 10 }

    static func chunkHead(_ bytes: UInt64) -> Buffer {
        Buffer.written(upTo: 32) { memory in
            var writer = HeadWriter(memory)
            writer.write(bytes, radix: 16)
            writer.write("\r\n")
            return writer.count
        }
    }

    static func endChunk(to side: PairSide, _ context: borrowing PairContext) {
        context.send(
            Buffer.written(upTo: 2) { memory in
                var writer = HeadWriter(memory)
                writer.write("\r\n")
                return writer.count
            }, to: side)
    }

    /// Passes chunks on. True once the last one was read: trailers follow.
    func passChunks(
        _ data: inout Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) -> Bool {
        let isFramed = side == .client || state.marks.contains(.sendsChunks)
        var decoder = side == .client ? state.requestChunks : state.responseChunks
        var output = Buffer()
        defer {
            if side == .client {
                state.requestChunks = decoder
            } else {
                state.responseChunks = decoder
            }
        }
        while !data.isEmpty {
            let (step, taken) = try data.withOctets { octets throws(HTTPRefusal) in
                try decoder.next(octets, from: 0, limits)
            }
            data.removeFirst(taken)
            switch step {
            case .more: break
            case .trailers:
                flush(&output, to: side.other, context)
                return true
            case .chunk(let size):
                if size <= Self.copiedBytesMax, UInt64(data.count) >= size {
                    if output.count >= Self.gatheredBytesMax {
                        flush(&output, to: side.other, context)
                    }
                    copy(size, &data, isFramed: isFramed, into: &output)
                    decoder.skip(size)
                    continue
                }
                flush(&output, to: side.other, context)
                if isFramed { context.send(Self.chunkHead(size), to: side.other) }
                context.link(from: side, bytes: size)
                return false
            }
        }
        flush(&output, to: side.other, context)
        return false
    }

    private func copy(
        _ size: UInt64, _ data: inout Buffer, isFramed: Bool, into output: inout Buffer
    ) {
        let count = Int(size)
        data.withOctets { octets in
            do throws(BufferError) {
                try output.append(upTo: count + 32) { memory in
                    var writer = HeadWriter(memory)
                    if isFramed {
                        writer.write(size, radix: 16)
                        writer.write("\r\n")
                    }
                    writer.write(octets, 0..<count)
                    if isFramed { writer.write("\r\n") }
                    return writer.count
                }
            } catch {
                preconditionFailure("a rest is within the bound of a buffer")
            }
        }
        data.removeFirst(count)
    }

    private func flush(
        _ output: inout Buffer, to side: PairSide, _ context: borrowing PairContext
    ) {
        if !output.isEmpty { context.send(output.take(), to: side) }
    }

    // MARK: Trailers

    /// Passes trailers on, but for fields that the proxy acts on.
    func passTrailers(
        _ data: inout Buffer, from side: PairSide, _ state: inout HTTPExchange,
        _ context: borrowing PairContext
    ) throws(HTTPRefusal) {
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try Trailers.read(octets, limits)
        }
        guard let trailers = read else { return }
        let isFramed = side == .client || state.marks.contains(.sendsChunks)
        let goOn = side == .client || state.marks.contains(.takesTrailers)
        if isFramed {
            let end = data.withOctets { octets in
                Buffer.written(upTo: trailers.end + 16) { memory in
                    var writer = HeadWriter(memory)
                    writer.write("0\r\n")
                    if goOn {
                        writer.writeFields(octets, from: 0, to: trailers.end &- 2, trailers.facts)
                    }
                    writer.write("\r\n")
                    return writer.count
                }
            }
            context.send(end, to: side.other)
        }
        data.removeFirst(trailers.end)
        if side == .client {
            requestDone(&state, context, hasMore: !data.isEmpty)
        } else {
            responseDone(&state, context)
        }
    }
}
