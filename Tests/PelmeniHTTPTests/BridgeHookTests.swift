import EngineTestSupport
import Pelmeni
import PelmeniHTTP
import TestSupport
import Testing

/// Typed hooks of bridges on real sockets, on every variant.
@Suite(.timeLimit(.minutes(2))) struct BridgeHookTests {
    private func expect(_ wire: Wire, _ text: String) throws {
        #expect(try wire.readText(text.utf8.count) == text)
    }

    private func engine(_ variant: Variant, _ server: any Server) async throws -> Engine {
        let engine = try Engine.variant(variant, workers: 1, servers: [server])
        try await engine.start()
        return engine
    }

    /// HTTP before datagrams: a hook answers, changes the body, and sees the response.
    @Test(.ownThread, arguments: Variant.all) func beforeDatagrams(
        variant: Variant
    ) async throws {
        let origin = try DatagramWire()
        let server = HTTPServer(
            UDPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0
        )
        .beforeForward(collecting: 100) { request, _ in
            guard request.path != "/no" else { return .reply(HTTPResponse(403, text: "no\n")) }
            request.body = HTTPBody(request.body.text.uppercased())
            return .forward
        }
        .beforeRespond { response, session in
            response.fields["X-Target"] = session.request?.target
            response.body = HTTPBody(response.body.text + "!")
            return .forward
        }
        let engine = try await engine(variant, server)
        let client = try Wire(toPort: engine.listeners.first?.port)
        let no = "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
        let yes = "POST /yes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        try client.write(no + yes + "2\r\nab\r\n0\r\n\r\n" + no)
        let refused =
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: 3\r\n\r\nno\n"
        try expect(client, refused)
        let (bytes, sender) = try origin.receive()
        #expect(String(decoding: bytes, as: UTF8.self) == "AB")
        try origin.send(Array("answer".utf8), to: sender)
        try expect(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nX-Target: /yes\r\n"
                + "Content-Length: 7\r\n\r\nanswer!")
        try expect(client, refused)
        client.finish()
        #expect(try client.readEnd() == .clean)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.completed: 1])
    }

    /// HTTP before frames, and a hook that fails.
    @Test(.ownThread, arguments: Variant.all) func beforeFrames(variant: Variant) async throws {
        let origin = try TestListener()
        let server = HTTPServer(
            TCPClient("127.0.0.1", port: origin.port, framing: .line), listen: "127.0.0.1",
            port: 0
        )
        .beforeForward { request, _ in
            request.body = HTTPBody(request.path)
            return .forward
        }
        .beforeRespond { response, _ in
            if response.body.text == "bad" { throw CancellationError() }
            return .forward
        }
        let engine = try await engine(variant, server)
        let client = try Wire(toPort: engine.listeners.first?.port)
        try client.write("GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
        let upstream = try origin.accept()
        try expect(upstream, "/one\n")
        try upstream.write("good\n")
        try expect(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4\r\n"
                + "\r\ngood")
        try client.write("GET /two HTTP/1.1\r\nHost: a\r\n\r\n")
        try expect(upstream, "/two\n")
        try upstream.write("bad\n")
        let (bytes, end) = try client.readAll()
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 500 "))
        #expect(end == .clean)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.hook: 1])
    }

    /// Messages behind hooks of a client: a status that would drop the answer, and a reply.
    @Test(.ownThread, arguments: Variant.all) func behindDatagrams(
        variant: Variant
    ) async throws {
        let origin = try TestListener()
        let client = HTTPClient("127.0.0.1", origin.port)
            .beforeSend { request, _ in
                guard request.body.text != "hook" else {
                    return .reply(HTTPResponse(200, body: "own"))
                }
                request.fields["X-Bytes"] = "\(request.body.count)"
                return .forward
            }
            .beforeRespond { response, _ in
                if response.status == 404 {
                    response.status = 200
                    response.body = "none"
                }
                return .forward
            }
        let engine = try await engine(
            variant, UDPServer(client, listen: "127.0.0.1", port: 0))
        let wire = try DatagramWire()
        try wire.connect(toPort: engine.listeners.first?.port)
        try wire.send(Array("hook".utf8))
        #expect(try String(decoding: wire.receive().0, as: UTF8.self) == "own")
        try wire.send(Array("ask".utf8))
        let upstream = try origin.accept()
        var head = ""
        while !head.hasSuffix("\r\n\r\nask") { head += try upstream.readText(1) }
        #expect(head.contains("\r\nX-Bytes: 3\r\n"))
        try upstream.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        #expect(try String(decoding: wire.receive().0, as: UTF8.self) == "none")
        await engine.stop()
    }

    /// Hooks that have no moment are refused at start, by name.
    @Test func refusals() throws {
        let client = HTTPClient("127.0.0.1", 1).beforeSend { request, _ in
            await Task.yield()
            return .forward
        }
        #expect(throws: EngineError.self) {
            try Engine(servers: [UDPServer(client, listen: "127.0.0.1", port: 0)])
        }
        let server = HTTPServer(TCPClient("127.0.0.1", port: 1), listen: "127.0.0.1", port: 0)
            .beforeForward { _, _ in .forward }
        do {
            _ = try Engine(servers: [server])
            Issue.record("a pair whose hook has no moment starts")
        } catch {
            #expect("\(error)".contains("beforeForward"))
        }
    }
}
