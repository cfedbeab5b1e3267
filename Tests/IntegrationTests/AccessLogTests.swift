import Foundation
import Synchronization
import TestSupport
import Testing

extension Integration {
    /// The access log: what its lines have, that each parses, and that no line is lost unseen.
    @Suite(.timeLimit(.minutes(3))) struct AccessLogTests {
        let folder: TemporaryFolder
        private var path: String { folder.file("access.log") }

        init() throws { folder = try TemporaryFolder() }

        private func proxy(
            _ upstream: UInt16, _ backend: CommandBackend, query: String = "",
            format: String = "json"
        ) throws -> Proxy {
            try Proxy(
                ["http://127.0.0.1:0\(query)", "http://127.0.0.1:\(upstream)"], backend: backend,
                options: ["--access-log", path, "--access-log-format", format])
        }

        // MARK: Lines

        @Test(arguments: CommandBackend.granted) func exchanges(backend: CommandBackend)
            async throws
        {
            let origin = try TestListener()
            let proxy = try proxy(origin.port, backend)
            let exchange = try AccessExchange(proxy, origin)
            try await exchange.run(
                "GET /a%20b?c=\"d\"&\\ HTTP/1.1\r\nHost: a.example\r\nuser-AGENT: \"x\\\u{9}\r\n"
                    + "Referer:http://r/\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            let big = String(repeating: "x", count: 100_000)
            try await exchange.run(
                "PUT /put HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + big,
                "HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n" + big)
            let chunks = "3\r\nabc\r\n1869F\r\n\(big.dropLast())\r\n1\r\nz\r\n0\r\n\r\n"
            try await exchange.run(
                "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            try await exchange.run(
                "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            try await exchange.run(
                "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", nil)
            // Up to the end of the upstream's connection.
            try await exchange.run(
                "GET /end HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n" + big, ends: true)
            try proxy.end()
            let lines = try AccessLines(path)
            #expect(
                lines.all("target") == [
                    "/a%20b?c=\"d\"&\\", "/put", "/chunks", "/head", "*", "/end",
                ])
            #expect(lines.all("status") == [200, 201, 200, 200, 200, 200])
            #expect(lines.all("bytes") == [5, 100_000, 100_003, 0, 0, 100_000])
            #expect(lines.all("request_bytes") == [0, 100_000, 100_003, 0, 0, 0])
            #expect(lines.all("cut") == [Bool?](repeating: nil, count: 6))
            let first = try #require(lines.objects.first)
            #expect(first["method"] as? String == "GET")
            #expect(first["version"] as? String == "HTTP/1.1")
            #expect(first["host"] as? String == "a.example")
            #expect(first["user_agent"] as? String == "\"x\\")
            #expect(first["referer"] as? String == "http://r/")
            #expect(first["client"] as? String == "127.0.0.1")
            #expect(first["port"] as? Int == exchange.port)
            #expect(first["upstream"] as? String == "127.0.0.1:\(origin.port)")
            let (total, head) = (first["total"] as? Double, first["upstream_head"] as? Double)
            #expect((total ?? -1) >= (head ?? .infinity) && (head ?? -1) >= 0)
            #expect(lines.objects[4]["upstream"] == nil)
            let time = try #require(first["time"] as? String)
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            let date = try #require(formatter.date(from: time), "\(time)")
            #expect(abs(date.timeIntervalSinceNow) < 120)
        }

        /// Refused requests and hostile bytes: every line is one object.
        @Test(arguments: CommandBackend.granted) func hostile(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin.port, backend, query: "?head=300ms")
            let port = try proxy.port()
            func send(_ bytes: [UInt8], ends: Bool = false) throws {
                let wire = try Wire(to: .port(port))
                try wire.write(bytes)
                if ends { wire.finish() }
                _ = try? wire.readAll()
                wire.close()
            }
            let every = [UInt8](0...255).filter { $0 != 10 }
            try send(every + Array("\r\n\r\n".utf8))
            try send(Array("GET /\"\\\u{1} HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            try send(
                Array("GET / HTTP/1.1\r\nHost: \"".utf8) + [0xff, 0x80] + Array("\r\n\r\n".utf8))
            try send(Array("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".utf8))
            let long = String(repeating: "a\"", count: 10_000)
            try send(Array("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            try send(
                Array("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ".utf8)
                    + [UInt8](repeating: 0xfe, count: 5_000) + Array("\r\nA: \0\r\n\r\n".utf8))
            try send(Array("GET /half HTTP/1.1\r\nHost: a\r\n".utf8), ends: true)
            // The head's deadline.
            try send(Array("GET /slow HTTP/1.1\r\nHo".utf8))
            try send(Array("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".utf8))
            try proxy.end()
            let lines = try AccessLines(path)
            #expect(lines.all("status") == [400, 400, 400, 400, 414, 400, nil, 408, 405])
            let reasons: [String?] = lines.all("reason")
            #expect(reasons.allSatisfy { $0?.isEmpty == false }, "\(reasons)")
            #expect(reasons[3] == "there is more than one Host")
            #expect(reasons[4] == "the request line is too long")
            #expect(lines.objects[6]["cut"] as? Bool == true)
            #expect(lines.all("target").suffix(3) == ["/half", "/slow", "a:1"])
            // An escape for each byte, and the limit counts them.
            #expect(lines.lines.allSatisfy { $0.utf8.allSatisfy { 0x20...0x7e ~= $0 } })
            let targets: [String?] = lines.all("target")
            #expect(targets[4]?.hasSuffix("...") == true)
            #expect((targets[4]?.count ?? 0) > 1_000 && (targets[4]?.count ?? 9_999) <= 2_048)
            let agents: [String?] = lines.all("user_agent")
            #expect(agents[5]?.hasPrefix("\u{fe}\u{fe}") == true)
            #expect((agents[5]?.count ?? 9_999) < 512)
            #expect(lines.objects[2]["host"] as? String == "\"\u{ff}\u{80}")
        }

        /// Responses that are cut off, and upstreams that fail.
        @Test(arguments: CommandBackend.granted) func cut(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin.port, backend, query: "?answer=2s")
            func ask(_ path: String, _ answer: String?) throws {
                let client = try Wire(to: .port(try proxy.port()))
                try client.write("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let upstream = try origin.accept()
                try upstream.readRequestHead()
                if let answer {
                    try upstream.write(answer)
                    upstream.close()
                }
                _ = try? client.readAll()
                client.close()
                upstream.close()
            }
            let part = String(repeating: "x", count: 50_000)
            try ask("/cut", "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + part)
            try ask("/bad", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
            try ask("/closed", "")
            try ask("/silent", nil)
            // A client that goes while it waits.
            let client = try Wire(to: .port(try proxy.port()))
            try client.write("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = try origin.accept()
            try upstream.readRequestHead()
            client.reset()
            _ = try? upstream.readAll()
            upstream.close()
            try proxy.end()
            let lines = try AccessLines(path)
            #expect(lines.all("target") == ["/cut", "/bad", "/closed", "/silent", "/gone"])
            #expect(lines.all("status") == [200, 502, 502, 504, nil])
            #expect(lines.all("cut") == [true, nil, nil, nil, true])
            #expect(lines.objects[0]["bytes"] as? Int == 50_000)
            #expect(
                lines.all("reason") == [
                    "upstream_reset",
                    "the upstream's response is invalid: the Content-Length is no number",
                    "the upstream closed its connection without a response",
                    "the upstream did not answer in time", "client_reset",
                ])
        }

        @Test(arguments: CommandBackend.granted) func text(backend: CommandBackend) async throws {
            let origin = try TestListener()
            let proxy = try proxy(origin.port, backend, format: "text")
            let exchange = try AccessExchange(proxy, origin)
            try await exchange.run(
                "GET /a\"b HTTP/1.1\r\nHost: a\r\nUser-Agent: \u{e9}\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n")
            exchange.close()
            try proxy.end()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let words = text.split(separator: " ")
            #expect(text.hasSuffix(" host=\"a\" user_agent=\"\\xc3\\xa9\"\n"), "\(text)")
            #expect(words[1] == "127.0.0.1:\(exchange.port)")
            #expect(words[2...5].joined(separator: " ") == "\"GET /a\\\"b HTTP/1.1\" 204")
            #expect(words[6...7].joined(separator: " ") == "bytes=0 request_bytes=0")
            #expect(text.contains(" upstream=127.0.0.1:\(origin.port) "))
        }

        // MARK: The file

        /// The file is moved away and opened anew under load: each line is in one of the files.
        @Test(arguments: CommandBackend.granted) func rotation(backend: CommandBackend) async throws
        {
            let origin = try HTTPOrigin(body: [])
            let proxy = try proxy(origin.port, backend)
            let port = try proxy.port()
            let rounds = 8
            let isOver = Mutex(false)
            let asking = (0..<4).map { client in
                beside {
                    let wire = try Wire(to: .port(port))
                    var count = 0
                    while !isOver.withLock({ $0 }) {
                        try wire.write(
                            "GET /\(client).\(count) HTTP/1.1\r\nHost: a\r\n\r\n")
                        try wire.readRequestHead()
                        count += 1
                    }
                    wire.close()
                    return count
                }
            }
            for round in 0..<rounds {
                try waitUntil("lines before round \(round)") {
                    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
                        > 0
                }
                try FileManager.default.moveItem(atPath: path, toPath: folder.file("\(round)"))
                proxy.child.signal(SIGUSR1)
                try waitUntil("a new file") { FileManager.default.fileExists(atPath: path) }
            }
            isOver.withLock { $0 = true }
            var requests = 0
            for one in asking { requests += try await one.value }
            try proxy.end()
            origin.stop()
            var targets: Set<String> = []
            var count = 0
            for name in (0..<rounds).map(String.init) + ["access.log"] {
                let lines = try AccessLines(folder.file(name))
                count += lines.objects.count
                targets.formUnion(lines.all("target").compactMap { (one: String?) in one })
            }
            #expect(count == requests)
            #expect(targets.count == requests)
            #expect(proxy.child.errors.everything.contains("lines=\(count) lost=0"))
        }

        /// A FIFO that nobody reads: requests go on, and the lost lines are counted.
        @Test(arguments: CommandBackend.granted) func aFullLog(backend: CommandBackend) throws {
            try #require(mkfifo(path, 0o600) == 0)
            let pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(pipe) }
            let origin = try HTTPOrigin(body: [])
            let proxy = try proxy(origin.port, backend)
            let wire = try Wire(to: .port(try proxy.port()))
            // The memory for lines has 4 MiB.
            let requests = 3_000
            let target = "/" + String(repeating: "x", count: 2_000)
            for _ in 0..<requests {
                try wire.write("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                try wire.readRequestHead()
            }
            wire.close()
            proxy.child.signal(SIGTERM)
            try proxy.expectEnd(0)
            origin.stop()
            let errors = proxy.child.errors.lines
            let last = try #require(errors.last { $0.contains(" access log ended ") })
            let counts = last.split(separator: " ").compactMap { word in
                word.split(separator: "=").last.flatMap { Int($0) }
            }
            try #require(counts.count == 2, "\(last)")
            #expect(counts[1] > 500, "\(last)")
            #expect(counts[0] + counts[1] == requests, "\(last)")
            #expect(errors.contains { $0.contains("lines of the access log were lost") })
        }

        @Test(arguments: CommandBackend.granted)
        func standardOutput(backend: CommandBackend) async throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                ["http://127.0.0.1:0", "http://127.0.0.1:\(origin.port)"], backend: backend,
                options: ["--access-log", "-", "--access-log-format", "json"])
            let exchange = try AccessExchange(proxy, origin)
            try await exchange.run(
                "GET /out HTTP/1.1\r\nHost: a\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            exchange.close()
            try proxy.end()
            let line = try #require(proxy.child.output.lines.last)
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect((object as? [String: Any])?["target"] as? String == "/out")
        }
    }
}
