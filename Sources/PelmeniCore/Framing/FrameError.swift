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

    /// A clause for logs.
    public var description: String {
        switch self {
        case .tooLong: "the message is longer than allowed"
        case .notALength: "the message does not begin with a length"
        case .cutShort: "the stream ended inside a message"
        }
    }
}
