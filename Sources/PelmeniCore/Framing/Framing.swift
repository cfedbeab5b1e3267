/// The rule that separates the messages of a stream of bytes.
public enum Framing: Sendable, Hashable, CustomStringConvertible {
    /// Two bytes of length, the high one first, then as many bytes: 0 to 65,535. DNS over TCP (RFC
    /// 1035, 4.2.2; RFC 7766, 8) and RTP over TCP (RFC 4571, 2) use it.
    case u16be
    /// Four bytes of length, the highest first, then as many bytes.
    case u32be
    /// A line feed ends a message, or a carriage return and a line feed; neither is part of it
    /// (RFC 6587, 3.4.2, is of this kind).
    case line
    /// The length in ASCII decimal digits, without a leading zero and so never 0, one space,
    /// then as many bytes (RFC 6587, 3.4.1).
    case octetCount
    /// Syslog over a stream (RFC 6587): each message in the form that its first byte tells. A digit
    /// but 0 begins a length, as of ``octetCount``; a tab or any byte from a space on begins a
    /// ``line``, whose first byte is `<` where the sender keeps to the RFC. Ends of lines between
    /// two messages are none. Written as ``octetCount``.
    case syslog
    /// This byte ends a message and is not part of it.
    case delimiter(UInt8)
    /// Every message has this many bytes, one of `fixedSizes`.
    case fixed(Int)
    /// The bytes of one read are one message. The network may split and join messages, so this
    /// works only for a peer that waits for an answer before it sends again.
    case raw
    /// The whole stream, up to its half-close, is one message.
    case eof
    /// A framing of your own; the command line has no name for it.
    case custom(CustomFraming)

    /// The sizes in bytes that a fixed framing may have.
    public static let fixedSizes = 1...(1 << 24)

    /// The spelling of each framing but a custom one, for error messages: NN stands for a byte in
    /// hexadecimal (0x0A) or decimal (10), N for a size in bytes.
    public static let names = [
        "u16be", "u32be", "line", "octet-count", "syslog", "delim=0xNN", "fixed=N", "raw", "eof",
    ]

    /// Reads a name of the command line. Nil when it is not one of `names`, or when its byte or
    /// size is out of range.
    public init?(_ text: String) {
        switch text {
        case "u16be": self = .u16be
        case "u32be": self = .u32be
        case "line": self = .line
        case "octet-count": self = .octetCount
        case "syslog": self = .syslog
        case "raw": self = .raw
        case "eof": self = .eof
        default:
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Self.number(parts[1]) else { return nil }
            if parts[0] == "delim", let byte = UInt8(exactly: number) {
                self = .delimiter(byte)
            } else if parts[0] == "fixed", Self.fixedSizes.contains(number),
                !parts[1].hasPrefix("0x")
            {
                self = .fixed(number)
            } else {
                return nil
            }
        }
    }

    /// Decimal digits, or hexadecimal digits after `0x`; no sign, which `Int` would accept.
    private static func number(_ text: Substring) -> Int? {
        let isHexadecimal = text.hasPrefix("0x")
        let digits = isHexadecimal ? text.dropFirst(2) : text
        guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-")
        else { return nil }
        return Int(digits, radix: isHexadecimal ? 16 : 10)
    }

    /// The name on the command line and in logs. `init` reads it back as the same framing, unless
    /// it is that of a custom framing.
    public var description: String {
        switch self {
        case .u16be: return "u16be"
        case .u32be: return "u32be"
        case .line: return "line"
        case .octetCount: return "octet-count"
        case .syslog: return "syslog"
        case .delimiter(let byte):
            let digits = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "delim=0x0\(digits)" : "delim=0x\(digits)"
        case .fixed(let size): return "fixed=\(size)"
        case .raw: return "raw"
        case .eof: return "eof"
        case .custom(let framing): return framing.description
        }
    }
}

/// How messages stand in one stream of a pair.
package struct StreamFraming: Equatable, Sendable {
    package var framing: Framing
    /// Payload bytes of the longest message that is read; a longer one closes the stream.
    package var maxFrame: Int

    package init(_ framing: Framing = .u16be, maxFrame: Int = 0) {
        self.framing = framing
        self.maxFrame = maxFrame
    }
}
