import EngineTestSupport
import Pelmeni
import PelmeniHTTP
import Synchronization
import TestSupport
import Testing

/// Asynchronous typed hooks on real sockets, on every variant: an exchange waits for its hook, and
/// nothing else does.
@Suite(.timeLimit(.minutes(2))) struct AsyncHookTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// Opens once. A task waits for it, and may be cancelled meanwhile.
    private final class Door: Sendable {
        private let waiting: AsyncStream<Void>
        private let opening: AsyncStream<Void>.Continuation
        let cancelled = Mutex(0)

        init() { (waiting, opening) = AsyncStream.makeStream() }

        func open() { opening.finish() }

        func wait() async {
            await withTaskCancellationHandler {
                for await _ in waiting {}
            } onCancel: {
                cancelled.withLock { $0 += 1 }
            }
        }
    }

    private func engine(
        _ variant: Variant, _ change: (HTTPClient) -> HTTPClient
    ) async throws -> (Engine, TestListener, LogCollector) {
        let origin = try TestListener()
        var server = HTTPServer(
            change(HTTPClient("127.0.0.1", origin.port)), listen: "127.0.0.1", port: 0)
        server.forwarding = []
        let log = LogCollector()
        let engine = try Engine.variant(variant, workers: 1, servers: [server]) {
            $0.log = log.sink
        }
        try await engine.start()
        return (engine, origin, log)
    }

    private func expect(_ wire: Wire, _ text: String) throws {
        #expect(try wire.readText(text.utf8.count) == text)
    }

    /// One exchange waits at its hook, for as long as another one takes place.
    @Test(.ownThread, arguments: Variant.all) func onlyItsExchangeWaits(
        variant: Variant
    ) async throws {
        let door = Door()
        let (engine, origin, _) = try await engine(variant) {
            $0.beforeSend { request, _ in
                if request.path == "/slow" { await door.wait() }
                request.fields["X-Path"] = request.path
                return .forward
            }
        }
        let port = engine.listeners.first?.port
        let (slow, quick) = (try Wire(toPort: port), try Wire(toPort: port))
        try slow.write("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        try quick.write(Self.get)
        let first = try origin.accept()
        try expect(first, "GET /a HTTP/1.1\r\nHost: a\r\nX-Path: /a\r\n\r\n")
        try first.write(Self.answer)
        try expect(quick, Self.answer)
        door.open()
        try expect(
            first,
            "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Path: /slow\r\n\r\nhello")
        try first.write(Self.answer)
        try expect(slow, Self.answer)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.completed: 2])
    }

    /// Bodies are collected before the call, and changed by it.
    @Test(.ownThread, arguments: Variant.all) func bodies(variant: Variant) async throws {
        let (engine, origin, _) = try await engine(variant) {
            $0.beforeSend(collecting: 100) { request, _ in
                await Task.yield()
                request.body = HTTPBody(request.body.text.uppercased())
                return .forward
            }
            .beforeRespond(collecting: 100) { response, session in
                await Task.yield()
                response.body = HTTPBody(response.body.text + (session.request?.target ?? ""))
                return .forward
            }
        }
        let client = try Wire(toPort: engine.listeners.first?.port)
        for _ in 0..<20 {
            try client.write("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
        }
        let upstream = try origin.accept()
        for _ in 0..<20 {
            try expect(upstream, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nAB")
            try upstream.write(Self.answer)
            try expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok/p")
        }
        client.finish()
        #expect(try client.readEnd() == .clean)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.completed: 1])
    }

    /// A hook that does not answer in time, in either direction.
    @Test(.ownThread, arguments: Variant.all) func deadlines(variant: Variant) async throws {
        let (first, second) = (Door(), Door())
        let (engine, origin, log) = try await engine(variant) {
            $0.beforeSend(deadline: .milliseconds(50)) { request, _ in
                if request.path == "/send" { await first.wait() }
                return .forward
            }
            .beforeRespond(deadline: .milliseconds(50)) { _, _ in
                await second.wait()
                return .forward
            }
        }
        let port = engine.listeners.first?.port
        for path in ["/send", "/respond"] {
            let client = try Wire(toPort: port)
            try client.write("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = path == "/send" ? nil : try origin.accept()
            if let upstream {
                try expect(upstream, "GET /respond HTTP/1.1\r\nHost: a\r\n\r\n")
                try upstream.write(Self.answer)
            }
            let (bytes, end) = try client.readAll()
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 500 "))
            #expect(end == .clean)
        }
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.hook: 2])
        #expect(first.cancelled.withLock { $0 } == 1)
        #expect(second.cancelled.withLock { $0 } == 1)
        let reasons = log.entries(from: .info).flatMap(\.fields).map(\.value)
        #expect(reasons.contains("beforeSend: no answer within its deadline"))
        #expect(reasons.contains("beforeRespond: no answer within its deadline"))
    }

    /// A client that leaves cancels the call for it.
    @Test(.ownThread, arguments: Variant.all) func theClientLeaves(variant: Variant) async throws {
        let (door, entered) = (Door(), Gate())
        let (engine, _, _) = try await engine(variant) {
            $0.beforeSend { _, _ in
                entered.open()
                await door.wait()
                return .forward
            }
        }
        let client = try Wire(toPort: engine.listeners.first?.port)
        try client.write(Self.get)
        entered.pass()
        client.reset()
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.clientReset: 1])
        #expect(door.cancelled.withLock { $0 } == 1)
        door.open()
    }

    /// Bodies of megabytes go on as the other side takes them, collected or set by a hook.
    @Test(.ownThread, arguments: Variant.all) func largeBodies(variant: Variant) async throws {
        let (engine, origin, _) = try await engine(variant) {
            $0.beforeSend(collecting: 8 << 20) { request, _ in
                guard request.path != "/own" else {
                    return .reply(HTTPResponse(200, body: request.body))
                }
                return .forward
            }
            .beforeRespond(collecting: 8 << 20) { response, _ in
                response.body = HTTPBody(response.body.bytes.reversed())
                return .forward
            }
        }
        let bytes = Pattern.shared.stream(key: 7, count: 5_000_000)
        let client = try Wire(toPort: engine.listeners.first?.port)
        for path in ["/own", "/up", "/own"] {
            let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"
            let asking = beside { try client.write(Array(head.utf8) + bytes) }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"
            if path == "/up" {
                let upstream = try origin.accept()
                try expect(upstream, head)
                #expect(try upstream.read(exactly: bytes.count) == bytes)
                let answering = beside { try upstream.write(Array(answer.utf8) + bytes) }
                try expect(client, answer)
                #expect(try client.read(exactly: bytes.count) == bytes.reversed())
                try await answering.value
            } else {
                try expect(client, answer)
                #expect(try client.read(exactly: bytes.count) == bytes)
            }
            try await asking.value
        }
        client.finish()
        #expect(try client.readEnd() == .clean)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.completed: 1])
    }

    private struct Policy: AsyncHTTPBeforeForward, AsyncHTTPBeforeRespond {
        static let collectedRequestBytesMax: Int? = 64

        func beforeForward(
            _ request: inout HTTPRequest, _ session: HTTPSession
        ) async throws -> HTTPVerdict {
            await Task.yield()
            guard request.body.text != "no" else { return .reply(HTTPResponse(403)) }
            return .forward
        }

        func beforeRespond(
            _ response: inout HTTPResponse, _ session: HTTPSession
        ) async throws -> HTTPVerdict {
            throw CancellationError()
        }
    }

    /// A type: its reply keeps the connection, its error is answered with 500.
    @Test(.ownThread, arguments: Variant.all) func types(variant: Variant) async throws {
        let origin = try TestListener()
        var server = HTTPServer(
            HTTPClient("127.0.0.1", origin.port), listen: "127.0.0.1", port: 0
        ).hook(Policy())
        server.forwarding = []
        let engine = try Engine.variant(variant, workers: 1, servers: [server])
        try await engine.start()
        let client = try Wire(toPort: engine.listeners.first?.port)
        try client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nno")
        try expect(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        try client.write(Self.get)
        let upstream = try origin.accept()
        try expect(upstream, Self.get)
        try upstream.write(Self.answer)
        let (bytes, end) = try client.readAll()
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 500 "))
        #expect(end == .clean)
        await engine.drain(within: Patience.usual)
        #expect(engine.statistics.causes == [.hook: 1])
    }
}
