import Glibc
import Pelmeni
import TestSupport
import Testing

/// Multicast groups and broadcast addresses on the loopback.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct GroupTests {
    private static let loopback: UInt32 = 0x7f00_0001
    /// 127.255.255.255.
    private static let broadcast: UInt32 = 0x7fff_ffff
    private static let group = "239.255.91.7"
    private static let groupNumber: UInt32 = 0xefff_5b07

    private func engine(
        _ variant: Variant, _ client: UDPClient, listen: String, workers: Int = 2,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) throws -> (engine: Engine, log: LogCollector) {
        var options = PairOptions()
        change(&options)
        let log = LogCollector()
        let server = UDPServer(client, listen: listen, port: 0, options: options)
        let engine = try Engine.variant(variant, workers: workers, servers: [server]) {
            $0.log = log.sink
        }
        return (engine, log)
    }

    private func port(_ engine: Engine) -> UInt16 { engine.listeners.first?.port ?? 0 }

    /// Each datagram to many is forwarded once, however many workers have a socket for it, and its
    /// answer comes from an address of one host.
    private func expectOnce(
        _ variant: Variant, listen: String, to host: UInt32,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws {
        let origin = try DatagramWire()
        let (engine, log) = try engine(
            variant, UDPClient("127.0.0.1", port: origin.port), listen: listen, change)
        try await engine.start()
        let client = try DatagramWire()
        try client.allowBroadcasts()
        try client.sendToGroupsByLoopback()
        let many = DatagramAddress(host: host, port: port(engine))
        for number in 0..<5 {
            try client.send("?\(number)", to: many)
            let (bytes, from) = try origin.receive()
            #expect(bytes == Array("?\(number)".utf8))
            try origin.send("!\(number)", to: from)
            let (answer, sender) = try client.receive()
            #expect(answer == Array("!\(number)".utf8))
            let isOwn =
                sender == DatagramAddress(host: Self.loopback, port: port(engine))
                || listen == Self.group
            #expect(isOwn, "the answer came from \(sender)")
            let isGroup = sender == DatagramAddress(host: host, port: port(engine))
            #expect(!isGroup, "an answer from a group or a broadcast address")
        }
        await engine.stop()
        #expect(try origin.receive(within: 0) == nil)
        #expect(engine.statistics.drops == [:])
        #expect(engine.statistics.accepted == 1)
        #expect(log.entries(from: .warning).isEmpty)
    }

    /// The same for a dual-stack listener and one of IPv4.
    @Test(arguments: Variant.all, ["", "::", "0.0.0.0"])
    func aBroadcastIsAnswered(variant: Variant, listen: String) async throws {
        try await expectOnce(variant, listen: listen, to: Self.broadcast)
    }

    @Test(arguments: Variant.all) func aBroadcastAddressIsListenedAt(variant: Variant) async throws
    {
        let origin = try DatagramWire()
        let (engine, _) = try engine(
            variant, UDPClient("127.0.0.1", port: origin.port), listen: "127.255.255.255")
        try await engine.start()
        let client = try DatagramWire()
        try client.allowBroadcasts()
        try client.send("?", to: DatagramAddress(host: Self.broadcast, port: port(engine)))
        let (_, from) = try origin.receive()
        try origin.send("!", to: from)
        #expect(try client.receiveText() == "!")
        await engine.stop()
        #expect(engine.statistics.accepted == 1)
        #expect(try origin.receive(within: 0) == nil)
    }

    @Test(arguments: Variant.all, ["lo", "1"])
    func aGroupIsJoined(variant: Variant, interface: String) async throws {
        try await expectOnce(variant, listen: Self.group, to: Self.groupNumber) {
            $0.interface = interface
        }
    }

    /// A group that another program has joined is not a listener's on all addresses.
    @Test(arguments: Variant.all) func anothersGroupIsNotTaken(variant: Variant) async throws {
        let origin = try DatagramWire()
        let other = try DatagramWire(memberOf: Self.groupNumber)
        let (engine, _) = try engine(
            variant, UDPClient("127.0.0.1", port: origin.port), listen: "0.0.0.0")
        try await engine.start()
        let client = try DatagramWire()
        try client.sendToGroupsByLoopback()
        try client.send("group", to: DatagramAddress(host: Self.groupNumber, port: port(engine)))
        try client.send("mine", to: DatagramAddress(host: Self.loopback, port: port(engine)))
        #expect(try origin.receive().bytes == Array("mine".utf8))
        await engine.stop()
        #expect(try origin.receive(within: 0) == nil)
        other.close()
    }

    /// An upstream's interface may come later: the start warns of it.
    @Test(arguments: Variant.all, ["fe80::1%none9", "ff02::1%4294967295"])
    func anUpstreamsZoneIsNamed(variant: Variant, host: String) async throws {
        let (engine, log) = try engine(variant, UDPClient(host, port: 9), listen: "127.0.0.1")
        try await engine.start()
        let zone = host.split(separator: "%")[1]
        try waitUntil("the start tells of it") {
            log.entries(from: .warning).contains {
                $0.message.hasPrefix("upstream [\(host)]:9: there is no interface \"\(zone)\"")
            }
        }
        await engine.stop()
    }

    /// Members get what clients send; their answers are dropped, without a message.
    @Test(arguments: Variant.all) func aGroupIsSentTo(variant: Variant) async throws {
        let member = try DatagramWire(memberOf: Self.groupNumber)
        let (engine, log) = try engine(
            variant, UDPClient(Self.group, port: member.port, interface: "lo"),
            listen: "127.0.0.1")
        try await engine.start()
        try waitUntil("the start tells of it") {
            log.entries(from: .warning).contains { $0.message.contains("no answer") }
        }
        let client = try DatagramWire()
        try client.connect(toPort: port(engine))
        for number in 0..<3 {
            try client.send("\(number)")
            let (bytes, from) = try member.receive()
            #expect(bytes == Array("\(number)".utf8))
            // The group is connected to: only its own address could answer.
            try member.send("answer", to: from)
        }
        await engine.stop()
        #expect(try client.receive(within: 0) == nil)
        #expect(engine.statistics.accepted == 1)
        #expect(engine.statistics.drops == [:])
    }

    @Test(arguments: Variant.all) func anUnknownInterfaceIsNamed(variant: Variant) async throws {
        let (joining, _) = try engine(
            variant, UDPClient("127.0.0.1", port: 9), listen: Self.group
        ) { $0.interface = "none9" }
        let (sending, _) = try engine(
            variant, UDPClient(Self.group, port: 9, interface: "none9"), listen: "127.0.0.1")
        for (engine, side) in [(joining, EngineError.Side.listener), (sending, .upstream)] {
            let error = await #expect(throws: EngineError.self) { try await engine.start() }
            #expect(error?.kind == .failed)
            #expect(error?.side == side)
            #expect(error?.description.contains("no interface \"none9\"") == true)
        }
    }

    /// A stream has one peer, and nothing is sent to a broadcast address: the start says so.
    @Test func manyHostsAreNamed() async throws {
        let tcp = TCPClient("127.0.0.1", port: 9)
        let udp = UDPClient("127.0.0.1", port: 9)
        let wrong: [(any Server, String)] = [
            (TCPServer(tcp, listen: "127.255.255.255", port: 0), "127.255.255.255:0"),
            (
                TCPServer(TCPClient("127.255.255.255", port: 9), listen: "127.0.0.1", port: 0),
                "127.255.255.255:9"
            ),
            (
                UDPServer(UDPClient("127.255.255.255", port: 9), listen: "127.0.0.1", port: 0),
                "127.255.255.255:9"
            ),
            (TCPServer(udp, listen: "127.255.255.255", port: 0), "127.255.255.255:0"),
            (TCPServer(udp, listen: "fe80::1%none9", port: 0), "[fe80::1%none9]:0"),
            (UDPServer(udp, listen: "ff02::1%4294967295", port: 0), "[ff02::1%4294967295]:0"),
        ]
        for (server, subject) in wrong {
            let engine = try Engine(backend: .epoll, workers: 1, servers: [server])
            let error = await #expect(throws: EngineError.self) { try await engine.start() }
            #expect(error?.subject == subject, "\(String(describing: error))")
            #expect(error?.kind == .failed)
        }
    }
}
