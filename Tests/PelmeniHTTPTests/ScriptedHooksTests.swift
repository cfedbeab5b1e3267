import Pelmeni
import PelmeniHTTP
import PelmeniTesting
import Testing

/// Typed hooks between scripted clients and origins, over the simulated kernel: whatever its cuts,
/// both sides get exactly what the hooks made.
@Suite struct ScriptedHooksTests {
    static let seeds: ClosedRange<UInt64> = 1...60

    private func run(
        _ client: HTTPClient, _ change: (inout HTTPServer) -> Void = { _ in },
        sends: [String], upstreamGets: [String], upstreamSends: [String], gets: [String],
        end: [PeerStep] = [.end, .expectEnd]
    ) throws {
        var server = HTTPServer(client, port: 8080)
        server.forwarding = []
        change(&server)
        let upstream: [PeerStep] = zip(upstreamGets, upstreamSends).flatMap {
            [.expect($0), .send($1)]
        }
        try ScriptedTest(
            server: server,
            client: zip(sends, gets).flatMap { [.send($0), .expect($1)] } + end,
            upstream: upstream
        ).run(seeds: Self.seeds)
    }

    static let client = HTTPClient("origin.example", 80)
    private static let answer = "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello"

    @Test func headsAreEdited() throws {
        let client = Self.client
            .beforeSend { request, session in
                request.method = .put
                request.path = "/new"
                request.fields["X-Was"] = request.fields["x-one"]
                request.fields["x-one"] = nil
                try request.fields.add("X-Two", "2")
                try request.fields.add("X-Two", "3")
                #expect(session.request == nil)
                return .forward
            }
            .beforeRespond { response, session in
                response.status = 201
                response.reason = "Made"
                response.fields["server"] = nil
                response.fields["X-Method"] = session.request?.method.rawValue
                return .forward
            }
        try run(
            client, sends: ["GET /old?q=[1] HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-Last:\r\n\r\n"],
            upstreamGets: [
                "PUT /new?q=[1] HTTP/1.1\r\nHost: a\r\nX-Last:\r\nX-Was: 1\r\nX-Two: 2\r\n"
                    + "X-Two: 3\r\n\r\n"
            ],
            upstreamSends: [Self.answer],
            gets: ["HTTP/1.1 201 Made\r\nContent-Length: 5\r\nX-Method: PUT\r\n\r\nhello"])
    }

    /// A body is collected however it came, and its length is the engine's.
    @Test(arguments: [
        "Content-Length: 12\r\n\r\nSome MIXED t",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nSome\r\n8;a=b\r\n MIXED t\r\n0\r\n\r\n",
    ]) func bodiesAreCollected(body: String) throws {
        let client = Self.client
            .beforeSend(collecting: 64) { request, _ in
                request.body = HTTPBody(request.body.text.lowercased() + "!")
                return .forward
            }
            .beforeRespond(collecting: 64) { response, _ in
                response.body = HTTPBody(response.body.text.uppercased() + "?")
                return .forward
            }
        try run(
            client, sends: ["POST / HTTP/1.1\r\nHost: a\r\n\(body)"],
            upstreamGets: [
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\nsome mixed t!"
            ],
            upstreamSends: ["HTTP/1.1 200 OK\r\n\(body)"],
            gets: ["HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nSOME MIXED T?"])
    }

    /// Trailers of a collected body that no hook replaced go on.
    @Test func trailersGoOn() throws {
        let message = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"
        try run(
            Self.client.beforeSend(collecting: 64) { _, _ in .forward },
            sends: ["POST / HTTP/1.1\r\nHost: a\r\n\(message)"],
            upstreamGets: ["POST / HTTP/1.1\r\nHost: a\r\n\(message)"],
            upstreamSends: [Self.answer], gets: [Self.answer])
    }

