import Foundation
import TestSupport
import Testing

extension Integration {
    /// Options of http pairs: half-closes and limits, with real clients.
    @Suite(.timeLimit(.minutes(2))) struct HTTPOptionTests {
        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

        private func proxy(
            _ origin: TestListener, _ backend: CommandBackend, _ query: String
        ) throws -> Proxy {
            try Proxy(
                ["http://127.0.0.1:0?\(query)", "http://127.0.0.1:\(origin.port)"],
                backend: backend)
        }

        // MARK: Half-close

        /// The requests of `abort`: with a kept head, a small body, a long one and chunks.
        private static let requests = [
            get, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n"
                + String(repeating: "x", count: 50_000),
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ]

        @Test(arguments: CommandBackend.granted, requests.indices)
        func aborts(backend: CommandBackend, index: Int) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin, backend, "half-close=abort")
            // Before the response, and within its body.
            for part in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
                let client = try Wire(to: .port(try proxy.port()))
                try client.write(Self.requests[index])
                let upstream = try origin.accept()
                try upstream.readRequestHead()
                try upstream.write(part)
                if !part.isEmpty { try client.readRequestHead() }
                client.finish()
                // Its response has no reader.
                #expect(try upstream.readAll().end == .reset)
                _ = try? client.readAll()
                client.close()
                upstream.close()
            }
            try proxy.end()
            #expect(proxy.summary["client_reset"] == 2)
        }

        /// What is no bare end behind a whole request: the next request comes first, the response
        /// is over, or the option is the default.
        @Test(arguments: CommandBackend.granted, ["abort", "deliver"])
        func delivers(backend: CommandBackend, meaning: String) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin, backend, "half-close=\(meaning)")
            let client = try Wire(to: .port(try proxy.port()))
            try client.write(Self.get)
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            try upstream.write(Self.answer)
            try client.readRequestHead()
            #expect(try client.readText(2) == "ok")
            if meaning == "abort" {
                // Two at once, and the end behind both.
                try client.write(Self.get + Self.get)
                try upstream.readRequestHead()
                client.finish()
                try upstream.write(Self.answer)
                try client.readRequestHead()
                #expect(try client.readText(2) == "ok")
                // The second one is whole, and nothing is behind it but the end.
                #expect(try client.readEnd() == .reset)
            } else {
                try client.write(Self.get + Self.get)
                client.finish()
                for _ in 0..<2 {
                    try upstream.readRequestHead()
                    try upstream.write(Self.answer)
                    try client.readRequestHead()
                    #expect(try client.readText(2) == "ok")
                }
                #expect(try client.readAll() == ([], .clean))
            }
            client.close()
            upstream.close()
            // A client that asks nothing ends in order.
            let idle = try Wire(to: .port(try proxy.port()))
            idle.finish()
            #expect(try idle.readAll() == ([], .clean))
            try proxy.end()
        }

        // MARK: Limits

        @Test(arguments: CommandBackend.granted) func limits(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy(
                origin, backend,
                "max-head=2k&max-request-line=300&max-fields=5&max-chunk-extensions=8"
                    + "&max-trailers=64")
            func status(_ head: String, _ body: String = "") throws -> String {
                let client = try Wire(to: .port(try proxy.port()))
                defer { client.close() }
                try client.write(head + "\r\n\r\n" + body)
                let (bytes, _) = try client.readAll()
                return String(decoding: bytes.prefix { $0 != 13 }.dropFirst(9), as: UTF8.self)
            }
            func long(_ count: Int) -> String { String(repeating: "x", count: count) }
            let line = "POST /\(long(300)) HTTP/1.1\r\nHost: a"
            #expect(try status(line) == "414 URI Too Long")
            let head = "POST / HTTP/1.1\r\nHost: a\r\n"
            let tooLong = "431 Request Header Fields Too Large"
            #expect(try status(head + "A: \(long(2_048))") == tooLong)
            #expect(try status(head + "A:\r\nB:\r\nC:\r\nD:\r\nE:") == tooLong)
            let chunked = head + "Transfer-Encoding: chunked"
            #expect(try status(chunked, "1;\(long(9))\r\nx\r\n0\r\n\r\n") == "400 Bad Request")
            #expect(try status(chunked, "0\r\nA: \(long(70))\r\n\r\n") == tooLong)
            // Within them.
            let client = try Wire(to: .port(try proxy.port()))
            try client.write(
                "POST /\(long(270)) HTTP/1.1\r\nHost: a\r\nA: \(long(1_000))\r\nB:\r\nC:\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1;\(long(7))\r\nx\r\n0\r\nA: b\r\n\r\n")
            var upstream = try origin.accept()
            // Those of the two bad bodies came before.
            while !isWhole(upstream) {
                upstream.close()
                upstream = try origin.accept()
            }
            try upstream.write(Self.answer)
            try client.readRequestHead()
            #expect(try client.readText(2) == "ok")
            for wire in [client, upstream] { wire.close() }
            try proxy.end()
        }

        /// Whether a request comes whole, with the body of the good one.
        private func isWhole(_ wire: Wire) -> Bool {
            let end = "1\r\nx\r\n0\r\nA: b\r\n\r\n"
            do {
                try wire.readRequestHead()
                return try wire.readText(end.utf8.count) == end
            } catch {
                return false
            }
        }
    }
}
