import EngineTestSupport
import Pelmeni
import PelmeniHTTP
import TestSupport
import Testing

/// What hooks leave is framed whatever they change: a status, a version, the pieces of a body.
@Suite(.timeLimit(.minutes(2))) struct HookFramingTests {
    private static let head = "HTTP/1.1 200 OK\r\n"

    /// A client, and an origin that sends one response to each of its requests.
    private func exchange(
        _ variant: Variant, _ client: (HTTPClient) -> HTTPClient,
        _ script: (Wire, TestListener) async throws -> Void
    ) async throws {
        let origin = try TestListener()
        var server = HTTPServer(
            client(HTTPClient("127.0.0.1", origin.port)), listen: "127.0.0.1", port: 0)
        server.forwarding = []
        let engine = try Engine.variant(variant, workers: 1, servers: [server])
        try await engine.start()
        let wire = try Wire(toPort: engine.listeners.first?.port)
        try await script(wire, origin)
        wire.close()
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes[.protocolError, default: 0] == 0)
        #expect(engine.statistics.causes[.pool, default: 0] == 0)
    }

    private func expect(_ wire: Wire, _ text: String) throws {
        #expect(try wire.readText(text.utf8.count) == text)
    }

    /// A status without a body in place of one with a body, and the other way round: the next
    /// response of the same client is its own.
    @Test(.ownThread, arguments: Variant.all) func statuses(variant: Variant) async throws {
        for hasPieces in [false, true] {
            for (there, status, wanted) in [
                ("200 OK\r\nContent-Length: 5\r\n\r\nhello", 204, "204 OK\r\n\r\n"),
                ("200 OK\r\nContent-Length: 5\r\n\r\nhello", 304, "304 OK\r\n\r\n"),
                ("204 No\r\n\r\n", 200, "200 No\r\nContent-Length: 0\r\n\r\n"),
                (
                    "304 No\r\nContent-Length: 5\r\n\r\n", 200,
                    "200 No\r\nContent-Length: 0\r\n\r\n"
                ),
            ] {
                try await exchange(variant) { client in
                    let client = client.beforeRespond { response, session in
                        if session.request?.path == "/change" { response.status = status }
                        return .forward
                    }
                    return hasPieces ? client.beforeRespondBody { _, _, _ in } : client
                } _: { wire, origin in
                    let change = "GET /change HTTP/1.1\r\nHost: a\r\n\r\n"
                    let follow = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
                    try wire.write(change)
                    let upstream = try origin.accept()
                    try expect(upstream, change)
                    try upstream.write("HTTP/1.1 \(there)")
                    try expect(wire, "HTTP/1.1 \(wanted)")
                    try wire.write(follow)
                    let next = try hasNext(upstream) ? upstream : origin.accept()
                    try expect(next, follow)
                    try next.write("HTTP/1.1 204 Next\r\n\r\n")
                    try expect(wire, "HTTP/1.1 204 Next\r\n\r\n")
                }
            }
        }
    }

    /// Whether the next request comes on this connection, rather than its end.
    private func hasNext(_ upstream: Wire) throws -> Bool {
        do {
            return try upstream.peekOne() != nil
        } catch is WireError {
            return false
        }
    }

    /// Hundreds of chunks in one write, and a piece of megabytes.
    @Test(.ownThread, arguments: Variant.all) func pieces(variant: Variant) async throws {
        try await exchange(variant) { client in
            client.beforeSendBody { piece, _, _ in piece = HTTPBody(piece.text.uppercased()) }
                .beforeRespondBody { piece, isEnd, _ in
                    if isEnd { piece = HTTPBody([UInt8](repeating: 0x7a, count: 2_000_000)) }
                }
        } _: { wire, origin in
            let put = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunks = String(repeating: "1\r\nx\r\n", count: 2_000)
            try wire.write(put + chunks + "0\r\n\r\n")
            let upstream = try origin.accept()
            try expect(upstream, put)
            var body = ""
            while !body.hasSuffix("\r\n0\r\n\r\n") { body += try upstream.readText(1) }
            #expect(body.count { $0 == "X" } == 2_000)
            try upstream.write(Self.head + "Content-Length: 0\r\n\r\n")
            try expect(wire, Self.head + "Content-Length: 0\r\n\r\n")
            try wire.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try expect(upstream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try upstream.write(Self.head + "Content-Length: 3\r\n\r\nabc")
            try expect(wire, Self.head + "Transfer-Encoding: chunked\r\n\r\n")
            try expect(wire, "3\r\nabc\r\n1e8480\r\n")
            let bytes = try wire.read(exactly: 2_000_000)
            #expect(bytes.allSatisfy { $0 == 0x7a })
            try expect(wire, "\r\n0\r\n\r\n")
        }
    }

    /// A route to an upstream that is not there is answered, and the one that is there is taken.
    @Test(.ownThread, arguments: Variant.all) func routes(variant: Variant) async throws {
        for number in [Int.min, -1, 1, Int.max, 0] {
            try await exchange(variant) { client in
                client.beforeSend { _, _ in .route(to: number) }
            } _: { wire, origin in
                try wire.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                guard number == 0 else {
                    let (bytes, end) = try wire.readAll()
                    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 500 "))
                    #expect(end == .clean)
                    return
                }
                let upstream = try origin.accept()
                try expect(upstream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try upstream.write(Self.head + "Content-Length: 0\r\n\r\n")
                try expect(wire, Self.head + "Content-Length: 0\r\n\r\n")
            }
        }
    }

    /// A request of HTTP/1.0 whose body becomes chunked goes on as HTTP/1.1.
    @Test(.ownThread, arguments: Variant.all) func oldVersion(variant: Variant) async throws {
        try await exchange(variant) { client in
            client.beforeSendBody { _, _, _ in }
        } _: { wire, origin in
            try wire.write("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            let upstream = try origin.accept()
            try expect(
                upstream,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                    + "0\r\n\r\n")
            try upstream.write(Self.head + "Content-Length: 0\r\n\r\n")
            let (bytes, end) = try wire.readAll()
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(Self.head))
            #expect(end == .clean)
        }
    }

    /// More pipelined bytes than a session leaves untaken, before datagrams.
    @Test(.ownThread, arguments: Variant.all) func pipelines(variant: Variant) async throws {
        let origin = try DatagramWire()
        let server = HTTPServer(
            UDPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, workers: 1, servers: [server])
        try await engine.start()
        let wire = try Wire(toPort: engine.listeners.first?.port)
        let body = String(repeating: "y", count: 50_000)
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n\(body)"
        let asking = beside { try wire.write(String(repeating: post, count: 30)) }
        for index in 0..<30 {
            let (bytes, sender) = try origin.receive()
            #expect(bytes.count == 50_000)
            try origin.send("\(index % 10)", to: sender)
        }
        try await asking.value
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        for index in 0..<30 { try expect(wire, answer + "Content-Length: 1\r\n\r\n\(index % 10)") }
        wire.close()
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.completed: 1])
    }
}
