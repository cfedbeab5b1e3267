/// The reason why no message can be cut from a stream. Such a stream is closed: the beginning of
/// the next message is unknown.
public enum FrameError: UInt8, Error, Sendable, CaseIterable, CustomStringConvertible {
    /// A message is, or announces that it is, longer than a message may be.
    case tooLong
    /// An invalid length: no digit, a leading zero, more than ten digits, or no space after them
    /// (RFC 6587, 3.4.1).
    case notALength
    /// The stream ended inside a message or its length.
    case cutShort
    /// A ``CustomFraming`` refused the stream, with a reason.
    case refused
    /// A ``CustomFraming`` gave an impossible answer: bytes that are not at hand, a length below 0,
    /// or no progress. The framing is wrong, not the stream.
    case brokenFraming
    /// A message has no form in the framing of the stream that it is for: too long for its length
    /// field, say. Between two streams only, where it must not be left out.
    case unwritable
    /// A message of ``Framing/syslog`` begins with neither a length nor text, but with a zero digit
    /// or a control character.
    case neitherLengthNorText

    /// A clause for logs.
    public var description: String {
        switch self {
        case .tooLong: "the message is longer than allowed"
        case .notALength: "the message does not begin with a length"
        case .neitherLengthNorText: "the message begins with neither a length nor text"
        case .cutShort: "the stream ended inside a message"
        case .refused: "the framing refuses the stream"
        case .brokenFraming: "the framing gave an impossible answer"
        case .unwritable: "the message cannot be written in the other stream's framing"
        }
    }

    /// The number in a worker's report: the error's, and above it that of a ``FrameReason``.
    func report(reason: UInt32) -> Int32 {
        Int32(rawValue) | Int32(truncatingIfNeeded: reason) << 8
    }

    /// A worker's report, with its clause for logs. Nil when the number is no error.
    package static func reported(_ number: Int32) -> (error: FrameError, text: String)? {
        guard let error = FrameError(rawValue: UInt8(truncatingIfNeeded: number)) else {
            return nil
        }
        return (error, FrameReason.text(number >> 8) ?? error.description)
    }
}
