import TestSupport

/// One end of messages: datagrams, or a stream of them with two bytes of length each.
enum BridgeClient: Sendable {
    case stream(Wire)
    case datagrams(DatagramWire)

    func ask(_ message: [UInt8]) throws {
        switch self {
        case .stream(let wire): try wire.write(Self.framed(message))
        case .datagrams(let wire): try wire.send(message)
        }
    }

    func ask(_ text: String) throws { try ask(Array(text.utf8)) }

    func answer() throws -> [UInt8] {
        switch self {
        case .stream(let wire):
            let head = try wire.read(exactly: 2)
            return try wire.read(exactly: Int(head[0]) << 8 | Int(head[1]))
        case .datagrams(let wire):
            return try wire.receive().bytes
        }
    }

    func answerText() throws -> String { String(decoding: try answer(), as: UTF8.self) }

    func close() {
        switch self {
        case .stream(let wire): wire.close()
        case .datagrams(let wire): wire.close()
        }
    }

    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
    }
}
