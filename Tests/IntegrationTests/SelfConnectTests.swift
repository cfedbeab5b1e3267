import TestSupport
import Testing

extension Integration {
    /// An upstream on this host whose port lies in the kernel's own range, and at which nobody
    /// listens: a connect may be given that very port, and reach its own socket. In a namespace of
    /// four ports it often is. Clients come by Unix sockets, which are the same in every namespace.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(2)))
    struct SelfConnectTests {
        private static let ports: ClosedRange<UInt16> = 40_000...40_003
        /// A connect tries the even ports of the range first.
        private static let port: UInt16 = 40_002

        private let folder: TemporaryFolder
        private let network: PingNetwork

        init() throws {
            folder = try TemporaryFolder()
            network = try PingNetwork()
            try network.limitPorts(Self.ports)
        }

        private func proxy(
            _ listener: String, _ upstream: String, _ backend: CommandBackend
        ) throws -> Proxy {
            try Proxy(
                ["\(listener)://\(folder.file("proxy"))", "\(upstream):\(Self.port)"],
                backend: backend, options: ["--workers", "1"],
                prefix: network.prefix(of: network.proxy))
        }

        /// No client gets its own bytes back, and no connect keeps the port.
        @Test(arguments: CommandBackend.granted, ["tcp://127.0.0.1", "tcp://[::1]"])
        func aStream(backend: CommandBackend, upstream: String) throws {
            let proxy = try proxy("unix", upstream, backend)
            let count = 60
            for _ in 0..<count {
                let client = try Wire(to: .path(folder.file("proxy")))
                try? client.write("x")
                #expect(try client.readAll().bytes == [])
            }
            try proxy.end()
            #expect(proxy.summary["accepted"] == count)
            #expect(proxy.summary["connect_refused"] == count)
        }

        /// Each session holds a port, so that one of the first four is given the upstream's. None
        /// gets its own datagram back.
        @Test(arguments: CommandBackend.granted)
        func datagrams(backend: CommandBackend) throws {
            let proxy = try proxy("unixgram", "udp://127.0.0.1", backend)
            let clients = try (0..<8).map { number in
                try DatagramWire(at: .path(folder.file("client\(number)")))
            }
            for client in clients {
                try client.send("x", to: DatagramAddress(.path(folder.file("proxy"))))
            }
            try waitUntil("the proxy has each") { clients.allSatisfy { !$0.hasUnread } }
            try proxy.end()
            #expect(proxy.summary["accepted"] == 8)
            // What would come back would have by now.
            for client in clients { #expect(try !client.waits(0)) }
        }
    }
}
