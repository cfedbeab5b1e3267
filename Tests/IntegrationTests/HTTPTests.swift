import CPelmeni
import Foundation
import TestSupport
import Testing

extension Integration {
    /// The proxy of HTTP with real clients, and what happens in time: deadlines, ends, failures.
    /// What messages mean is judged by `make conformance`.
    @Suite(.timeLimit(.minutes(3))) struct HTTPTests {
        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

        private func proxy(
            _ upstream: String, _ backend: CommandBackend, options: String = ""
        ) throws -> Proxy {
            try Proxy(["http://127.0.0.1:0\(options)", upstream], backend: backend)
        }

        /// The status line of an answer of the proxy's own, and the end of its connection.
        private func readRefusal(_ wire: Wire) throws -> String {
            let (bytes, end) = try wire.readAll()
            #expect(end == .clean)
            return String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self)
        }

        @Test(arguments: CommandBackend.granted) func curl(backend: CommandBackend) throws {
            let curl = try Curl()
            let folder = try TemporaryFolder()
            let bytes = Pattern.shared.stream(key: 1, count: 50 << 20)
            try Data(bytes).write(to: URL(fileURLWithPath: folder.file("big")))
            let origin = try HTTPOrigin(body: bytes)
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let url = try proxy.url()
            _ = try curl.run("\(url)/big", "-o", folder.file("down"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "down"))
            // curl waits for 100 Continue before so large a body.
            _ = try curl.run("-T", folder.file("big"), "\(url)/put", "-o", folder.file("up"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "up"))
            #expect(try curl.run("\(url)/small", "\(url)/empty", "\(url)/small") == "smallsmall")
            #expect(try curl.run("--http1.0", "\(url)/small") == "small")
            #expect(try curl.run("-X", "PUT", "-d", "a small body", "\(url)/put") == "a small body")
            #expect(try curl.run("-x", url, "http://\(url.dropFirst(7))/small") == "small")
            try proxy.end()
            #expect(proxy.summary["completed"] == proxy.summary["accepted"])
            origin.stop()
        }

        @Test(arguments: CommandBackend.granted) func wrk(backend: CommandBackend) throws {
            let wrk = try Tool("wrk", package: "wrk")
            let origin = try HTTPOrigin(body: [])
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let (code, output, errors) = try Child([
                wrk.path, "-t1", "-c40", "-d2s", "\(try proxy.url())/small",
            ]).finish(within: .seconds(60))
            #expect(code == 0, "\(errors)")
            #expect(output.contains("requests in"))
            #expect(!output.contains("Non-2xx") && !output.contains("Socket errors"), "\(output)")
            try proxy.end()
            origin.stop()
        }

        // MARK: In time

