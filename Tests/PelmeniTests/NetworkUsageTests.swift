import Pelmeni
import Testing

/// Groups, families and options of sockets that make no sense are refused by name before any socket
/// is opened.
@Suite struct NetworkUsageTests {
    private static let tcp = TCPClient("127.0.0.1", port: 9)
    private static let udp = UDPClient("127.0.0.1", port: 9)

    private func options(_ change: (inout PairOptions) -> Void) -> PairOptions {
        var options = PairOptions()
        change(&options)
        return options
    }

    private func refuses(
        _ server: any Server, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: EngineError.self, sourceLocation: location) {
            _ = try Engine(workers: 1, servers: [server])
        }
        #expect(error?.kind == .usage, sourceLocation: location)
        for part in parts {
            #expect(
                error?.description.contains(part) == true, "\(String(describing: error))",
                sourceLocation: location)
        }
    }

    private func takes(_ server: any Server) throws {
        _ = try Engine(workers: 1, servers: [server])
    }

    private func listener(
        _ host: String, to client: any Client = udp,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) -> UDPServer { UDPServer(client, listen: host, port: 5000, options: options(change)) }

    @Test func streamsHaveNoGroups() {
        for group in ["224.0.0.1", "239.1.2.3", "ff15::1"] {
            refuses(TCPServer(Self.tcp, listen: group, port: 5000), group, "listener", "stream")
            refuses(
                TCPServer(TCPClient(group, port: 5000), port: 80), group, "upstream", "stream")
        }
        refuses(listener("::ffff:239.1.2.3"), "IPv4 group", "write it as an IPv4 address")
        refuses(listener("", to: UDPClient("::ffff:239.1.2.3", port: 9)), "IPv4 group")
    }

    @Test func groups() throws {
        for host in ["239.1.2.3", "ff15::1", "ff02::1%lo", "ff02::1%1"] {
            try takes(listener(host))
            try takes(listener("", to: UDPClient(host, port: 5000)))
            try takes(listener(host) { $0.interface = "lo" })
            try takes(listener("", to: UDPClient(host, port: 5000, interface: "lo")))
        }
        refuses(listener("ff02::1"), "another one on each interface", "interface")
        refuses(listener("", to: UDPClient("ff01::1", port: 9)), "each interface")
        try takes(listener("ff02::1") { $0.interface = "lo" })
        // On the border of 224.0.0.0/4.
        refuses(listener("223.255.255.255") { $0.interface = "lo" }, "interface is for")
        refuses(listener("240.0.0.1") { $0.interface = "lo" }, "interface is for")
    }

    @Test func interfacesAreOfGroups() throws {
        refuses(listener("") { $0.interface = "lo" }, "interface is for a multicast group")
        refuses(
            listener("239.1.2.3", to: UDPClient("127.0.0.1", port: 9, interface: "lo")),
            "interface is for a multicast group")
        try takes(listener("", to: UDPClient("239.1.2.3", port: 9)) { $0.interface = "lo" })
        let group = Endpoint.udp(host: "239.1.2.3", port: 5000)
        refuses(listener("239.1.2.3", to: UDPClient([group])), "to itself", "interface")
        refuses(
            listener("239.1.2.3", to: UDPClient([group])) { $0.interface = "lo" }, "to itself")
        try takes(
            listener("239.1.2.3", to: UDPClient([group], interface: "eth1")) {
                $0.interface = "eth0"
            })
    }

    @Test func noAnswerComesFromAGroup() {
        refuses(
            listener("", to: UDPClient("239.1.2.3", port: 9)) { $0.responseLimit = 1 },
            "responseLimit", "group")
        refuses(
            ICMPListener(client: UDPClient("239.1.2.3", port: 9)), "upstream 239.1.2.3:9",
            "icmp waits for an answer")
        refuses(
            CustomPing(client: DrivenEcho(endpoints: [.host("224.0.0.1", scheme: "icmp")])),
            "224.0.0.1", "no answer")
    }

    /// What is one of many hosts, whatever the network.
    @Test func addressesOfManyHosts() throws {
        refuses(
            listener("", to: UDPClient("255.255.255.255", port: 9)), "upstream 255.255.255.255:9",
            "broadcast address")
        refuses(
            TCPServer(Self.tcp, listen: "255.255.255.255", port: 80), "listener 255.255.255.255:80",
            "a stream has one peer")
        try takes(listener("255.255.255.255"))
        for host in ["fe80::1", "febf::1"] {
            refuses(listener(host), "listener [\(host)]:5000", "another host on each interface")
            refuses(TCPServer(TCPClient(host, port: 9)), "upstream [\(host)]:9", "zone")
            try takes(listener(host + "%lo", to: UDPClient(host + "%1", port: 9)))
        }
        try takes(listener("fec0::1"))
    }

    @Test func interfacesAreSpelledAsZones() throws {
        for name in ["", "0", "4294967296", "a/b", "a:b", "a b", ".", "sixteen-letters-"] {
            refuses(listener("239.1.2.3") { $0.interface = name }, "interface is no interface")
            refuses(
                listener("", to: UDPClient("239.1.2.3", port: 9, interface: name)),
                "interface is no interface")
        }
        try takes(listener("239.1.2.3") { $0.interface = "é" })
    }

    @Test func oneFamily() throws {
        let only: (inout PairOptions) -> Void = { $0.ipv6Only = true }
        for host in ["", "::", "::1", "name.example"] {
            try takes(TCPServer(Self.tcp, listen: host, port: 80, options: options(only)))
            try takes(listener(host, only))
        }
        refuses(
            listener("127.0.0.1", only), "ipv6Only is for a TCP, UDP or http listener on IPv6",
            "[::]")
        refuses(listener("0.0.0.0", only), "ipv6Only")
        refuses(UnixServer(Self.tcp, listen: "/a", options: options(only)), "ipv6Only")
    }

    @Test func refusingIsOfPortsAndStreams() throws {
        func refusing(_ endpoint: Endpoint, to client: any Client) -> any Server {
            RefusingServer(client: client, endpoint: endpoint)
        }
        let port = Endpoint.tcp(host: "", port: 1)
        try takes(refusing(port, to: Self.tcp))
        try takes(refusing(port, to: UnixClient("/a")))
        for endpoint in [
            Endpoint.unix(path: "/b"), .udp(host: "", port: 1), .unixDatagram(path: "/b"),
        ] {
            refuses(refusing(endpoint, to: Self.tcp), "whenDown refuse is for a listener on a TCP")
        }
        refuses(refusing(port, to: Self.udp), "whenDown refuse is for upstreams that are streams")
        refuses(refusing(port, to: UnixDatagramClient("/a")), "whenDown refuse is for upstreams")
    }

    @Test func fragments() throws {
        let keep: (inout PairOptions) -> Void = { $0.keepsDF = true }
        try takes(listener("", keep))
        try takes(TCPServer(Self.udp, options: options(keep)))
        try takes(listener("", to: Self.tcp, keep))
        refuses(TCPServer(Self.tcp, options: options(keep)), "keepsDF has no meaning without UDP")
    }

    @Test func buffers() throws {
        let sizes: [(String, WritableKeyPath<PairOptions, Int?>)] = [
            ("receiveBufferBytes", \.receiveBufferBytes), ("sendBufferBytes", \.sendBufferBytes),
        ]
        for (name, option) in sizes {
            for wrong in [-1, 0, 4_095, (512 << 20) + 1, .max] {
                refuses(listener("") { $0[keyPath: option] = wrong }, name, "4096 to 536870912")
            }
            for good in [4_096, 512 << 20] {
                try takes(listener("") { $0[keyPath: option] = good })
                try takes(TCPServer(Self.tcp, options: options { $0[keyPath: option] = good }))
                try takes(
                    UnixServer(
                        Self.tcp, listen: "/a", options: options { $0[keyPath: option] = good }))
            }
        }
        let local = UnixServer(
            UnixClient("/b"), listen: "/a", options: options { $0.receiveBufferBytes = 8_192 })
        refuses(local, "receiveBufferBytes has no meaning between Unix", "sendBufferBytes")
        try takes(
            UnixServer(
                UnixClient("/b"), listen: "/a", options: options { $0.sendBufferBytes = 8_192 }))
    }

    @Test func abstractNames() throws {
        let long = "@" + String(repeating: "x", count: 107)
        for name in ["@a", "@a/b", long] {
            try takes(UnixServer(UnixClient(name), listen: name + "", options: PairOptions()))
            try takes(UnixDatagramServer(UnixDatagramClient(name), listen: "@other"))
        }
        for name in ["@", long + "x", "@a\0b"] {
            refuses(UnixServer(Self.tcp, listen: name), "abstract name", "107")
            refuses(TCPServer(UnixClient(name)), "abstract name")
        }
    }
}

/// A client over a socket that is not UDP's.
private struct DrivenEcho: Client {
    let endpoints: [Endpoint]
    var hooks: [HookTable] = []
}

private struct RefusingServer: Server {
    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []
    var whenDown: WhenDown { .refuse }
}

private struct CustomPing: Server {
    let client: any Client
    let endpoint = Endpoint.udp(host: "127.0.0.1", port: 5000)
    var options = PairOptions()
    var hooks: [HookTable] = []
}

private struct ICMPListener: Server {
    let client: any Client
    let endpoint = Endpoint.host("127.0.0.1", scheme: "icmp")
    var options = PairOptions()
    var hooks: [HookTable] = []
}
