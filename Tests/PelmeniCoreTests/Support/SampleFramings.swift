import PelmeniCore

/// Framings as a user would write them.
enum SampleFramings {
    static let u24le = Framing.custom(CustomFraming(ThreeBytes()))
    static let varint = Framing.custom(CustomFraming(Varint()))
    static let netstring = Framing.custom(CustomFraming(Netstring()))
    static let ended = Framing.custom(CustomFraming(Ended()))

    /// Three bytes of length, the lowest first.
    private struct ThreeBytes: HeaderFraming {
        let name = "u24le"
        let headerMax = 3

        func read(header: Span<UInt8>) -> FramingStep {
            guard header.count == 3 else { return .needsMore }
            return .payload(
                after: 3, length: Int(header[0]) | Int(header[1]) << 8 | Int(header[2]) << 16)
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            envelope.putBefore(lowFirst: UInt64(payload.count), bytes: 3)
            return envelope
        }
    }

    /// The length in groups of seven bits, the lowest first; the eighth bit of a byte means that
    /// another one follows (LEB128).
    private struct Varint: HeaderFraming {
        let name = "varint"
        let headerMax = 5

        func read(header: Span<UInt8>) -> FramingStep {
            var length = 0
            for index in header.indices {
                length |= Int(header[index] & 0x7f) << (7 * index)
                guard header[index] & 0x80 != 0 else {
                    return .payload(after: index + 1, length: length)
                }
            }
            return .needsMore
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            var rest = payload.count
            while rest > 0x7f {
                envelope.putBefore(UInt8(rest & 0x7f | 0x80))
                rest >>= 7
            }
            envelope.putBefore(UInt8(rest))
            return envelope
        }
    }

    /// `5:hello,` with a checked comma.
    private struct Netstring: MessageFraming {
        let name = "netstring"

        /// `first` is the length so far; `second` the digits it has, or 100 behind the payload.
        func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep {
            if state.highWord == 100 {
                return bytes[0] == UInt8(ascii: ",")
                    ? .payload(after: 1, length: 0) : .bad("no comma follows")
            }
            for index in bytes.indices {
                let digit = bytes[index] &- UInt8(ascii: "0")
                if digit < 10, state.highWord < 9 {
                    state.lowWord = state.lowWord * 10 + UInt64(digit)
                    state.highWord += 1
                } else {
                    guard bytes[index] == UInt8(ascii: ":"), state.highWord > 0 else {
                        return .bad("no length")
                    }
                    return payload(bytes, behind: index + 1, &state)
                }
            }
            return .needsMore
        }

        private func payload(
            _ bytes: Span<UInt8>, behind header: Int, _ state: inout FramingState
        ) -> FramingStep {
            let length = Int(state.lowWord)
            let comma = header + length
            guard comma < bytes.count, bytes[comma] == UInt8(ascii: ",") else {
                state.highWord = 100
                return .payload(after: header, length: length, ends: false)
            }
            return .payload(after: header, length: length, trailer: 1)
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            for digit in String(payload.count).utf8 { envelope.putBefore(digit) }
            envelope.putBefore(UInt8(ascii: ":"))
            envelope.putAfter(UInt8(ascii: ","))
            return envelope
        }
    }

    /// A byte of 3 ends a message; the last message needs none.
    private struct Ended: MessageFraming {
        let name = "ended"
        let endsWithStream = true

        func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep {
            for index in bytes.indices where bytes[index] == 3 {
                return .payload(length: index, trailer: 1)
            }
            return .payload(length: bytes.count, ends: false)
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            envelope.putAfter(3)
            return envelope
        }
    }
}
