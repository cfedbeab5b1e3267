import Pelmeni

/// A marker, three bytes of length, the lowest first, then as many bytes.
struct MarkedLength: HeaderFraming {
    let name = "marked-length"
    let headerMax = 4

    func read(header: Span<UInt8>) -> FramingStep {
        guard header[0] == 0xa5 else { return .bad("the mark is missing") }
        guard header.count == 4 else { return .needsMore }
        let length = Int(header[1]) | Int(header[2]) << 8 | Int(header[3]) << 16
        return .payload(after: 4, length: length)
    }

    func write(around payload: Span<UInt8>) -> FrameEnvelope? {
        var envelope = FrameEnvelope()
        envelope.putBefore(0xa5)
        envelope.putBefore(lowFirst: UInt64(payload.count), bytes: 3)
        return envelope
    }
}
