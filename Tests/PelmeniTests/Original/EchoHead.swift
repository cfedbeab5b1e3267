import Glibc
import Pelmeni

/// The head of an ICMP echo message over IPv4, RFC 792.
struct EchoHead: Sendable {
    static let count = 8

    var type: UInt8
    var identifier: UInt16
    var sequence: UInt16 = 0
    /// Bytes behind the head, of a message that came.
    var payload = 0

    init(type: UInt8, identifier: UInt16, sequence: UInt16 = 0) {
        self.type = type
        self.identifier = identifier
        self.sequence = sequence
    }

    /// Nil for what is no echo message. A raw socket has the packet's IPv4 header before it.
    init?(_ packet: [UInt8]) {
        var message = packet[...]
        if let first = message.first, first >> 4 == 4 { message.removeFirst(Int(first & 15) * 4) }
        guard message.count >= Self.count else { return nil }
        let head = Array(message.prefix(Self.count))
        type = head[0]
        identifier = UInt16(head[4]) << 8 | UInt16(head[5])
        sequence = UInt16(head[6]) << 8 | UInt16(head[7])
        payload = message.count - Self.count
    }

    /// A ping socket has an identifier of its own, which the kernel checks.
    func answers(_ last: EchoHead) -> Bool {
        type == 0 && sequence == last.sequence
            && (EchoSocket.isPing || identifier == last.identifier)
    }

    /// The head with its checksum over a payload (RFC 1071).
    func bytes(before payload: [UInt8]) -> [UInt8] {
        var head = [
            type, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 0xff), UInt8(sequence >> 8),
            UInt8(sequence & 0xff),
        ]
        var sum: UInt32 = 0
        for (index, byte) in (head + payload).enumerated() {
            sum += UInt32(byte) << (index.isMultiple(of: 2) ? 8 : 0)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        head[2] = UInt8(~sum >> 8 & 0xff)
        head[3] = UInt8(~sum & 0xff)
        return head
    }
}

/// The ICMP socket that this process may open.
enum EchoSocket {
    static let isPing = opens(SOCK_DGRAM)

    /// Nil where it may open none.
    static var request: SocketRequest? {
        if isPing { return .datagram(v4: 1, v6: 58) }
        return opens(SOCK_RAW) ? .raw(v4: 1, v6: 58) : nil
    }

    private static func opens(_ type: __socket_type) -> Bool {
        let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 1)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
