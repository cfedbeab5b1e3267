/// An incomplete header: up to 15 bytes of it in a ``FramingState``, the first one lowest, and
/// their number in the highest byte.
enum HeaderGathering {
    static let bytesMax = 15
    private static let countShift = UInt64(56)
    private static let bytesMask = UInt64.max >> 8

    static func count(_ state: FramingState) -> Int { Int(state.highWord >> countShift) }

    /// Adds the first `count` of `bytes`. The answer is `needsMore`, unless there are `most`
    /// already.
    static func keep(
        _ bytes: Span<UInt8>, _ count: Int, of most: Int, in state: inout FramingState
    ) -> FramingStep {
        var at = Self.count(state)
        for index in 0..<count {
            let byte = UInt64(bytes[index])
            if at < 8 {
                state.lowWord |= byte << UInt64(at * 8)
            } else {
                state.highWord |= byte << UInt64(at * 8 - 64)
            }
            at += 1
        }
        state.highWord = state.highWord & Self.bytesMask | UInt64(at) << countShift
        return at < most ? .needsMore : .bad("no header is that long")
    }

    static func withBytes(
        _ state: FramingState, _ body: (Span<UInt8>) -> FramingStep
    ) -> FramingStep {
        withUnsafeBytes(of: (state.lowWord.littleEndian, state.highWord.littleEndian)) { words in
            words.withMemoryRebound(to: UInt8.self) { bytes in
                body(bytes.extracting(..<count(state)).span)
            }
        }
    }
}
