/// One step of a peer's script: what a client or an upstream of a ``ScriptedTest`` does, or what
/// it waits for.
///
/// On a stream, ``expect(_:)-(String)`` compares the next bytes, however they are cut. On a socket
/// of datagrams each step is one whole message, and there is no end and no reset.
public struct PeerStep: Sendable {
    /// Looks at what came. See ``expect(_:where:)``.
    ///
    /// - Throws: what the failure gives as its reason.
    public typealias Check = @Sendable ([UInt8]) throws -> Int?

    enum Action: Sendable {
        case send([UInt8])
        case expect([UInt8])
        case check(Check)
        case end
        case expectEnd
        case reset
        case expectReset
        case pause(UInt64)
    }

    let action: Action
    /// What the step is called in a failure.
    public let description: String

    private init(_ action: Action, _ description: String) {
        self.action = action
        self.description = description
    }

    /// Sends bytes, or one datagram.
    public static func send(_ bytes: [UInt8]) -> PeerStep {
        PeerStep(.send(bytes), "send \(ScriptBytes.text(bytes))")
    }

    /// Sends the UTF-8 of a text, or one datagram of it.
    public static func send(_ text: String) -> PeerStep { send(Array(text.utf8)) }

    /// Waits until exactly these bytes have come, or one datagram with them.
    public static func expect(_ bytes: [UInt8]) -> PeerStep {
        PeerStep(.expect(bytes), "expect \(ScriptBytes.text(bytes))")
    }

    /// Waits until the UTF-8 of this text has come, or one datagram with it.
    public static func expect(_ text: String) -> PeerStep { expect(Array(text.utf8)) }

    /// Waits until a closure accepts what came.
    ///
    /// - Parameters:
    ///   - name: what the step is called in a failure.
    ///   - check: gets the bytes that came and that no step took, or one datagram. Returns how many
    ///     bytes from the front the step takes; nil when more have to come, which for a datagram is
    ///     a failure. An error that it throws is the failure's reason. It is called again with the
    ///     same bytes and more, as often as bytes come: its answer may not depend on how they were
    ///     cut.
    public static func expect(_ name: String, where check: @escaping Check) -> PeerStep {
        PeerStep(.check(check), "expect \(name)")
    }

    /// Ends the own stream behind what was sent.
    public static let end = PeerStep(.end, "end")

    /// Waits for the end of the other side's stream. Bytes before it are a failure.
    public static let expectEnd = PeerStep(.expectEnd, "expectEnd")

    /// Resets the connection behind what was sent. It is a script's last step. A reset overtakes
    /// bytes: the other side of the pair may get a part of them.
    public static let reset = PeerStep(.reset, "reset")

    /// Waits for a reset of the connection. Bytes before it are ignored, since a reset overtakes
    /// some of them in some seeds. It is a script's last step.
    public static let expectReset = PeerStep(.expectReset, "expectReset")

    /// Does nothing for a simulated time; bytes that come meanwhile are not read. It costs no real
    /// time.
    public static func pause(_ time: Duration) -> PeerStep {
        let (seconds, attoseconds) = time.components
        let whole = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = UInt64(clamping: attoseconds / 1_000_000_000)
        return PeerStep(
            .pause(whole.overflow ? 1 << 60 : min(1 << 60, whole.partialValue + nanoseconds)),
            "pause \(time)")
    }
}

extension PeerStep: CustomStringConvertible {}

/// Bytes as a failure shows them.
enum ScriptBytes {
    private static let shown = 48

    /// Quoted text where all bytes are printable, else hexadecimal digits; long ones shortened.
    static func text(_ bytes: some Collection<UInt8>) -> String {
        let part = bytes.prefix(shown)
        let rest = bytes.count > part.count ? " and \(bytes.count - part.count) bytes more" : ""
        return quoted(part) + rest
    }

    /// Text and hexadecimal digits.
    static func full(_ bytes: some Collection<UInt8>) -> String {
        guard !bytes.isEmpty else { return "nothing" }
        let part = bytes.prefix(shown)
        let rest = bytes.count > part.count ? " and \(bytes.count - part.count) bytes more" : ""
        return "\(bytes.count) bytes \(quoted(part)) (\(hex(part)))\(rest)"
    }

    private static func quoted(_ bytes: some Collection<UInt8>) -> String {
        var text = "\""
        for byte in bytes {
            switch byte {
            case 0x0a: text += "\\n"
            case 0x0d: text += "\\r"
            case 0x09: text += "\\t"
            case 0x22, 0x5c: text += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7f: text += String(UnicodeScalar(byte))
            default: text += "\\x" + two(byte)
            }
        }
        return text + "\""
    }

    private static func hex(_ bytes: some Collection<UInt8>) -> String {
        bytes.map(two).joined(separator: " ")
    }

    private static func two(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }
}
