import Testing

@testable import PelmeniHTTP

/// What is written for an upstream, and for a client.
@Suite struct WriterTests {
    private func request(
        _ text: String, _ forwarding: HTTPForwarding = [], client: String = "192.0.2.7",
        isTrusted: Bool = false
    ) throws -> String {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { memory in
            let start = try #require(memory.baseAddress)
            let octets = Octets(start, count: memory.count)
            let head = try #require(try RequestHead.read(octets, HTTPLimits()))
            var clientText = ClientText(client)
            clientText.isTrusted = isTrusted
            let additions = RequestWriter.Additions(
                client: clientText, authority: StaticText("origin:80"),
                forwarding: forwarding)
            let room = RequestWriter.room(head, additions)
            let output = [UInt8](unsafeUninitializedCapacity: room) { memory, count in
                count = RequestWriter.write(
                    head, octets, additions, into: UnsafeMutableRawBufferPointer(memory))
            }
            return String(decoding: output, as: UTF8.self)
        }
    }

    private func response(
        _ text: String, isChunked: Bool = false,
        connection: ResponseWriter.Connection = .silent
    ) throws -> String {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { memory in
            let octets = Octets(try #require(memory.baseAddress), count: memory.count)
            let head = try #require(
                try ResponseHead.read(octets, HTTPLimits(), isToHead: false))
            let output = [UInt8](unsafeUninitializedCapacity: ResponseWriter.room(head)) {
                $1 = ResponseWriter.write(
                    head, octets, isChunked: isChunked, connection,
                    into: UnsafeMutableRawBufferPointer($0))
            }
            return String(decoding: output, as: UTF8.self)
        }
    }

    @Test func linesThatGoOn() throws {
        let text = """
            GET /a//b/../%2e?q=[1]|{2} HTTP/1.0\r
            hOsT:a:8\r
            Connection: X-One, keep-alive,Host\r
            X-One: dropped\r
            Keep-Alive: 5\r
            x-two:kept \r
            X-Empty:\r
            Proxy-Connection: close\r
            x-two: again\r
            X-Forwarded-For: 10.0.0.1\r
            \r\n
            """
        #expect(
            try request(text) == """
                GET /a//b/../%2e?q=[1]|{2} HTTP/1.1\r
                hOsT:a:8\r
                x-two:kept \r
                X-Empty:\r
                x-two: again\r
                \r\n
                """)
    }

    @Test func whatATrustedClientSays() throws {
        let text =
            "GET / HTTP/1.1\r\nHost: a\r\nforwarded: for=b\r\nX-Forwarded-For:c\r\n"
            + "X-forwarded-proto:https\r\nFORWARDED: for=d,for=e\r\n\r\n"
        let all: HTTPForwarding = [.xForwarded, .forwarded]
        #expect(
            try request(text, all, client: "2001:db8::1", isTrusted: true) == """
                GET / HTTP/1.1\r
                Host: a\r
                X-forwarded-proto:https\r
                X-Forwarded-For: c, 2001:db8::1\r
                X-Forwarded-Host: a\r
                Forwarded: for=b, for=d,for=e, for="[2001:db8::1]";proto=http\r
                \r\n
                """)
        #expect(
            try request(text, [], isTrusted: true) == """
                GET / HTTP/1.1\r
                Host: a\r
                forwarded: for=b\r
                X-Forwarded-For:c\r
                X-forwarded-proto:https\r
                FORWARDED: for=d,for=e\r
                \r\n
                """)
        // As long as a head can be: the room is enough.
        let long = String(repeating: "X-Forwarded-For:a\r\n", count: 198)
        let found = try request(
            "GET / HTTP/1.1\r\nHost: a\r\n\(long)\r\n", all, isTrusted: true)
        #expect(found.contains("a, a, 192.0.2.7\r\n"))
    }

    @Test func whatTheProxyAdds() throws {
        let text = "GET / HTTP/1.0\r\nConnection: close\r\n\r\n"
        let all: HTTPForwarding = [.via, .xForwarded, .forwarded]
        #expect(
            try request(text, all) == """
                GET / HTTP/1.1\r
                Host: origin:80\r
                Via: 1.0 pelmeni\r
                X-Forwarded-For: 192.0.2.7\r
                X-Forwarded-Proto: http\r
                Forwarded: for=192.0.2.7;proto=http\r
                \r\n
                """)
        let withHost = "GET / HTTP/1.1\r\nHost: a.example\r\nForwarded: for=me\r\n\r\n"
        #expect(
            try request(withHost, all, client: "2001:db8::1") == """
                GET / HTTP/1.1\r
                Host: a.example\r
                Via: 1.1 pelmeni\r
                X-Forwarded-For: 2001:db8::1\r
                X-Forwarded-Proto: http\r
                X-Forwarded-Host: a.example\r
                Forwarded: for="[2001:db8::1]";proto=http\r
                \r\n
                """)
    }

    @Test(arguments: [
        ("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("GET HTTP://h?x HTTP/1.1\r\nHost: H\r\n\r\n", "GET /?x HTTP/1.1\r\nHost: H\r\n\r\n"),
        ("OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("GET http://h/p HTTP/1.0\r\n\r\n", "GET /p HTTP/1.1\r\nHost: h\r\n\r\n"),
        (
            "TRACE / HTTP/1.1\r\nMax-Forwards: 10\r\nHost: h\r\n\r\n",
            "TRACE / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 9\r\n\r\n"
        ),
        (
            "GET / HTTP/1.1\r\nMax-Forwards: 10\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nMax-Forwards: 10\r\nHost: h\r\n\r\n"
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nTE: gzip, trailers\r\nConnection: TE\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n"
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c,WebSocket\r\nHTTP2-Settings: x\r\n"
                + "Connection: HTTP2-Settings, upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
        ),
    ]) func requests(text: String, wanted: String) throws {
        #expect(try request(text) == wanted)
    }

    @Test func responses() throws {
        let text = "HTTP/1.0 404\r\nServer: x\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n\r\n"
        #expect(try response(text) == "HTTP/1.1 404 \r\nServer: x\r\n\r\n")
        #expect(
            try response(text, isChunked: true, connection: .close)
                == "HTTP/1.1 404 \r\nServer: x\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n")
        #expect(
            try response(
                "HTTP/1.1 101 Go\r\nUpgrade: other, websocket\r\nA: b\r\n\r\n", connection: .upgrade
            )
                == "HTTP/1.1 101 Go\r\nA: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        #expect(
            try response(
                "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
                connection: .upgrade)
                == "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    }

    /// What is written is read without a refusal, as the same request.
    @Test func whatIsWrittenIsReadAlike() throws {
        for text in HeadSplitTests.requests {
            guard let output = try? request(text, [.via, .xForwarded, .forwarded]) else { continue }
            let first = HeadVerdict.ofRequest(Array(text.utf8), HTTPLimits())
            let second = HeadVerdict.ofRequest(Array(output.utf8), HTTPLimits())
            guard case .head(_, let body, _) = first, case .head(let end, let again, _) = second
            else {
                Issue.record("\(output) is refused")
                continue
            }
            #expect(body == again && end == output.utf8.count)
        }
    }
}
