/// A framing of your own whose messages begin with a header of a few bytes that tells their length.
///
/// The header's bytes are gathered for you when the stream was cut inside it.
public protocol HeaderFraming: MessageFraming {
    /// Bytes of the longest header, 1 to 15; another number is as the nearest of these.
    var headerMax: Int { get }

    /// What a header says.
    ///
    /// - Parameter header: from a header's first byte on, as many bytes as are at hand, but no more
    ///   than `headerMax`. Some of the last ones may be behind it.
    /// - Returns: ``FramingStep/needsMore`` when it is not whole. With `headerMax` bytes that
    ///   closes the stream: no header is that long.
    func read(header: Span<UInt8>) -> FramingStep
}

extension HeaderFraming {
    /// Gathers headers; there is no need to write another one.
    public func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep {
        let most = min(max(headerMax, 1), HeaderGathering.bytesMax)
        let kept = HeaderGathering.count(state)
        let count = min(bytes.count, most - kept)
        guard kept > 0 else {
            let step = read(header: bytes.extracting(first: count))
            guard case .needsMore = step else { return step }
            return HeaderGathering.keep(bytes, count, of: most, in: &state)
        }
        let gone = HeaderGathering.keep(bytes, count, of: most, in: &state)
        let step = HeaderGathering.withBytes(state) { read(header: $0) }
        switch step {
        case .needsMore: return gone
        case .bad: return step
        case .payload(let after, let length, let trailer, let ends):
            // Another header may follow in the same message.
            state = FramingState()
            // What was kept is out of the window already. An answer out of range stays out of it.
            return .payload(after: after &- kept, length: length, trailer: trailer, ends: ends)
        }
    }
}
