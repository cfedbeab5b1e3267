import Foundation
import TestSupport
import Testing

extension Integration {
    /// HTTP before streams, with and without a framing.
    @Suite(.timeLimit(.minutes(3))) struct HTTPStreamBridgeTests {
        private func post(_ body: String) -> String {
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }

        @Test(arguments: CommandBackend.granted) func curlToTCP(backend: CommandBackend) throws {
            let curl = try Curl()
            let folder = try TemporaryFolder()
            let bytes = Pattern.shared.stream(key: 1, count: 20 << 20)
            try Data(bytes).write(to: URL(fileURLWithPath: folder.file("big")))
            let origin = try StreamEchoes(framed: false)
            let proxy = try Proxy(
                ["http://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"], backend: backend)
            let url = try proxy.url()
            #expect(try curl.run("-d", "hello", url) == "hello")
            #expect(try curl.run(url) == "")
            #expect(try curl.run("--http1.0", "-d", "old", url) == "old")
            #expect(try curl.run("-d", "a", url, "-d", "b", url) == "a&ba&b")
            _ = try curl.run("-T", folder.file("big"), url, "-o", folder.file("back"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "back"))
            _ = try curl.run(
                "-H", "Transfer-Encoding: chunked", "-T", folder.file("big"), url, "-o",
                folder.file("chunks"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "chunks"))
            origin.stop()
            try proxy.end()
        }

        /// A response that is cut off does not look whole; and none is one of the bridge's own.
        @Test(arguments: CommandBackend.granted)
        func brokenStreams(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                [
                    "http://127.0.0.1:0?answer=400ms&body=400ms", "tcp://127.0.0.1:\(origin.port)",
                ], backend: backend)
            let port = try proxy.port()
            let cut = try Wire(toPort: port)
            try cut.write(post("x"))
            let first = try origin.accept()
            #expect(try first.readAll() == (Array("x".utf8), .clean))
            try first.write("half")
            let head = try cut.readHead()
            #expect(head.contains("Transfer-Encoding: chunked"))
            #expect(try cut.readText(9) == "4\r\nhalf\r\n")
            first.reset()
            #expect(try cut.readEnd() == .reset)
            for expected in ["502 Bad Gateway", "504 Gateway Timeout", "200 OK"] {
                let client = try Wire(toPort: port)
                try client.write(post("x"))
                let upstream = try origin.accept()
                _ = try upstream.readAll()
                switch expected.prefix(3) {
                case "502": upstream.reset()
                case "200": upstream.close()
                default: break
                }
                #expect(try client.readResponse().status == "HTTP/1.1 \(expected)")
                client.close()
                upstream.close()
            }
            origin.close()
            let refused = try Wire(toPort: port)
            try refused.write(post("x"))
            #expect(try refused.readResponse().status == "HTTP/1.1 502 Bad Gateway")
            for wire in [cut, refused] { wire.close() }
            try proxy.end()
        }

        @Test(arguments: CommandBackend.granted) func framedTCP(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                [
                    "http://127.0.0.1:0?answer=400ms",
                    "tcp://127.0.0.1:\(origin.port)?framing=line&max-frame=1k",
                ], backend: backend, options: ["--workers", "1"])
            let (one, two) = (
                try Wire(toPort: try proxy.port()), try Wire(toPort: try proxy.port())
            )
            try one.write(post("hello"))
            let upstream = try origin.accept()
            #expect(try upstream.readText(6) == "hello\n")
            try upstream.write("wor")
            try upstream.write("ld\n")
            #expect(try one.readResponse().body == "world")
            // The other client has the kept connection.
            try two.write(post("again"))
            #expect(try upstream.readText(6) == "again\n")
            // A second answer: the connection is not kept, and answers no later request.
            try upstream.write("yes\nno\n")
            #expect(try two.readResponse().body == "yes")
            try one.write(post("third"))
            let next = try origin.accept()
            #expect(try next.readText(6) == "third\n")
            try next.write("last words")
            next.close()
            #expect(try one.readResponse().body == "last words")
            // Two messages, and one that is too long.
            try one.write(post("a\nb"))
            #expect(try one.readResponse().status == "HTTP/1.1 400 Bad Request")
            try two.write(post(String(repeating: "x", count: 1_025)))
            #expect(try two.readResponse().status == "HTTP/1.1 413 Content Too Large")
            let silent = try Wire(toPort: try proxy.port())
            try silent.write(post("x"))
            let last = try origin.accept()
            #expect(try silent.readResponse().status == "HTTP/1.1 504 Gateway Timeout")
            for wire in [one, two, upstream, next, silent, last] { wire.close() }
            origin.close()
            try proxy.end()
        }
    }
}
