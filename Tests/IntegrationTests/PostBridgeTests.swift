import Foundation
import TestSupport
import Testing

extension Integration {
    /// HTTP behind datagrams and frames.
    @Suite(.timeLimit(.minutes(3))) struct PostBridgeTests {
        @Test(arguments: CommandBackend.granted) func udpToHTTP(backend: CommandBackend) throws {
            let origin = try PostOrigin()
            let proxy = try Proxy(
                ["udp://127.0.0.1:0?answer=400ms", "http://127.0.0.1:\(origin.port)/api"],
                backend: backend)
            let clients = try (0..<10).map { _ in
                let client = try DatagramWire()
                try client.connect(toPort: try proxy.port())
                return client
            }
            func ask(_ text: String, _ client: DatagramWire) throws -> String {
                try client.send(text)
                return try client.receiveText()
            }
            #expect(try ask("hello", clients[0]) == "hello")
            #expect(try ask("", clients[0]) == "")
            #expect(try ask("chunked body", clients[0]) == "chunked body")
            #expect(try ask("until-end", clients[0]) == "until-end")
            #expect(try ask("interim", clients[0]) == "interim")
            // No answer, and each is counted: an error, silence, and more than a datagram holds.
            for text in ["error", "silent", "long"] {
                try clients[0].send(text)
                #expect(try clients[0].receive(within: 700) == nil, "\(text)")
            }
            for (number, client) in clients.enumerated() { try client.send("client \(number)") }
            for (number, client) in clients.enumerated() {
                #expect(try client.receiveText() == "client \(number)")
            }
            // Connections that close behind each answer do not lose what waits.
            for number in 0..<20 { try clients[1].send("close \(number)") }
            for number in 0..<20 { #expect(try clients[1].receiveText() == "close \(number)") }
            let request = origin.firstHead()
            #expect(request.hasPrefix("POST /api HTTP/1.1\r\nHost: 127.0.0.1:\(origin.port)\r\n"))
            #expect(request.contains("Content-Type: application/octet-stream\r\n"))
            #expect(request.contains("Content-Length: 5\r\n"))
            #expect(request.contains("Via: 1.1 pelmeni\r\nX-Forwarded-For: 127.0.0.1\r\n"))
            for client in clients { client.close() }
            origin.stop()
            try proxy.end()
            #expect(proxy.summary["dropped_unanswered"] == 2)
            #expect(proxy.summary["dropped_oversize"] == 1)
        }

        @Test(arguments: CommandBackend.granted) func framesToHTTP(backend: CommandBackend) throws {
            let origin = try PostOrigin()
            let dead = try TestListener()
            let gone = dead.port
            dead.close()
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0?answer=400ms", "http://127.0.0.1:\(origin.port)",
                    "tcp://127.0.0.1:0?framing=line", "http://127.0.0.1:\(origin.port)",
                    "tcp://127.0.0.1:0", "http://127.0.0.1:\(gone)",
                ], backend: backend)
            let client = try Wire(toPort: try proxy.port())
            for text in ["a", "", "chunked", "until-end", "close", "interim", "b"] {
                try client.write([0, UInt8(text.utf8.count)] + Array(text.utf8))
                let bytes = try client.read(exactly: 2 + text.utf8.count)
                #expect(String(decoding: bytes.dropFirst(2), as: UTF8.self) == text)
            }
            client.finish()
            #expect(try client.readEnd() == .clean)
            // More than the bridge takes at once, in order, and the end behind the last answer.
            let lines = (0..<300).map { $0 % 7 == 0 ? "close \($0)\n" : "line \($0)\n" }.joined()
            let many = try Wire(toPort: try proxy.port(1))
            try many.write(lines)
            many.finish()
            let (bytes, end) = try many.readAll()
            #expect(String(decoding: bytes, as: UTF8.self) == lines && end == .clean)
            for text in ["error", "silent", "long"] {
                let wire = try Wire(toPort: try proxy.port())
                try wire.write(
                    [0, 2] + Array("ok".utf8) + [0, UInt8(text.utf8.count)] + Array(text.utf8))
                #expect(try wire.read(exactly: 4) == [0, 2] + Array("ok".utf8))
                #expect(try wire.readEnd() == .reset, "\(text)")
                wire.close()
            }
            let refused = try Wire(toPort: try proxy.port(2))
            try refused.write([0, 1, 65])
            #expect(try refused.readEnd() == .reset)
            for wire in [client, many, refused] { wire.close() }
            origin.stop()
            try proxy.end()
            let log = proxy.child.errors.everything
            #expect(log.contains("the upstream's status is 500"))
            #expect(log.contains("the upstream did not answer in time"))
        }
    }
}
