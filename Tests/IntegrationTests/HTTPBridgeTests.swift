import Foundation
import TestSupport
import Testing

extension Integration {
    /// HTTP before and behind everything else, with curl and with bytes of the test's own.
    @Suite(.timeLimit(.minutes(3))) struct HTTPBridgeTests {
        private func post(_ body: String, _ fields: String = "") -> String {
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
        }

        // MARK: Before datagrams

        @Test(arguments: CommandBackend.granted) func curlToUDP(backend: CommandBackend) throws {
            let curl = try Curl()
            let origin = try EchoingDatagrams(twice: true)
            let proxy = try Proxy(
                ["http://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)"], backend: backend)
            let url = try proxy.url()
            #expect(try curl.run("-d", "hello", url) == "hello")
            #expect(try curl.run(url) == "")
            #expect(try curl.run("--http1.0", "-d", "old", url) == "old")
            #expect(
                try curl.run("-X", "PUT", "-d", "any method", "\(url)/any/path") == "any method")
            #expect(
                try curl.run("-H", "Transfer-Encoding: chunked", "-d", "chunks", url) == "chunks")
            let head = try curl.run("-I", url)
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: 0\r\n"))
            #expect(head.contains("Content-Type: application/octet-stream\r\n"))
            // One connection, and each answer comes twice.
            let three = try curl.run(
                "-w", "%{num_connects}", "-d", "a", url, "-d", "b", url, "-d", "c", url)
            #expect(three == "a&b&c1a&b&c0a&b&c0")
            let folder = try TemporaryFolder()
            let body = String(repeating: "x", count: 65_507)
            try body.write(toFile: folder.file("body"), atomically: true, encoding: .utf8)
            #expect(try curl.run("--data-binary", "@\(folder.file("body"))", url) == body)
            try proxy.end()
            origin.stop()
        }

        /// An answer that comes late, or twice, is never the response to a later request.
        @Test(arguments: CommandBackend.granted)
        func lateAnswers(backend: CommandBackend) throws {
            let origin = try DatagramWire()
            let proxy = try Proxy(
                ["http://127.0.0.1:0?answer=300ms", "udp://127.0.0.1:\(origin.port)"],
                backend: backend)
            let client = try Wire(toPort: try proxy.port())
            var earlier: [DatagramAddress] = []
            for round in 0..<20 {
                try client.write(post("question \(round)"))
                let (question, from) = try origin.receive()
                #expect(String(decoding: question, as: UTF8.self) == "question \(round)")
                // All that was asked before is answered once more, before the right answer.
                for address in earlier { try? origin.send("late", to: address) }
                try origin.send("answer \(round)", to: from)
                try origin.send("second answer", to: from)
                let (status, body) = try client.readResponse()
                #expect(status == "HTTP/1.1 200 OK" && body == "answer \(round)")
                #expect(!earlier.contains(from), "a socket of its own")
                earlier.append(from)
            }
            // Behind a 504 the connection is over.
            try client.write(post("no answer"))
            let (_, from) = try origin.receive()
            #expect(try client.readResponse().status == "HTTP/1.1 504 Gateway Timeout")
            #expect(try client.readEnd() == .clean)
            try? origin.send("too late", to: from)
            client.close()
            origin.close()
            try proxy.end()
        }

        @Test(arguments: CommandBackend.granted)
        func manyClientsOfUDP(backend: CommandBackend) throws {
            let origin = try EchoingDatagrams(twice: true)
            let proxy = try Proxy(
                ["http://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)"], backend: backend)
            let clients = try (0..<100).map { _ in try Wire(toPort: try proxy.port()) }
            for round in 0..<5 {
                for (number, client) in clients.enumerated() {
                    try client.write(post("client \(number) round \(round)"))
                }
                for (number, client) in clients.enumerated() {
                    let (_, body) = try client.readResponse()
                    #expect(body == "client \(number) round \(round)")
                }
            }
            for client in clients { client.close() }
            try proxy.end()
            origin.stop()
            #expect(proxy.summary["accepted"] == 100 && proxy.summary["completed"] == 100)
        }

        @Test(arguments: CommandBackend.granted)
        func refusalsAndPipelines(backend: CommandBackend) throws {
            let origin = try EchoingDatagrams(twice: false)
            let gone = try DatagramWire.unusedPort()
            let proxy = try Proxy(
                [
                    "http://127.0.0.1:0?body=300ms&head=300ms&client-idle=300ms",
                    "udp://127.0.0.1:\(origin.port)",
                    "http://127.0.0.1:0", "udp://127.0.0.1:\(gone)",
                ], backend: backend)
            let port = try proxy.port()
            // By its length at once, and by its chunks.
            let long = try Wire(toPort: port)
            try long.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65508\r\n\r\n")
            #expect(try long.readResponse().status == "HTTP/1.1 413 Content Too Large")
            #expect(try long.readEnd() == .clean)
            let chunks = try Wire(toPort: port)
            try chunks.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try chunks.write("8000\r\n" + String(repeating: "x", count: 0x8000) + "\r\n8000\r\n")
            #expect(try chunks.readResponse().status == "HTTP/1.1 413 Content Too Large")
            let refused = try Wire(toPort: try proxy.port(1))
            try refused.write(post("x"))
            #expect(try refused.readResponse().status == "HTTP/1.1 502 Bad Gateway")
            let stalled = try Wire(toPort: port)
            try stalled.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
            #expect(try stalled.readResponse().status == "HTTP/1.1 408 Request Timeout")
            let slow = try Wire(toPort: port)
            try slow.write("POST / HT")
            #expect(try slow.readResponse().status == "HTTP/1.1 408 Request Timeout")
            // Answers come in the order of the requests, and the last one behind the client's end.
            let pipeline = try Wire(toPort: port)
            try pipeline.write((0..<50).map { post("request \($0)") }.joined())
            pipeline.finish()
            for number in 0..<50 {
                #expect(try pipeline.readResponse().body == "request \(number)")
            }
            #expect(try pipeline.readEnd() == .clean)
            // The body waits for 100.
            let waiting = try Wire(toPort: port)
            try waiting.write(
                "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try waiting.readText(25) == "HTTP/1.1 100 Continue\r\n\r\n")
            try waiting.write("hi")
            #expect(try waiting.readResponse().body == "hi")
            // And then nothing.
            #expect(try waiting.readEnd() == .clean)
            for wire in [long, chunks, refused, stalled, slow, pipeline, waiting] { wire.close() }
            origin.stop()
            try proxy.end()
        }

        /// What the proxy refuses, a bridge does, in the same words.
        @Test(arguments: CommandBackend.granted)
        func hostileBytes(backend: CommandBackend) throws {
            let origin = try EchoingDatagrams(twice: false)
            let silent = try TestListener()
            let proxy = try Proxy(
                [
                    "http://127.0.0.1:0", "http://127.0.0.1:\(silent.port)",
                    "http://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)",
                    "http://127.0.0.1:0", "tcp://127.0.0.1:\(silent.port)",
                    "http://127.0.0.1:0", "tcp://127.0.0.1:\(silent.port)?framing=line",
                ], backend: backend)
            let head = "POST / HTTP/1.1\r\nHost: a\r\n"
            let hostile = [
                "GET\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n",
                head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
                head + "Content-Length: +1\r\n\r\na", head + "Content-Length: 1, 1\r\n\r\na",
                head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                head + "Transfer-Encoding: gzip\r\n\r\n",
                head + "Transfer-Encoding: chunked, gzip\r\n\r\n",
                head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
                head + "X: " + String(repeating: "x", count: 70_000) + "\r\n\r\n",
                "GET /" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
                head + String(repeating: "X: y\r\n", count: 300) + "\r\n",
            ]
            for text in hostile {
                var statuses: [String] = []
                for index in 0..<4 {
                    let wire = try Wire(toPort: try proxy.port(index))
                    try wire.write(text)
                    let (bytes, _) = try wire.readAll()
                    statuses.append(String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self))
                    wire.close()
                }
                #expect(statuses[0].hasPrefix("HTTP/1.1 4") || statuses[0].hasPrefix("HTTP/1.1 5"))
                #expect(Set(statuses).count == 1, "\(text.prefix(60)): \(statuses)")
            }
            // A body's framing is read by the bridge alone where the proxy has passed its head on.
            for text in ["x\r\n", "1\rx", "-1\r\n", "1;\u{1}\r\n", "1\r\nab\r\n"] {
                let wire = try Wire(toPort: try proxy.port(1))
                try wire.write(head + "Transfer-Encoding: chunked\r\n\r\n" + text)
                #expect(try wire.readResponse().status == "HTTP/1.1 400 Bad Request")
                wire.close()
            }
            silent.close()
            origin.stop()
            try proxy.end()
        }

        // MARK: Chains and ends

        @Test(arguments: CommandBackend.granted) func chains(backend: CommandBackend) throws {
            let curl = try Curl()
            let origin = try PostOrigin()
            let far = try Proxy(
                [
                    "udp://127.0.0.1:0", "http://127.0.0.1:\(origin.port)",
                    "tcp://127.0.0.1:0", "http://127.0.0.1:\(origin.port)",
                ], backend: backend)
            let near = try Proxy(
                [
                    "http://127.0.0.1:0", "udp://127.0.0.1:\(try far.port())",
                    "http://127.0.0.1:0", "tcp://127.0.0.1:\(try far.port(1))?framing=u16be",
                ], backend: backend)
            for index in 0..<2 {
                let url = try near.url(index)
                let body = String(repeating: "y", count: 40_000)
                #expect(
                    try curl.run("-d", "through", url, "-d", "two", url) == "through&twothrough&two"
                )
                #expect(try curl.run("-d", body, url) == body)
            }
            try near.end()
            try far.end()
            origin.stop()
        }

        @Test(arguments: CommandBackend.granted) func drains(backend: CommandBackend) throws {
            let origin = try DatagramWire()
            let proxy = try Proxy(
                ["http://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)"], backend: backend)
            let port = try proxy.port()
            let (idle, busy) = (try Wire(toPort: port), try Wire(toPort: port))
            try busy.write(post("question"))
            let (_, from) = try origin.receive()
            proxy.child.signal(SIGTERM)
            #expect(try idle.readAll() == ([], .clean))
            try origin.send("answer", to: from)
            #expect(try busy.readResponse().body == "answer")
            #expect(try busy.readEnd() == .clean)
            for wire in [idle, busy] { wire.close() }
            origin.close()
            #expect(try proxy.child.exitCode() == 0)
        }
    }
}