    /// The new body goes on, and what came of the old one goes nowhere.
    @Test func bodiesAreReplaced() throws {
        let old = String(repeating: "o", count: 30_000)
        let client = Self.client
            .beforeSend { request, _ in
                request.body = "new"
                return .forward
            }
            .beforeRespond { response, _ in
                response.body = "newer"
                return .forward
            }
        try run(
            client,
            sends: ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n\(old)"],
            upstreamGets: ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nnew"],
            upstreamSends: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
            gets: ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnewer"])
    }

    /// Pieces are cut anywhere: each hook makes the same of all cuts. The body is chunked.
    @Test func piecesAreSeen() throws {
        let body = String(repeating: "piece", count: 8_000)
        let client = Self.client
            .beforeSend(collecting: 100_000) { _, _ in .forward }
            .beforeSendBody { piece, isEnd, _ in
                piece = HTTPBody(piece.text.uppercased() + (isEnd ? "." : ""))
            }
        let size = String(40_001, radix: 16)
        try run(
            client,
            sends: ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n\(body)"],
            upstreamGets: [
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n"
                    + body.uppercased() + ".\r\n0\r\n\r\n"
            ],
            upstreamSends: [Self.answer], gets: [Self.answer])
    }

    /// A hook answers: no upstream is asked, and the connection is kept.
    @Test func hooksReply() throws {
        let client = Self.client.beforeSend { request, _ in
            request.target == "/no" ? .reply(HTTPResponse(403, text: "no\n")) : .forward
        }
        let refused =
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: 3\r\n\r\nno\n"
        let post = "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n"
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n"), .expect(refused),
                .send(post + String(repeating: "x", count: 9_000)), .expect(refused),
                .send("GET /yes HTTP/1.1\r\nHost: a\r\n\r\n"), .expect(Self.answer),
                .end, .expectEnd,
            ],
            upstream: [
                .expect("GET /yes HTTP/1.1\r\nHost: a\r\n\r\n"), .send(Self.answer),
            ]
        ).run(seeds: Self.seeds)
    }

    static func plain(_ client: HTTPClient) -> HTTPServer {
        var server = HTTPServer(client, port: 8080)
        server.forwarding = []
        return server
    }

    /// Nothing of a response is out while hooks wait for its body: its failure is told.
    @Test func aCollectedResponseIsCutOff() throws {
        let client = Self.client.beforeRespond(collecting: 64) { _, _ in .forward }
        let answer = Self.failure(
            "502 Bad Gateway", "the upstream closed its connection without a response")
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .expect(answer), .expectEnd, .end,
            ],
            upstream: [
                .expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), .end, .expectReset,
            ]
        ).run(seeds: Self.seeds)
    }

    /// A response up to the end of its connection is collected, and gets a length.
    @Test func theEndIsCollected() throws {
        let client = Self.client.beforeRespond(collecting: 64) { response, _ in
            response.fields["X-Bytes"] = "\(response.body.count)"
            return .forward
        }
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                .expect("HTTP/1.1 200 OK\r\nX-Bytes: 5\r\nContent-Length: 5\r\n\r\nhello"),
                .end, .expectEnd,
            ],
            upstream: [
                .expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                .send("HTTP/1.1 200 OK\r\n\r\nhello"), .end, .expectEnd,
            ]
        ).run(seeds: Self.seeds)
    }

    // MARK: Types

    private struct Counter: HTTPBeforeForward, HTTPBeforeRespond {
        var requests = 0

        mutating func beforeForward(
            _ request: inout HTTPRequest, _ session: HTTPSession
        ) throws -> HTTPVerdict {
            requests += 1
            try request.fields.add("X-Order", "server \(requests)")
            return .forward
        }

        mutating func beforeRespond(
            _ response: inout HTTPResponse, _ session: HTTPSession
        ) throws -> HTTPVerdict {
            try response.fields.add("X-Order", "server \(requests)")
            return .forward
        }
    }

    private struct Named: HTTPBeforeSend, HTTPBeforeRespond {
        let name: String

        func beforeSend(
            _ request: inout HTTPRequest, _ session: HTTPSession
        ) throws -> HTTPVerdict {
            try request.fields.add("X-Order", name)
            return .forward
        }

        func beforeRespond(
            _ response: inout HTTPResponse, _ session: HTTPSession
        ) throws -> HTTPVerdict {
            try response.fields.add("X-Order", name)
            return .forward
        }
    }

    /// Server first on the way out, reversed on the way back; one instance a connection.
    @Test func orderAndState() throws {
        let client = Self.client.hook { Named(name: "one") }.hook { Named(name: "two") }
        let response = "HTTP/1.1 204 No Content\r\n\r\n"
        func request(_ number: Int) -> String {
            "GET /\(number) HTTP/1.1\r\nHost: a\r\nX-Order: server \(number)\r\n"
                + "X-Order: one\r\nX-Order: two\r\n\r\n"
        }
        func answer(_ number: Int) -> String {
            "HTTP/1.1 204 No Content\r\nX-Order: two\r\nX-Order: one\r\n"
                + "X-Order: server \(number)\r\nConnection: close\r\n\r\n"
        }
        var server = Self.plain(client).hook { Counter() }
        server.forwarding = []
        try ScriptedTest(
            server: server,
            client: [
                .send("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                .expect(answer(1)), .expectEnd, .end,
            ],
            upstream: [.expect(request(1)), .send(response)]
        ).run(seeds: Self.seeds)
    }

    /// The session ends with the cause `hook`, and both sides are reset.
    @Test func hooksClose() throws {
        let client = Self.client.beforeRespond { _, _ in .close("enough") }
        try ScriptedTest(
            server: Self.plain(client),
            client: [.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .expectReset],
            upstream: [
                .expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .send(Self.answer), .expectReset,
            ]
        ).run(seeds: Self.seeds)
    }
}
