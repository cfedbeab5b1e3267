/// A framing of your own whose messages begin with a header of a few bytes that has their length.
///
/// A header that the stream cut is gathered for you.
public protocol HeaderFraming: MessageFraming {
    /// Bytes of the longest header, 1 to 15; another number counts as the nearest of these.
    var headerMax: Int { get }

    /// Reads a header.
    ///
    /// - Parameter header: as many bytes as are at hand from a header's first byte on, at most
    ///   `headerMax`. The last ones may be behind the header.
    /// - Returns: ``FramingStep/needsMore`` when the header is incomplete. With `headerMax` bytes
    ///   that answer closes the stream: no header is that long.
    func read(header: Span<UInt8>) -> FramingStep
}

extension HeaderFraming {
    /// Gathers headers; no other implementation is needed.
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
            // The kept bytes are out of the window already. An answer out of range stays out of
            // range.
            return .payload(after: after &- kept, length: length, trailer: trailer, ends: ends)
        }
    }
}
