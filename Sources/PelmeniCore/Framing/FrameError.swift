/// Why no message can be cut from a stream. Whoever meets one closes the stream: where the next
/// message begins is no longer known.
public enum FrameError: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// A message is, or says it is, longer than a message may be.
    case tooLong
    /// What stands in the place of a length is none: no digit, a leading zero, more than ten
    /// digits, or no space after them (RFC 6587, 3.4.1).
    case notALength
    /// The stream ended inside a message or its length.
    case cutShort
    /// A ``CustomFraming`` says that the stream is bad, and why.
    case refused
    /// What a ``CustomFraming`` answered cannot be: bytes that are not there, a length below 0, or
    /// no step forward. The framing is wrong, not the stream.
    case brokenFraming
    /// A message has no form in the framing of the stream that it is for: too long for its length
    /// field, say. Between two streams only, where it must not be left out.
    case unwritable

    /// A clause for logs.
    public var description: String {
        switch self {
        case .tooLong: "the message is longer than allowed"
        case .notALength: "the message does not begin with a length"
        case .cutShort: "the stream ended inside a message"
        case .refused: "the framing refuses the stream"
        case .brokenFraming: "the framing answered what cannot be"
        case .unwritable: "the message cannot be written in the other stream's framing"
        }
    }

    /// As a worker reports it: its number, and above that of a ``FrameReason``.
    func report(reason: UInt32) -> Int32 {
        Int32(rawValue) | Int32(truncatingIfNeeded: reason) << 8
    }

    /// What a worker reported, and its clause for logs. Nil when it is none.
    static func reported(_ number: Int32) -> (error: FrameError, text: String)? {
        guard let error = FrameError(rawValue: UInt8(truncatingIfNeeded: number)) else {
            return nil
        }
        return (error, FrameReason.text(number >> 8) ?? error.description)
    }
}
