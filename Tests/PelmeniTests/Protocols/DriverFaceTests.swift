import Pelmeni
import Testing

/// Protocols as an embedder attaches them, and what is refused at the start. No socket is opened.
@Suite struct DriverFaceTests {
    private struct Speaking: CustomServer {
        let client: any Client
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 8080)
        var options = PairOptions()
        var hooks: [HookTable] = []
    }

    private struct Spoken: CustomClient {
        let endpoints: [Endpoint]
        var hooks: [HookTable] = []
    }

    private struct SpokenBytes: CustomClient {
        static var carries: Cargo { .stream }
        let endpoints: [Endpoint]
        var hooks: [HookTable] = []
    }

    private let udp = UDPClient("127.0.0.1", port: 9)
    private let tcp = TCPClient("127.0.0.1", port: 9)

    private func refuses(
        _ server: any Server, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: EngineError.self, sourceLocation: location) {
            _ = try Engine(workers: 1, servers: [server])
        }
        #expect(error?.kind == .usage, sourceLocation: location)
        #expect(error?.subject == "127.0.0.1:8080", sourceLocation: location)
        for part in parts {
            #expect(
                error?.description.contains(part) == true, "\(String(describing: error))",
                sourceLocation: location)
        }
    }

    private func accepts(
        _ server: any Server, location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(throws: Never.self, sourceLocation: location) {
            _ = try Engine(workers: 1, servers: [server])
        }
    }

    @Test func twoInAPair() {
        refuses(
            Speaking(client: Spoken(endpoints: udp.endpoints)), "Speaking", "Spoken",
            "one protocol")
    }

    @Test func messagesOverAStreamOfBytes() throws {
        refuses(Speaking(client: tcp), "Speaking", "carries messages", "framing")
        let spoken = Spoken(endpoints: tcp.endpoints)
        refuses(TCPServer(spoken, listen: "127.0.0.1", port: 8080), "Spoken", "carries messages")
        try accepts(TCPServer(spoken, listen: "127.0.0.1", port: 8080, framing: .u16be))
        var framed = tcp
        framed.framing = .line
        try accepts(Speaking(client: framed))
        try accepts(Speaking(client: udp))
    }

    @Test func bytesOverMessages() throws {
        let client = SpokenBytes(endpoints: tcp.endpoints)
        refuses(
            UDPServer(client, listen: "127.0.0.1", port: 8080), "SpokenBytes", "carries a stream")
        refuses(
            TCPServer(client, listen: "127.0.0.1", port: 8080, framing: .line), "SpokenBytes",
            "carries a stream")
        try accepts(TCPServer(client, listen: "127.0.0.1", port: 8080))
    }

    /// A driver cuts its own stream.
    @Test func aFramingOfTheOwnStream() {
        var server = Speaking(client: udp)
        server.options.framing = .line
        refuses(server, "Speaking", "cuts its own stream")
    }

    /// The bound of untaken bytes is within those of a buffer.
    @Test func namesAndBounds() {
        #expect(Speaking(client: udp).driver?.name == "Speaking")
        #expect(Speaking(client: udp).driver?.carries == .messages)
        #expect(SpokenBytes(endpoints: []).driver?.carries == .stream)
        #expect(DrivenClient(MessageScript(), to: tcp.endpoints).driver != nil)
        #expect(TCPServer(tcp).driver == nil)
    }
}
