import TestSupport
import Testing

extension Integration {
    /// `ping`, through a proxy that answers for another host.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(3)))
    struct ICMPTests {
        @Test(arguments: CommandBackend.granted)
        func pingReachesAnotherHost(backend: CommandBackend) throws {
            let network = try PingNetwork()
            let silent = try network.ping("-c", "2", "-i", "0.1", "-W", "1")
            #expect(silent.received == 0, "the kernel does not answer")
            let proxy = try Proxy(
                [
                    "icmp://\(PingNetwork.proxyAddress)", "icmp://\(PingNetwork.hostAddress)",
                ], backend: backend, prefix: network.prefix(of: network.proxy))
            var echoes = 0
            for size in [0, 1, 7, 8, 56, 1472, 9000, 65_507] {
                for pattern in ["00", "a5c3", "ff"] {
                    let all = try network.ping(
                        "-c", "5", "-i", "0.01", "-W", "5", "-s", "\(size)", "-p", pattern)
                    #expect(all.received == 5 && all.isClean, "\(size) bytes of \(pattern): \(all)")
                    echoes += 5
                }
            }
            let flood = try network.ping("-f", "-c", "2000", "-W", "5")
            #expect(flood.received == 2000 && flood.isClean)
            try proxy.end()
            #expect(proxy.summary["accepted"] == echoes + 2000)
            #expect(proxy.summary["completed"] == echoes + 2000)
            #expect(!proxy.child.errors.everything.contains("kernel answers"))
        }

        /// From IPv6 to IPv6, and to IPv4.
        @Test(arguments: CommandBackend.granted)
        func pingOverIPv6(backend: CommandBackend) throws {
            let network = try PingNetwork()
            for host in ["[\(PingNetwork.hostAddress6)]", PingNetwork.hostAddress] {
                let proxy = try Proxy(
                    ["icmp://[\(PingNetwork.proxyAddress6)]", "icmp://\(host)"], backend: backend,
                    prefix: network.prefix(of: network.proxy))
                for size in [0, 56, 9000] {
                    let all = try network.ping(
                        "-c", "5", "-i", "0.01", "-W", "5", "-s", "\(size)", "-p", "a5c3",
                        to: PingNetwork.proxyAddress6)
                    #expect(all.received == 5 && all.isClean, "\(size) bytes to \(host): \(all)")
                }
                try proxy.end()
                #expect(proxy.summary["completed"] == 15)
                #expect(!proxy.child.errors.everything.contains("kernel answers"))
            }
        }

        /// A thousand identifiers, all out at once: each gets its own bytes, once.
        @Test(arguments: CommandBackend.granted)
        func aThousandIdentifiers(backend: CommandBackend) throws {
            let network = try PingNetwork()
            let proxy = try Proxy(
                [
                    "icmp://\(PingNetwork.proxyAddress)", "icmp://\(PingNetwork.hostAddress)",
                ], backend: backend, prefix: network.prefix(of: network.proxy))
            let python = try Tool("python3", package: "python3")
            let (code, output, errors) = try Child(
                network.inside(
                    network.client,
                    [python.path, "-c", Self.manyEchoes, PingNetwork.proxyAddress])
            ).finish(within: .seconds(60))
            #expect(code == 0 && output == "1000 answers, 0 wrong, 0 twice\n", "\(output)\(errors)")
            try proxy.end()
            #expect(proxy.summary["completed"] == 1000)
        }

        /// Echo requests with identifiers of their own on a raw socket, twenty at a time.
        private static let manyEchoes = """
            import socket, struct, sys
            def checksum(data):
                if len(data) % 2: data += b"\\0"
                total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
                while total > 0xffff: total = (total & 0xffff) + (total >> 16)
                return ~total & 0xffff
            link = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            link.settimeout(5)
            answers, wrong, twice = set(), 0, 0
            for first in range(0, 1000, 20):
                for number in range(first, first + 20):
                    payload = b"%d" % number * 10
                    head = struct.pack("!BBHHH", 8, 0, 0, number, 7)
                    head = struct.pack("!BBHHH", 8, 0, checksum(head + payload), number, 7)
                    link.sendto(head + payload, (sys.argv[1], 0))
                while len(answers) < first + 20:
                    data = link.recv(70000)
                    kind, _, _, number, _ = struct.unpack("!BBHHH", data[20:28])
                    if kind != 0: continue
                    if data[28:] != b"%d" % number * 10: wrong += 1
                    if number in answers: twice += 1
                    answers.add(number)
            print("%d answers, %d wrong, %d twice" % (len(answers), wrong, twice))
            """

        /// UDP and framed TCP in front of a live host.
        @Test(arguments: CommandBackend.granted)
        func otherKindsAskByPing(backend: CommandBackend) throws {
            let proxy = try Proxy(
                [
                    "udp://127.0.0.1:0", "icmp://127.0.0.1",
                    "tcp://127.0.0.1:0?framing=u16be", "icmp://127.0.0.1",
                ], backend: backend)
            let client = try Wire(toPort: try proxy.port(1))
            for count in [1, 100, 1400] {
                let text = String(repeating: "a", count: count)
                try client.write([UInt8(count >> 8), UInt8(count & 0xff)] + Array(text.utf8))
                #expect(
                    Array(try client.read(exactly: count + 2)).dropFirst(2) == Array(text.utf8)[...]
                )
            }
            client.close()
            try proxy.end()
            #expect(proxy.summary["datagrams_to_upstream"] == 3)
        }
    }
}