        @Test(arguments: CommandBackend.granted) func deadlines(backend: CommandBackend) throws {
            let origin = try TestListener()
            let options = "?head=400ms&answer=400ms&body=400ms&client-idle=400ms"
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend, options: options)
            let port = try proxy.port()
            // Half a head.
            let slow = try Wire(to: .port(port))
            try slow.write("GET / HT")
            #expect(try readRefusal(slow) == "HTTP/1.1 408 Request Timeout")
            // A silent upstream.
            let patient = try Wire(to: .port(port))
            try patient.write(Self.get)
            let silent = try origin.accept()
            #expect(try patient.readRefusalLine() == "HTTP/1.1 504 Gateway Timeout")
            _ = try? silent.readAll()
            // A body that stops.
            let stalled = try Wire(to: .port(port))
            try stalled.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\nabc")
            let upload = try origin.accept()
            #expect(try readRefusal(stalled) == "HTTP/1.1 408 Request Timeout")
            let (part, end) = try upload.readAll()
            #expect(String(decoding: part, as: UTF8.self).hasSuffix("\r\n\r\nabc"))
            #expect(end == .reset)
            // A connection without a request ends in order.
            let idle = try Wire(to: .port(port))
            #expect(try idle.readAll() == ([], .clean))
            for wire in [slow, patient, silent, stalled, upload, idle] { wire.close() }
            try proxy.end()
        }

        @Test(arguments: CommandBackend.granted) func drains(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let port = try proxy.port()
            let (idle, busy) = (try Wire(to: .port(port)), try Wire(to: .port(port)))
            try busy.write(Self.get)
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            try upstream.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok")
            #expect(try busy.readText(2, behind: "\r\n\r\n") == "ok")
            proxy.child.signal(SIGTERM)
            // One that has asked nothing is told at once, a response is delivered whole.
            #expect(try idle.readAll() == ([], .clean))
            try upstream.write("!!")
            #expect(try busy.readAll() == (Array("!!".utf8), .clean))
            for wire in [idle, busy, upstream] { wire.close() }
            #expect(try proxy.child.exitCode() == 0)
        }

        /// A kept connection that the origin closes is not used; one of two upstreams is dead.
        @Test(arguments: CommandBackend.granted) func upstreams(backend: CommandBackend) throws {
            let (origin, dead) = (try TestListener(), try TestListener())
            let gone = dead.port
            dead.close()
            let proxy = try proxy("http://127.0.0.1:\(origin.port),127.0.0.1:\(gone)", backend)
            let client = try Wire(to: .port(try proxy.port()))
            for round in 0..<6 {
                try client.write(
                    round % 2 == 0
                        ? Self.get : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                let upstream = try origin.accept()
                try upstream.readRequestHead()
                try upstream.write(Self.answer)
                #expect(try client.readText(2, behind: "\r\n\r\n") == "ok")
                upstream.close()
            }
            client.close()
            try proxy.end()
        }

        // MARK: Much at once

        /// Small chunks are gathered, and there are more of them than a buffer holds.
        @Test(arguments: CommandBackend.granted, [1, 100, 4_096])
        func manyChunks(backend: CommandBackend, size: Int) throws {
            let chunk = "\(String(size, radix: 16))\r\n\(String(repeating: "x", count: size))\r\n"
            let count = 8_000_000 / chunk.utf8.count
            let body = Array(String(repeating: chunk, count: count).utf8) + Array("0\r\n\r\n".utf8)
            let origin = try TestListener()
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let client = try Wire(to: .port(try proxy.port()))
            let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let sending = Thread { try? client.write(Array(head.utf8) + body) }
            sending.start()
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            let isSame = (try upstream.read(exactly: body.count)) == body
            #expect(isSame, "other bytes")
            let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            let answering = Thread { try? upstream.write(Array(answer.utf8) + body) }
            answering.start()
            try client.readRequestHead()
            let isBackSame = (try client.read(exactly: body.count)) == body
            #expect(isBackSame, "other bytes")
            client.close()
            upstream.close()
            try proxy.end()
        }

        /// What a client sends behind its last request does not cut the response off.
        @Test(arguments: CommandBackend.granted)
        func bytesBehindTheLastRequest(backend: CommandBackend) throws {
            let body = Pattern.shared.stream(key: 4, count: 6 << 20)
            let origin = try TestListener()
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let client = try Wire(to: .port(try proxy.port()))
            try client.write("GET / HTTP/1.0\r\n\r\n")
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            let sending = Thread {
                try? client.write([UInt8](repeating: 0x41, count: 3 << 20))
            }
            sending.start()
            let answering = Thread {
                try? upstream.write("HTTP/1.1 200 OK\r\n\r\n")
                try? upstream.write(body)
                upstream.close()
            }
            answering.start()
            try client.readRequestHead()
            var got: [UInt8] = []
            while got.count < body.count {
                let more = try client.read(upTo: 64 << 10)
                guard !more.isEmpty else { break }
                got += more
                // A slow reader: it waits for nothing.
                usleep(1_000)
            }
            let isSame = (got) == body
            #expect(isSame, "other bytes")
            client.close()
            try proxy.end()
        }

        /// A request is sent again only before a byte of its response; and hundreds of interim
        /// responses in one read are all delivered.
        @Test(arguments: CommandBackend.granted)
        func halfAHead(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let client = try Wire(to: .port(try proxy.port()))
            try client.write(Self.get)
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            let hint = "HTTP/1.1 103 E\r\n\r\n"
            try upstream.write(String(repeating: hint, count: 700) + Self.answer)
            for _ in 0..<700 {
                #expect(try client.read(exactly: hint.utf8.count) == Array(hint.utf8))
            }
            #expect(try client.readText(2, behind: "\r\n\r\n") == "ok")
            try client.write(Self.get)
            try upstream.readRequestHead()
            try upstream.write("HTTP/1.1 200 O")
            upstream.close()
            #expect(try readRefusal(client) == "HTTP/1.1 502 Bad Gateway")
            #expect(throws: (any Error).self) { try origin.accept(within: .zero) }
            client.close()
            try proxy.end()
        }

        /// A client that has gone takes its request along, within seconds.
        @Test(arguments: CommandBackend.granted)
        func theClientGoes(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy("http://127.0.0.1:\(origin.port)", backend)
            let client = try Wire(to: .port(try proxy.port()))
            try client.write(Self.get)
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            client.reset()
            _ = try? upstream.readAll()
            upstream.close()
            try proxy.end()
            #expect(proxy.summary["client_reset"] == 1)
        }
    }
}

extension Wire {
    func readRequestHead() throws {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) { bytes += try read(exactly: 1) }
    }

    /// A text of so many bytes behind a head.
    fileprivate func readText(_ count: Int, behind end: String) throws -> String {
        try readRequestHead()
        return try readText(count)
    }

    fileprivate func readRefusalLine() throws -> String {
        let (bytes, _) = try readAll()
        return String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self)
    }
}
