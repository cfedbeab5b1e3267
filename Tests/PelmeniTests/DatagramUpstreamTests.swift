import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Datagram upstreams that close and return, strangers, and clients without a name.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DatagramUpstreamTests {
    private static let udp = Crossing(from: .udp, to: .udp)

    private func echo(_ origin: DatagramWire, _ wanted: String) throws {
        let (asked, from) = try origin.receive()
        #expect(String(decoding: asked, as: UTF8.self) == wanted)
        try origin.send("to \(wanted)", to: from)
    }

    // MARK: Gone and back

    /// The network refuses one pair's datagrams: its session stays, the other pair's continues, and
    /// once a socket listens there again, the same client is answered in the same session.
    @Test(arguments: Variant.all) func anUpstreamThatComesBack(variant: Variant) async throws {
        let port = try DatagramWire.unusedPort()
        let other = try DatagramWire()
        let engine = try Engine.variant(
            variant,
            servers: [port, other.port].map { port in
                UDPServer(UDPClient("127.0.0.1", port: port), listen: "127.0.0.1", port: 0)
            })
        try await engine.start()
        let clients = try engine.listeners.map { listener in
            let client = try DatagramWire()
            try client.connect(toPort: listener.port)
            return client
        }
        for round in UInt64(1)...3 {
            try clients[0].send("lost")
            try waitUntil("datagram \(round) is refused") {
                engine.statistics.drops[.noUpstream, default: 0] >= round
            }
            try clients[1].send("round \(round)")
            try echo(other, "round \(round)")
            #expect(try clients[1].receiveText() == "to round \(round)")
        }
        #expect(engine.statistics.open == 2)
        let back = try DatagramWire(at: .port(port))
        try clients[0].send("back?")
        try echo(back, "back?")
        #expect(try clients[0].receiveText() == "to back?")
        #expect(engine.statistics.accepted == 2)
        // It closes once more, and returns once more.
        try back.goAway()
        try clients[0].send("lost")
        try waitUntil("it is refused again") {
            engine.statistics.drops[.noUpstream, default: 0] >= 4
        }
        let again = try DatagramWire(at: .port(port))
        try clients[0].send("again?")
        try echo(again, "again?")
        #expect(try clients[0].receiveText() == "to again?")
        await engine.stop()
        #expect(engine.statistics.accepted == 2)
    }

    /// A Unix socket goes with its file, and the next one there is another socket: it answers.
    @Test(arguments: Variant.all) func aUnixUpstreamThatComesBack(variant: Variant) async throws {
        let crossing = Crossing(from: .unixgram, to: .unixgram)
        let bridge = try await Bridge.start(crossing, variant)
        let client = try bridge.client()
        try client.ask("one")
        try echo(try bridge.origin.wire, "one")
        #expect(try client.answerText() == "to one")
        try bridge.origin.wire.goAway()
        try client.ask("lost")
        try bridge.wait("it is refused") { $0.open == 0 }
        let back = try DatagramWire(at: bridge.origin.name)
        try client.ask("two")
        try echo(back, "two")
        #expect(try client.answerText() == "to two")
        let statistics = await bridge.stop()
        #expect(statistics.causes[.connectRefused] == 1)
        #expect(statistics.drops[.noUpstream, default: 0] >= 1)
    }

    // MARK: Several

    @Test(arguments: Variant.all) func aSessionStaysWithItsUpstream(variant: Variant) async throws {
        let origins = try (0..<2).map { _ in try BridgeOrigin(.udp, path: "") }
        let bridge = try await Bridge.start(
            Self.udp, variant, to: origins.map(\.name), origin: origins[0],
            folder: try TemporaryFolder())
        let clients = try (0..<4).map { try bridge.client($0) }
        for round in 0..<5 {
            for (index, client) in clients.enumerated() {
                try client.ask("\(index) in \(round)")
                // Sessions begin with the upstreams round-robin.
                try echo(try origins[index % 2].wire, "\(index) in \(round)")
                #expect(try client.answerText() == "to \(index) in \(round)")
            }
        }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 4)
        #expect(statistics.drops == [:])
    }

    @Test(arguments: Variant.all) func aRefusedSessionMoves(variant: Variant) async throws {
        let origins = try (0..<2).map { _ in try BridgeOrigin(.udp, path: "") }
        let bridge = try await Bridge.start(
            Self.udp, variant, to: origins.map(\.name), origin: origins[0],
            folder: try TemporaryFolder())
        let client = try bridge.client()
        try client.ask("first")
        try echo(try origins[0].wire, "first")
        #expect(try client.answerText() == "to first")
        try origins[0].wire.refuse()
        try client.ask("lost")
        try bridge.wait("the session is over") { $0.open == 0 }
        for round in 0..<3 {
            try client.ask("next \(round)")
            try echo(try origins[1].wire, "next \(round)")
            #expect(try client.answerText() == "to next \(round)")
        }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 2)
        #expect(statistics.causes[.connectRefused] == 1)
    }

    // MARK: Who answers, and whom

    /// A stranger knows the proxy's port; only the upstream's datagrams pass.
    @Test(arguments: Variant.all) func aSpoofedAnswerDoesNotPass(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant)
        let origin = try bridge.origin.wire
        let spoofer = try DatagramWire()
        let client = try bridge.client()
        for round in 0..<5 {
            try client.ask("question \(round)")
            let (_, from) = try origin.receive()
            // The loopback delivers in order: a stranger's datagram would be first.
            try spoofer.send("spoofed \(round)", to: from)
            try origin.send("answer \(round)", to: from)
            #expect(try client.answerText() == "answer \(round)")
        }
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToClient == 5)
        #expect(statistics.drops == [:])
    }

    @Test(arguments: [Face.udp, .unixgram], Variant.all)
    func aSenderWithoutAName(origin face: Face, variant: Variant) async throws {
        let bridge = try await Bridge.start(Crossing(from: .unixgram, to: face), variant)
        let origin = try bridge.origin.wire
        let unnamed = try (0..<2).map { _ in try DatagramWire(unnamedTo: bridge.name) }
        for (index, wire) in unnamed.enumerated() {
            try wire.send("one way \(index)")
            try echo(origin, "one way \(index)")
        }
        try bridge.wait("its answers are dropped") { $0.drops[.noReturnAddress] == 2 }
        // They share a session; a client with a name has its own, and is answered.
        let named = try bridge.client()
        try named.ask("both ways")
        try echo(origin, "both ways")
        #expect(try named.answerText() == "to both ways")
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 2)
        #expect(statistics.drops == [.noReturnAddress: 2])
    }

    /// Clients accept answers only from the address they sent to: all of 127.0.0.0/8 is this
    /// machine.
    @Test(arguments: Variant.all)
    func answersComeFromTheAddressAskedAt(variant: Variant) async throws {
        let origin = try DatagramWire()
        let engine = try Engine.variant(
            variant, servers: [UDPServer(UDPClient("127.0.0.1", port: origin.port), port: 0)])
        try await engine.start()
        let port = try #require(engine.listeners.first?.port)
        // One socket that asks at two addresses: two sessions, each answered from its own.
        let client = try DatagramWire()
        let doors = [UInt32(0x7f00_0005), 0x7f01_0203].map {
            DatagramAddress(host: $0, port: port)
        }
        for (index, door) in doors.enumerated() {
            try client.send("at \(index)", to: door)
            try echo(origin, "at \(index)")
            let (answer, from) = try client.receive()
            #expect(String(decoding: answer, as: UTF8.self) == "to at \(index)")
            #expect(from == door)
        }
        // On a connected socket the kernel itself drops datagrams from elsewhere.
        try client.connect(to: doors[0])
        try client.send("connected")
        try echo(origin, "connected")
        #expect(try client.receiveText() == "to connected")
        await engine.stop()
        #expect(engine.statistics.accepted == 2)
    }
}
