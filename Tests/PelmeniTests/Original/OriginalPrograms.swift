import Foundation
import Pelmeni

/// The programs of PyLmany's README in their Swift form. The ports and addresses of a test are
/// parameters; docs/guide/migrating.md quotes what stands between.
enum OriginalPrograms {
    /// "Basic Usage": each message of a client's stream is a datagram for the resolver, with two
    /// bytes of length before it, as DNS over TCP has them (RFC 1035, section 4.2.2).
    static func resolver(_ resolver: UInt16) -> TCPServer {
        let client = UDPClient("127.0.0.1", port: resolver)
        return TCPServer(client, listen: "127.0.0.1", port: 0)
    }

    /// `MyHTTPClient.before_send`: a message becomes the value in an object of JSON.
    static func jsonClient(_ port: UInt16) -> TCPClient {
        let client = TCPClient("127.0.0.1", port: port, framing: .u32be)
            .beforeSend { data, _ in
                let object = ["user_data": data.text.lowercased()]
                data = try Buffer(JSONEncoder().encode(object))
                return .forward
            }
        return client
    }

    /// `MyTCPServer.before_respond`: one line is one message.
    static func upperServer(_ client: TCPClient) -> TCPServer {
        let server = TCPServer(client, listen: "127.0.0.1", port: 0, framing: .line)
            .beforeRespond { data, _ in
                data.uppercaseASCII()
                return .forward
            }
        return server
    }

    /// The upper-casing server alone, over plain streams.
    static func plainUpperServer(_ port: UInt16) -> TCPServer {
        let client = TCPClient("127.0.0.1", port: port)
        return TCPServer(client, listen: "127.0.0.1", port: 0).beforeRespond { data, _ in
            data.uppercaseASCII()
            return .forward
        }
    }

    /// "Hacking", before the kernel of this machine.
    static func echoClient(_ socket: SocketRequest) -> EchoClient {
        let client = EchoClient(
            endpoints: [.host("127.0.0.1", scheme: "icmp")], socket: socket)
        return client
    }
}

/// "Hacking": PyLmany's `ICMPClient`, with `initialize`, `protocol_send` and `on_receive`.
///
/// It remembers its last echo alone: of several that are out, only the last one's answer is taken,
/// and that one each time it comes. `ICMPClient` of `PelmeniICMP` has 64 out at once, and takes
/// each answer once.
struct EchoClient: CustomClient {
    let endpoints: [Endpoint]
    let socket: SocketRequest
    var hooks: [HookTable] = []

    func makeState() throws -> EchoHead { EchoHead(type: 8, identifier: .random(in: 0 ... .max)) }

    func initialize(_ socket: inout SocketRequest) throws { socket = self.socket }

    func protocolSend(
        _ data: consuming Buffer, _ last: inout EchoHead, _ context: borrowing Context
    ) throws {
        last.sequence &+= 1
        try data.prepend(last.bytes(before: data.array))
        context.send(data)
    }

    func onReceive(
        _ data: inout Buffer, _ last: inout EchoHead, _ context: borrowing Context
    ) throws {
        guard let echo = EchoHead(data.array), echo.answers(last) else { return }
        data.removeFirst(data.count - echo.payload)
        context.deliver(data.take())
    }
}
