import Pelmeni

/// The head of an ICMP echo message: RFC 792 and RFC 4443, section 4.
struct ICMPEcho {
    /// Bytes of the head.
    static let count = 8

    enum Version: Sendable {
        case v4
        case v6

        var request: UInt8 { self == .v4 ? 8 : 128 }
        var reply: UInt8 { self == .v4 ? 0 : 129 }
    }

    var type: UInt8
    var identifier: UInt16
    var sequence: UInt16

    init(type: UInt8, identifier: UInt16, sequence: UInt16) {
        self.type = type
        self.identifier = identifier
        self.sequence = sequence
    }

    /// Reads the head of an echo message: the bytes before it, an IPv4 header on a raw socket, are
    /// counted in `offset`. Nil for other bytes.
    init?(_ data: borrowing Buffer, offset: inout Int) {
        let bytes = data.bytes
        offset = 0
        // An IPv4 header begins with its version, 4; the type of an echo is 0, 8, 128 or 129.
        if bytes.count >= 20, bytes[0] >> 4 == 4 { offset = Int(bytes[0] & 0x0f) * 4 }
        guard bytes.count >= offset + Self.count, bytes[offset + 1] == 0 else { return nil }
        type = bytes[offset]
        identifier = UInt16(bytes[offset + 4]) << 8 | UInt16(bytes[offset + 5])
        sequence = UInt16(bytes[offset + 6]) << 8 | UInt16(bytes[offset + 7])
    }

    /// Puts the head before a payload, with its checksum (RFC 1071). Over IPv6 the kernel replaces
    /// that, for it covers addresses.
    func prepend(to data: inout Buffer) throws(BufferError) {
        try data.prepend([
            type, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 0xff), UInt8(sequence >> 8),
            UInt8(sequence & 0xff),
        ])
        let sum = Self.checksum(data.bytes)
        var bytes = data.mutableBytes
        bytes[2] = UInt8(sum >> 8)
        bytes[3] = UInt8(sum & 0xff)
    }

    private static func checksum(_ bytes: Span<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        var at = 0
        while at + 1 < bytes.count {
            sum &+= UInt32(bytes[at]) << 8 | UInt32(bytes[at + 1])
            at += 2
        }
        if at < bytes.count { sum &+= UInt32(bytes[at]) << 8 }
        while sum > 0xffff { sum = sum & 0xffff &+ sum >> 16 }
        return ~UInt16(sum)
    }
}
