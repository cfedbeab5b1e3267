/// A message among the bytes of a stream.
public struct FramedMessage: Sendable, Equatable {
    /// Where its payload lies.
    public let payload: Range<Int>
    /// Bytes of its frame and everything before: the next message begins behind them.
    public let end: Int
}

// Frames for a driver that speaks with a framed stream itself.
extension Framing {
    /// The first message of a stream's bytes; nil while it is not complete.
    ///
    /// - Parameter bytesMax: bytes of the longest payload.
    /// - Throws: the fault of the bytes: no message can be found behind it.
    public func firstMessage(
        in data: borrowing Buffer, bytesMax: Int
    ) throws(FrameError) -> FramedMessage? {
        let count = data.count
        let step = Self.scan(self, data, bytesMax: bytesMax).step
        switch step.kind {
        case .bad(let error): throw error
        case .needsMore: return nil
        case .run:
            guard step.ends, step.consumed <= count else { return nil }
            return FramedMessage(
                payload: step.start..<step.start &+ step.length, end: step.consumed)
        }
    }

    /// The message that the stream's end completes; nil for one without bytes.
    ///
    /// - Parameter bytesMax: bytes of the longest payload.
    /// - Throws: the fault of the bytes, a message that is cut short say.
    public func lastMessage(
        in data: borrowing Buffer, bytesMax: Int
    ) throws(FrameError) -> FramedMessage? {
        var (step, scanner) = Self.scan(self, data, bytesMax: bytesMax)
        if case .bad(let error) = step.kind { throw error }
        switch scanner.end() {
        case .clean: return nil
        case .bad(let error): throw error
        case .message(_, let heldCarriageReturn):
            let end = step.start &+ step.length &+ (heldCarriageReturn ? 1 : 0)
            return FramedMessage(payload: step.start..<end, end: data.count)
        }
    }

    private static func scan(
        _ framing: Framing, _ data: borrowing Buffer, bytesMax: Int
    ) -> (step: ScanStep, scanner: FrameScanner) {
        var scanner = FrameScanner(framing, maxFrame: bytesMax)
        let step = data.withUnsafeBytes { memory in
            memory.baseAddress.map { scanner.next($0, count: memory.count) }
        }
        return (step ?? .needsMore(consumed: 0), scanner)
    }

    /// Writes a message's frame around its payload.
    ///
    /// - Throws: ``FrameError/unwritable``, where the framing has no form for it, or where it would
    ///   be read as another message or as several.
    public func frame(_ data: inout Buffer) throws(FrameError) {
        let count = data.count
        let envelope = data.withUnsafeBytes { memory in
            guard let start = memory.baseAddress else {
                return withUnsafeBytes(of: 0 as UInt64) { none in
                    none.baseAddress.flatMap { FrameEnvelope.around(self, $0, count: 0) }
                }
            }
            return FrameEnvelope.around(self, start, count: count)
        }
        guard let envelope else { throw .unwritable }
        var before = Buffer()
        var after = Buffer()
        do throws(BufferError) {
            try before.append(upTo: FrameEnvelope.beforeMax) { memory in
                memory.baseAddress.map { envelope.writeBefore(to: $0) }
                return envelope.beforeCount
            }
            try after.append(upTo: FrameEnvelope.afterMax) { memory in
                memory.baseAddress.map { envelope.writeAfter(to: $0) }
                return envelope.afterCount
            }
            try before.append(data)
            try before.append(after)
        } catch {
            throw .tooLong
        }
        let message = try firstMessage(in: before, bytesMax: count)
        guard self == .raw || message?.end == before.count, !before.isEmpty else {
            throw .unwritable
        }
        data = before.take()
    }
}
