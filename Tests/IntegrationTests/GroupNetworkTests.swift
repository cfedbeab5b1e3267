import TestSupport
import Testing

extension Integration {
    /// Multicast groups in network namespaces: of IPv6, and from one interface to another.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(3)))
    struct GroupNetworkTests {
        private let network: PingNetwork

        init() throws { network = try PingNetwork() }

        /// Sends a question to a group by an interface, and prints what answers: bytes and sender.
        private static let asking = """
            import socket, sys
            group, port = sys.argv[1], int(sys.argv[2])
            interface = socket.if_nametoindex(sys.argv[3])
            link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface)
            link.settimeout(0.5)
            # A link that has just come up drops what is sent to groups for a moment.
            for attempt in range(20):
                link.sendto(b"question", (group, port, 0, interface))
                try: answer, sender = link.recvfrom(100)
                except TimeoutError: continue
                print(answer.decode(), sender[0].split("%")[0], flush=True)
                break
            """

        private static let answering = """
            import socket, sys
            link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            link.bind((sys.argv[1], 6000))
            link.settimeout(60)
            print("bound", flush=True)
            question, sender = link.recvfrom(100)
            link.sendto(question.upper(), sender)
            """

        /// A member of an IPv4 group on an interface: prints what comes until `end`, and answers.
        private static let member = """
            import socket, struct, sys
            group, interface = sys.argv[1], socket.if_nametoindex(sys.argv[2])
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            link.bind((group, 5000))
            asked = socket.inet_aton(group) + struct.pack("=4si", bytes(4), interface)
            link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, asked)
            link.settimeout(60)
            print("bound", flush=True)
            text = b""
            while text != b"end":
                text, sender = link.recvfrom(100)
                print(text.decode(), flush=True)
                link.sendto(b"answer", sender)
            """

        private static let sender = """
            import socket, struct, sys
            group, interface = sys.argv[1], socket.if_nametoindex(sys.argv[2])
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            chosen = struct.pack("=4s4si", bytes(4), bytes(4), interface)
            link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
            for text in (b"one", b"two", b"end"): link.sendto(text, (group, 5000))
            """

        private func script(_ text: String, in name: String, _ words: String...) throws -> Child {
            let python = try Tool("python3", package: "python3")
            return try Child(network.inside(name, [python.path, "-c", text] + words))
        }

        /// A group of IPv6 is joined, also one that only an interface makes unique, and answers
        /// come from an address of the proxy.
        @Test(arguments: CommandBackend.granted, ["ff15::91:7", "ff02::91:7"])
        func aGroupOfIPv6(backend: CommandBackend, group: String) throws {
            let origin = try script(
                Self.answering, in: network.host, PingNetwork.hostAddress6)
            try origin.output.waitForLine("bound")
            let proxy = try Proxy(
                [
                    "udp://[\(group)]:0?interface=l0", "udp://[\(PingNetwork.hostAddress6)]:6000",
                ], backend: backend, options: ["--workers", "2"],
                prefix: network.prefix(of: network.proxy))
            let asking = try script(
                Self.asking, in: network.client, group, "\(try proxy.port())", "r0")
            let (code, output, errors) = try asking.finish(within: .seconds(60))
            #expect(code == 0, "\(errors)")
            let words = output.split(whereSeparator: \.isWhitespace)
            #expect(words.first == "QUESTION")
            let isOwn =
                words.last == "\(PingNetwork.proxyAddress6)"
                || words.last?.hasPrefix("fe80") == true
            #expect(isOwn, "\(output)")
            try proxy.end()
            #expect(proxy.summary["accepted"] == 1)
            #expect(proxy.summary["datagrams_to_upstream", default: 0] >= 1)
        }

        /// A group is carried from one interface to another, each datagram once; it does not come
        /// back.
        @Test(arguments: CommandBackend.granted)
        func fromInterfaceToInterface(backend: CommandBackend) throws {
            let group = "239.255.91.7"
            let member = try script(Self.member, in: network.host, group, "l1")
            try member.output.waitForLine("bound")
            let proxy = try Proxy(
                ["udp://\(group):5000?interface=l0", "udp://\(group):5000?interface=r1"],
                backend: backend, options: ["--workers", "2"],
                prefix: network.prefix(of: network.proxy))
            let (code, _, errors) = try script(Self.sender, in: network.client, group, "r0")
                .finish()
            #expect(code == 0, "\(errors)")
            #expect(try member.exitCode() == 0, "\(member.errors.everything)")
            #expect(member.output.lines == ["bound", "one", "two", "end"])
            try proxy.end()
            #expect(proxy.summary["datagrams_to_upstream"] == 3)
            #expect(proxy.summary["accepted"] == 1)
            #expect(proxy.summary["datagrams_to_client"] == 0)
        }

        /// Without a route that chooses an interface, and without the option, the start says so.
        @Test func noInterface() throws {
            let child = try Child(
                network.inside(
                    network.host,
                    [
                        try Binary.required(), "run", "udp://239.255.91.7:5000",
                        "udp://127.0.0.1:9",
                    ]))
            let (code, _, errors) = try child.finish()
            #expect(code == 1)
            #expect(errors.contains("cannot join the group: ENODEV"), "\(errors)")
            #expect(errors.contains("interface"), "\(errors)")
        }
    }
}
