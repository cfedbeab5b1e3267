import Pelmeni
import PelmeniHTTP
import Testing

/// The pairs of the guide's pages on HTTP and on bridges: an engine takes each of them.
@Suite struct GuideTests {
    /// Servers as they stand in a page, below each other.
    @resultBuilder private enum Servers {
        static func buildExpression(_ server: any Server) -> [any Server] { [server] }
        static func buildExpression(_ assignment: Void) -> [any Server] { [] }
        static func buildBlock(_ parts: [any Server]...) -> [any Server] { parts.flatMap(\.self) }
    }

    private func expectTaken(@Servers _ servers: () throws -> [any Server]) rethrows {
        let servers = try servers()
        #expect(!servers.isEmpty)
        #expect(throws: Never.self) { _ = try Engine(workers: 1, servers: servers) }
    }

    /// Compiled only: it would listen at a port of the guide.
    private func proxy() async throws {
        let pair = HTTPServer(HTTPClient("10.0.0.1", 80), port: 8080)
        try await Engine(servers: [pair]).run()
    }

    /// Compiled only, as the folder is the system's.
    private func accessLog(_ server: inout HTTPServer) throws {
        server.accessLog = try HTTPAccessLog(path: "/var/log/pelmeni/access.log", format: .json)
    }

    @Test func hooks() {
        let client = HTTPClient("10.0.0.1", 80)
            .beforeSend { request, session in  // the head; the body goes on as it comes
                request.fields["X-Client"] = session.client.host
                return .forward
            }
            .beforeRespond(collecting: 1 << 20) { response, _ in  // the whole body, 1 MiB at most
                response.body = HTTPBody(response.body.text.uppercased())
                return .forward  // the engine sets the length
            }
        let server = HTTPServer(client, port: 8080).beforeForward { request, _ in
            request.path.hasPrefix("/admin") ? .reply(HTTPResponse(403, text: "no\n")) : .forward
        }
        expectTaken { server }
    }

    @Test func bridges() {
        expectTaken {
            HTTPServer(UDPClient("127.0.0.1", port: 53), port: 8080)

            var api = HTTPClient("10.0.0.1", 80)
            api.target = "/api"
            UDPServer(api, port: 7000)
            TCPServer(api, port: 9000, framing: .line)
        }
        expectTaken {
            TCPServer(
                TCPClient("10.0.0.5", port: 9001, framing: .u32be), port: 9000, framing: .line)
        }
        expectTaken {
            TCPServer(UDPClient("127.0.0.1", port: 53), port: 5353, framing: .u16be)
        }
        expectTaken {
            UDPServer(UDPClient("127.0.0.1", port: 53), port: 5353)
            UDPServer(
                TCPClient([.tcp(host: "10.0.0.1", port: 53), .tcp(host: "10.0.0.2", port: 53)]),
                port: 5353, options: .dns)
        }
    }

    /// Compiled, and checked by the engine's initializer.
    private func bothKinds() throws -> Engine {
        try Engine(servers: [
            UDPServer(UDPClient("10.0.0.2", port: 53), port: 53, options: .dns),
            TCPServer(TCPClient("10.0.0.2", port: 53), port: 53),
        ])
    }

    @Test func setups() {
        #expect(throws: Never.self) { _ = try bothKinds() }
        expectTaken {
            TCPServer(UDPClient("127.0.0.1", port: 514), port: 6514, framing: .syslog)
        }
        expectTaken {
            var lines = PairOptions()
            lines.framing = .line
            lines.frameBytesMax = 8 << 10
            TCPServer(
                TCPClient("10.0.0.5", port: 9001, framing: .u32be, frameBytesMax: 64 << 10),
                port: 9000, options: lines)
        }
        expectTaken {
            UDPServer(TCPClient("10.0.0.3", port: 8125), port: 8125, framing: .line)
        }
        expectTaken {
            var options = PairOptions()
            options.idleTimeout = .after(.seconds(600))
            UDPServer(UDPClient("10.0.0.4", port: 51820), port: 51820, options: options)

            UDPServer(TCPClient("far.example", port: 9001), port: 9000, options: options)  // near
            TCPServer(UDPClient("127.0.0.1", port: 9000), port: 9001, options: options)  // far
        }
    }
}
