import TestSupport
import Testing

extension Integration {
    /// Echoes that do not arrive, or are not answered. Clients come by Unix sockets, which are the
    /// same in every network namespace.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(3)))
    struct ICMPErrorTests {
        /// A socket of the proxy towards its upstream, over a version of IP.
        struct Way: CustomTestStringConvertible {
            let backend: CommandBackend
            let isPing: Bool
            let isV6: Bool

            var testDescription: String {
                "\(backend.rawValue), \(isPing ? "ping" : "raw") socket, IPv\(isV6 ? 6 : 4)"
            }

            static let all = CommandBackend.granted.flatMap { backend in
                [true, false].flatMap { isPing in
                    [false, true].map { Way(backend: backend, isPing: isPing, isV6: $0) }
                }
            }

            func url(_ v4: String, _ v6: String) -> String { "icmp://\(isV6 ? "[\(v6)]" : v4)" }
        }

        private let folder: TemporaryFolder
        private let network: PingNetwork

        init() throws {
            folder = try TemporaryFolder()
            network = try PingNetwork()
            try network.addRoutes()
        }

        private var listener: SocketName { .path(folder.file("proxy")) }

        private func proxy(_ scheme: String, _ upstream: String, _ way: Way) throws -> Proxy {
            try network.allowPingSockets(way.isPing)
            return try Proxy(
                ["\(scheme)://\(folder.file("proxy"))", upstream], backend: way.backend,
                options: ["--workers", "1"], prefix: network.prefix(of: network.proxy))
        }

        private func log(_ proxy: Proxy) -> [String] {
            proxy.child.errors.lines.filter { $0.contains("upstream failed") }
        }

        /// A router says so: the session ends, and the client's stream with it.
        @Test(arguments: Way.all) func anUnreachableNetwork(way: Way) throws {
            let proxy = try proxy(
                "unix", way.url(PingNetwork.unreachable, PingNetwork.unreachable6), way)
            for _ in 0..<3 {
                let client = try Wire(to: listener)
                try client.write([0, 2, 1, 2])
                #expect(try client.readAll().bytes == [])
            }
            try proxy.end()
            #expect(proxy.summary["no_upstream"] == 3)
            #expect(proxy.summary["accepted"] == 3)
            #expect(proxy.summary["dropped_no_upstream"] == 3)
            let failures = log(proxy)
            #expect(failures.count == 1, "\(failures)")
            #expect(failures.allSatisfy { $0.contains("UNREACH") && $0.contains("no_upstream") })
        }

        /// A client over TCP is reset.
        @Test(arguments: CommandBackend.granted)
        func aStreamIsReset(backend: CommandBackend) throws {
            let proxy = try Proxy(
                ["tcp://127.0.0.1:7000", "icmp://\(PingNetwork.unreachable)"], backend: backend,
                prefix: network.prefix(of: network.proxy))
            let python = try Tool("python3", package: "python3")
            let (code, output, errors) = try Child(
                network.inside(network.proxy, [python.path, "-c", Self.oneMessage])
            ).finish(within: .seconds(20))
            #expect(code == 0 && output == "reset\n", "\(output)\(errors)")
            try proxy.end()
            #expect(proxy.summary["no_upstream"] == 1)
        }

        private static let oneMessage = """
            import socket
            link = socket.create_connection(("127.0.0.1", 7000), 5)
            link.sendall(bytes([0, 1, 120]))
            try: print("end" if not link.recv(9) else "bytes")
            except ConnectionResetError: print("reset")
            """

        /// The proxy's own kernel finds no such host: three seconds after the first echo.
        @Test(arguments: Way.all) func aSilentAddress(way: Way) throws {
            let proxy = try proxy("unixgram", way.url(PingNetwork.silent, PingNetwork.silent6), way)
            let client = try DatagramWire(at: .path(folder.file("client")))
            try client.connect(to: DatagramAddress(listener))
            for _ in 0..<3 { try client.send("lost") }
            try proxy.child.errors.waitForLine("upstream failed", within: .seconds(20))
            try proxy.end()
            #expect(proxy.summary["no_upstream"] == 1)
            #expect(proxy.summary["accepted"] == 1)
            // A raw socket may be told of all three at once: then it counts one.
            let dropped = proxy.summary["dropped_no_upstream", default: 0]
            #expect(way.isPing ? dropped == 3 : (1...3).contains(dropped))
            #expect(proxy.summary["dropped_unanswered"] == nil)
        }

        /// Each echo from outside is a session, which ends with the report.
        @Test(arguments: CommandBackend.granted)
        func pingsOfAnUnreachableNetwork(backend: CommandBackend) throws {
            let proxy = try Proxy(
                ["icmp://\(PingNetwork.proxyAddress)", "icmp://\(PingNetwork.unreachable)"],
                backend: backend, prefix: network.prefix(of: network.proxy))
            let pings = try network.ping("-c", "5", "-i", "0.01", "-W", "1")
            #expect(pings.sent == 5 && pings.received == 0)
            try proxy.end()
            #expect(proxy.summary["accepted"] == 5)
            #expect(proxy.summary["no_upstream"] == 5)
        }

        /// The first echo that is too long for the path is lost, and counted; the kernel cuts the
        /// next ones.
        @Test(arguments: Way.all) func aNarrowPath(way: Way) throws {
            let proxy = try proxy("unix", way.url(PingNetwork.narrow, PingNetwork.narrow6), way)
            let client = try Wire(to: listener)
            let text = Array(String(repeating: "n", count: 1400).utf8)
            let frame = [UInt8(text.count >> 8), UInt8(text.count & 0xff)] + text
            try client.write([0, 1, 7])
            #expect(try client.read(exactly: 3) == [0, 1, 7])
            try client.write(frame)
            // Until the report has come, further ones are lost too.
            try waitUntil("the path is known") {
                try network.knowsNarrowPath(isV6: way.isV6)
            }
            for _ in 0..<3 {
                try client.write(frame)
                #expect(try client.read(exactly: frame.count) == frame)
            }
            client.close()
            try proxy.end()
            #expect(proxy.summary["dropped_oversize"] == 1)
            #expect(proxy.summary["accepted"] == 1)
            #expect(log(proxy) == [])
        }

        /// A host that is silent: echoes are counted, and the session goes on.
        @Test(arguments: CommandBackend.granted)
        func unansweredEchoes(backend: CommandBackend) throws {
            let proxy = try Proxy(
                [
                    "unixgram://\(folder.file("proxy"))",
                    "icmp://\(PingNetwork.hostAddress)?answer=200ms",
                ], backend: backend, options: ["--drain-timeout", "30s"],
                prefix: network.prefix(of: network.proxy))
            let client = try DatagramWire(at: .path(folder.file("client")))
            try client.connect(to: DatagramAddress(listener))
            try client.send("asks")
            #expect(try client.receiveText() == "asks")
            try network.hostAnswers(false)
            for number in 0..<5 { try client.send("\(number)") }
            // An end waits for sessions to be silent for longer than that.
            proxy.child.signal(15)
            try proxy.expectEnd(0)
            #expect(proxy.summary["dropped_unanswered"] == 5)
            #expect(proxy.summary["datagrams_to_upstream"] == 6)
            #expect(proxy.summary["accepted"] == 1)
        }
    }
}
