import Pelmeni
import PelmeniHTTP
import PelmeniTesting
import Testing

/// The proxy between scripted clients and origins, over the simulated kernel: its cuts, delays and
/// shortages change no byte of what either side gets.
@Suite struct ScriptedHTTPTests {
    private static func server(_ change: (inout HTTPServer) -> Void = { _ in }) -> HTTPServer {
        var server = HTTPServer(HTTPClient("origin.example", 80), port: 8080)
        server.forwarding = []
        change(&server)
        return server
    }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let head = "HTTP/1.1 200 OK\r\n"

    /// Some bytes, in chunks of growing size.
    private static func chunked(_ count: Int, _ sizes: [Int]) -> (bytes: [UInt8], text: [UInt8]) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }
        var text: [UInt8] = []
        var at = 0
        var index = 0
        while at < count {
            let size = min(sizes[index % sizes.count], count - at)
            text += Array("\(String(size, radix: 16))\r\n".utf8) + bytes[at..<at + size]
            text += [13, 10]
            at += size
            index += 1
        }
        return (bytes, text + Array("0\r\n\r\n".utf8))
    }

    /// A connection is kept where the kernel has told of every byte in time, which it need not:
    /// each exchange has its own here, which is reset where it has not (seed 95 of the first).
    @Test(arguments: [
        (
            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 204 No Content\r\n\r\n"
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        ),
        (
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
        ),
    ]) func exchanges(request: String, response: String) throws {
        try ScriptedTest(
            server: Self.server(),
            client: [.send(request), .expect(response), .end, .expectEnd],
            upstream: [.expect(request), .send(response)]
        ).run(seeds: 1...60)
    }

    /// Requests that the proxy answers itself leave the connection as any other does: those behind
    /// them are read at once, and the time for a head is over.
    @Test func forwardsAreOver() throws {
        let last = "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let answer = Self.head + "Content-Length: 5\r\n\r\nhello"
        try ScriptedTest(
            server: Self.server(),
            client: [
                .send(last + last + Self.get), .expect(ok + ok + answer),
                .send(String(last.prefix(9))), .pause(.seconds(1)),
                .send(String(last.dropFirst(9))), .expect(ok), .pause(.seconds(40)),
                .send(Self.get), .expect(answer), .end, .expectEnd,
            ],
            upstream: [
                .expect(Self.get), .send(answer),
            ]
        ).run(seeds: 1...60)
    }

    /// Chunks go on with the sizes that they came with.
    @Test func chunksBothWays() throws {
        let put = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let up = Self.chunked(90_000, [1, 4_096, 4_097, 30_000, 7]).text
        let down = Self.chunked(150_000, [65_536, 2, 16_384, 5_000]).text
        let answer = Array((Self.head + "Transfer-Encoding: chunked\r\n\r\n").utf8)
        try ScriptedTest(
            server: Self.server(),
            client: [.send(Array(put.utf8) + up), .expect(answer + down), .end, .expectEnd],
            upstream: [.expect(Array(put.utf8) + up), .send(answer + down)]
        ).run(seeds: 1...60)
    }

    @Test func aLongBodyIsLinked() throws {
        let body = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        let answer = Array((Self.head + "Content-Length: 400000\r\n\r\n").utf8) + body
        try ScriptedTest(
            server: Self.server(),
            client: [.send(Self.get), .expect(answer), .end, .expectEnd],
            upstream: [.expect(Self.get), .send(answer)]
        ).run(seeds: 1...60)
    }

    /// A response that is cut off is a reset, and never an end.
    @Test func aCutIsSeen() throws {
        try ScriptedTest(
            server: Self.server(),
            client: [
                .send(Self.get), .expect(Self.head + "Content-Length: 10\r\n\r\nhello"),
                .expectReset,
            ],
            upstream: [
                .expect(Self.get), .send(Self.head + "Content-Length: 10\r\n\r\nhello"), .end,
                .expectReset,
            ]
        ).run(seeds: 1...100)
    }

    @Test func anUpstreamWithoutAnAnswer() throws {
        let reason = "the upstream closed its connection without a response\n"
        try ScriptedTest(
            server: Self.server(),
            client: [
                .send(Self.get),
                .expect(
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        + "Content-Length: \(reason.utf8.count)\r\nConnection: close\r\n\r\n"
                        + reason),
                .expectEnd, .end,
            ],
            upstream: [.expect(Self.get), .end, .expectReset]
        ).run(seeds: 1...100)
    }

    /// Deadlines pass in the simulated kernel's time.
    @Test func aSilentUpstream() throws {
        let server = Self.server { $0.deadlines.answer = .seconds(300) }
        let reason = "the upstream did not answer in time\n"
        try ScriptedTest(
            server: server,
            client: [
                .send(Self.get),
                .expect(
                    "HTTP/1.1 504 Gateway Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        + "Content-Length: \(reason.utf8.count)\r\nConnection: close\r\n\r\n"
                        + reason),
                .expectEnd, .end,
            ],
            upstream: [.expect(Self.get), .expectReset], patience: .seconds(400)
        ).run(seeds: 1...50)
    }

    /// An end of the client's stream is an abort, but not behind bytes of its next request, which
    /// may come with the last ones of a body in chunks.
    @Test(arguments: [false, true]) func anEndBehindANextRequest(isHooked: Bool) throws {
        let put = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let body = "3\r\nabc\r\n0\r\n\r\n"
        let next = "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"
        let answer = Self.head + "Content-Length: 5\r\n\r\nhello"
        var client = HTTPClient("origin.example", 80)
        if isHooked { client = client.beforeSendBody { body, _, _ in body = HTTPBody([]) } }
        var server = HTTPServer(client, port: 8080)
        server.forwarding = []
        server.halfClose = .abort
        try ScriptedTest(
            server: server,
            client: [
                .send(put + body + next), .end,
                .expect(answer + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), .expectEnd,
            ],
            upstream: [
                .expect(put + (isHooked ? "0\r\n\r\n" : body)), .pause(.milliseconds(300)),
                .send(answer),
            ]
        ).run(seeds: 1...60)
    }

    /// Nor does a hook that has had the whole request keep the end from being one.
    @Test func anEndBehindACollectedRequest() throws {
        let client = HTTPClient("origin.example", 80).beforeSend(collecting: 9) { _, _ in .forward }
        var server = HTTPServer(client, port: 8080)
        server.forwarding = []
        server.halfClose = .abort
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
        try ScriptedTest(
            server: server, client: [.send(post), .expect(hint), .end, .expectReset],
            upstream: [.expect(post), .send(hint), .expectReset]
        ).run(seeds: 1...60)
    }

    // MARK: Heads without an end

    /// A response of the proxy's own.
    private static func answer(_ status: String, _ reason: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(reason.utf8.count)\r\nConnection: close\r\n\r\n" + reason
    }

    /// Bytes behind a head's last line are not read again each time that more of them come, but at
    /// the end, and when the time is over: what is no head is refused, however it was cut.
    @Test(arguments: [true, false], Servers.allCases)
    func aRequestThatIsNoneHasAnAnswer(ends: Bool, kind: Servers) throws {
        let reason = "a field's name is no token, or is not followed by a colon\n"
        let server = kind.server { $0.deadlines.head = .seconds(3) }
        try ScriptedTest(
            server: server,
            client: [.send("GET / HTTP/1.1\r\nHost: a\r\nConnect ion"), .pause(.milliseconds(300))]
                + (ends ? [.end] : [])
                + [.expect(Self.answer("400 Bad Request", reason)), .expectEnd]
                + (ends ? [] : [.end]),
            upstream: []
        ).run(seeds: 1...60)
    }

    /// What is the beginning of a head has none, and is late.
    @Test(arguments: Servers.allCases) func halfOfARequest(kind: Servers) throws {
        let half = "GET / HTTP/1.1\r\nHost: a\r\nConnect"
        try ScriptedTest(
            server: kind.server(), client: [.send(half), .end, .expectReset], upstream: []
        ).run(seeds: 1...60)
        let late = Self.answer("408 Request Timeout", "the head did not come in time\n")
        try ScriptedTest(
            server: kind.server { $0.deadlines.head = .seconds(3) },
            client: [.send(half), .expect(late), .expectEnd, .end], upstream: []
        ).run(seeds: 1...60)
    }

    @Test(arguments: [true, false]) func aResponseThatIsNone(ends: Bool) throws {
        try ScriptedTest(
            server: Self.server { $0.deadlines.answer = .seconds(3) },
            client: [
                .send(Self.get),
                .expect(Self.answer("502 Bad Gateway", "the upstream's response is invalid\n")),
                .expectEnd, .end,
            ],
            upstream: [.expect(Self.get), .send("HTTP/2"), .pause(.milliseconds(300))]
                + (ends ? [.end] : []) + [.expectReset]
        ).run(seeds: 1...60)
    }

    enum Servers: CaseIterable {
        case proxy, stream, frames, datagrams

        func server(_ change: (inout HTTPServer) -> Void = { _ in }) -> HTTPServer {
            var server =
                switch self {
                case .proxy: ScriptedHTTPTests.server()
                case .stream: HTTPServer(TCPClient("origin.example", port: 7))
                case .frames: HTTPServer(TCPClient("origin.example", port: 7, framing: .u32be))
                case .datagrams: HTTPServer(UDPClient("origin.example", port: 7))
                }
            change(&server)
            return server
        }
    }
}
