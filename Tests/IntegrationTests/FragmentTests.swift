import TestSupport
import Testing

extension Integration {
    /// Datagrams that are too long for their link or their path, with and without `df=keep`.
    /// Clients come by Unix sockets, which are the same in every network namespace.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(3)))
    struct FragmentTests {
        struct Way: CustomTestStringConvertible {
            let backend: CommandBackend
            let isV6: Bool
            let keeps: Bool

            var testDescription: String {
                "\(backend.rawValue), IPv\(isV6 ? 6 : 4)\(keeps ? ", df=keep" : "")"
            }

            static let all = CommandBackend.granted.flatMap { backend in
                [false, true].flatMap { isV6 in
                    [false, true].map { Way(backend: backend, isV6: isV6, keeps: $0) }
                }
            }
        }

        private let folder: TemporaryFolder
        private let network: PingNetwork

        init() throws {
            folder = try TemporaryFolder()
            network = try PingNetwork()
            try network.addRoutes()
        }

        private static let long = [UInt8](repeating: 0x6c, count: 1_400)

        /// Prints the length of each datagram, and ends behind one of three bytes.
        private static let receiver = """
            import socket, sys
            host = sys.argv[1]
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            link = socket.socket(family, socket.SOCK_DGRAM)
            link.bind((host, 6000))
            link.settimeout(60)
            print("bound", flush=True)
            length = 0
            while length != 3:
                length = len(link.recv(65536))
                print(length, flush=True)
            """

        private func receiver(_ name: String, at address: String) throws -> Child {
            let python = try Tool("python3", package: "python3")
            let child = try Child(
                network.inside(name, [python.path, "-c", Self.receiver, address]))
            try child.output.waitForLine("bound")
            return child
        }

        private func proxy(to address: String, _ way: Way) throws -> Proxy {
            let host = way.isV6 ? "[\(address)]" : address
            return try Proxy(
                [
                    "unix://\(folder.file("proxy"))",
                    "udp://\(host):6000\(way.keeps ? "?df=keep" : "")",
                ], backend: way.backend, options: ["--workers", "1"],
                prefix: network.prefix(of: network.proxy))
        }

        private func client() throws -> BridgeWire {
            BridgeWire(wire: try Wire(to: .path(folder.file("proxy"))))
        }

        /// Beyond the MTU of the interface: each is counted, or all arrive in fragments.
        @Test(arguments: Way.all) func aNarrowLink(way: Way) throws {
            try network.narrowLink()
            let address = way.isV6 ? PingNetwork.hostAddress6 : PingNetwork.hostAddress
            let receiver = try receiver(network.host, at: address)
            let proxy = try proxy(to: address, way)
            let client = try client()
            for _ in 0..<3 { try client.send(Self.long) }
            try client.send([1, 2, 3])
            #expect(try receiver.exitCode() == 0, "\(receiver.errors.everything)")
            let lengths = receiver.output.lines.dropFirst().compactMap { Int($0) }
            #expect(lengths == (way.keeps ? [3] : [1_400, 1_400, 1_400, 3]))
            client.wire.close()
            try proxy.end()
            #expect(proxy.summary["dropped_oversize"] == (way.keeps ? 3 : nil))
            #expect(proxy.summary["accepted"] == 1)
        }

        /// Beyond the MTU of a later link: the first is lost at its router. The kernel cuts the
        /// next ones, unless they must not be cut.
        @Test(arguments: Way.all) func aNarrowPath(way: Way) throws {
            let address = way.isV6 ? PingNetwork.narrow6 : PingNetwork.narrow
            let receiver = try receiver(network.client, at: address)
            let proxy = try proxy(to: address, way)
            let client = try client()
            try client.send(Self.long)
            try waitUntil("the path is known") { try network.knowsNarrowPath(isV6: way.isV6) }
            try client.send([9])
            for _ in 0..<3 { try client.send(Self.long) }
            try client.send([1, 2, 3])
            #expect(try receiver.exitCode() == 0, "\(receiver.errors.everything)")
            let lengths = receiver.output.lines.dropFirst().compactMap { Int($0) }
            #expect(lengths == (way.keeps ? [1, 3] : [1, 1_400, 1_400, 1_400, 3]))
            client.wire.close()
            try proxy.end()
            let lost = proxy.summary["dropped_oversize", default: 0]
            // A report may tell of a datagram while the next one is being sent.
            #expect(way.keeps ? (1...4).contains(lost) : lost == 1, "\(lost)")
            #expect(proxy.summary["accepted"] == 1)
        }

        /// A stream of messages with two bytes of length each.
        private struct BridgeWire {
            let wire: Wire

            func send(_ message: [UInt8]) throws {
                try wire.write(
                    [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message)
            }
        }
    }
}
