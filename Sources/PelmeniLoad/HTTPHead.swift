/// Finds the ends of HTTP/1.1 request heads in pieces of any size, and notes a client's wish to
/// close the connection. Requests with a body are not supported.
struct HTTPHead {
    /// Lower case; spaces after the colon are skipped.
    private static let close: StaticString = "\r\nconnection:close"

    /// Bytes since the last head ended.
    private(set) var bytes = 0
    /// Whether the last head, or the incomplete one, asks for the end of the connection.
    private(set) var isLast = false
    /// Matched bytes of a head's end; below, of the wish to close.
    private var endMatched = 0
    private var closeMatched = 0

    /// The number of bytes that belong to this head, at most up to its end.
    mutating func take(_ raw: UnsafeRawPointer, count: Int) -> (taken: Int, isWhole: Bool) {
        if bytes == 0 { isLast = false }
        for offset in 0..<count {
            let byte = raw.load(fromByteOffset: offset, as: UInt8.self)
            matchClose(byte)
            guard matchEnd(byte) else { continue }
            bytes = 0
            endMatched = 0
            closeMatched = 0
            return (offset + 1, true)
        }
        bytes += count
        return (count, false)
    }

    @inline(__always)
    private mutating func matchEnd(_ byte: UInt8) -> Bool {
        let wanted = endMatched & 1 == 0 ? UInt8(ascii: "\r") : UInt8(ascii: "\n")
        endMatched = byte == wanted ? endMatched + 1 : byte == UInt8(ascii: "\r") ? 1 : 0
        return endMatched == 4
    }

    @inline(__always)
    private mutating func matchClose(_ byte: UInt8) {
        let isCarriageReturn = byte == UInt8(ascii: "\r")
        guard closeMatched > 0 || isCarriageReturn, !isLast else { return }
        let text = Self.close.utf8Start
        let isAfterColon = closeMatched > 0 && text[closeMatched - 1] == UInt8(ascii: ":")
        if isAfterColon, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { return }
        let isLetter = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        let lower = isLetter ? byte | 0x20 : byte
        closeMatched = lower == text[closeMatched] ? closeMatched + 1 : isCarriageReturn ? 1 : 0
        if closeMatched == Self.close.utf8CodeUnitCount {
            isLast = true
            closeMatched = 0
        }
    }
}
