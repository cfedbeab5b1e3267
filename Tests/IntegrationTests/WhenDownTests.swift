import Glibc
import TestSupport
import Testing

extension Integration {
    /// `when-down=refuse` of the command: connects are refused until an upstream accepts.
    @Suite(.timeLimit(.minutes(2))) struct WhenDownTests {
        private func isRefused(_ port: UInt16) throws -> Bool {
            do {
                _ = try Wire(toPort: port).readAll()
                return false
            } catch let error as WireError where error.code == ECONNREFUSED {
                return true
            }
        }

        @Test(arguments: CommandBackend.granted) func streams(backend: CommandBackend) throws {
            let upstream = try SocketName.unusedPort()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0?when-down=refuse", "tcp://127.0.0.1:\(upstream)"],
                backend: backend, options: ["--workers", "2"])
            let port = try proxy.port()
            #expect(try isRefused(port) == false)
            try waitUntil("both workers refuse") {
                // A refused connect says so of all workers.
                try isRefused(port)
            }
            let before = try proxy.processorTime()
            for _ in 0..<50 { #expect(try isRefused(port)) }
            let origin = try TestListener(.port(upstream))
            for _ in 0..<2 { #expect(try origin.accept().readEnd() == .clean) }
            let used = try proxy.processorTime() - before
            #expect(used < .milliseconds(200), "it spins")
            try waitUntil("it listens") {
                proxy.child.errors.everything.contains("listening again")
            }
            try proxy.relaysOneByteAndEnds(origin)
            let lines = proxy.child.errors.lines
            #expect(lines.count { $0.contains("clients are refused until one does") } == 2)
            #expect(lines.count { $0.contains("listening again") } == 2)
            #expect(proxy.summary["completed"] == 1)
        }

        /// Of HTTP too: without the option a client is answered with 502 or 503.
        @Test(arguments: CommandBackend.granted) func http(backend: CommandBackend) throws {
            let closed = try RefusedPort()
            let upstream = "http://127.0.0.1:\(closed.port)"
            let proxy = try Proxy(
                [
                    "http://127.0.0.1:0?when-down=refuse", upstream,
                    "http://127.0.0.1:0", upstream,
                ], backend: backend, options: ["--workers", "1"])
            let (refusing, accepting) = (try proxy.port(0), try proxy.port(1))
            for port in [refusing, accepting] {
                let answer = try ask(port)
                #expect(answer.hasPrefix("HTTP/1.1 50"), "\(answer)")
            }
            try waitUntil("a refusal") {
                do {
                    return try ask(refusing).isEmpty
                } catch let error as WireError where error.code == ECONNREFUSED {
                    return true
                }
            }
            #expect(try ask(accepting).hasPrefix("HTTP/1.1 50"))
            try proxy.end()
            withExtendedLifetime(closed) {}
        }

        private func ask(_ port: UInt16) throws -> String {
            let client = try Wire(toPort: port)
            try client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return String(decoding: try client.readAll().bytes, as: UTF8.self)
        }
    }
}
