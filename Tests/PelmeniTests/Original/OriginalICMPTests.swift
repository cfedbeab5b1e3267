import EngineTestSupport
import Pelmeni
import TestSupport
import Testing

/// The original README's ICMP client: over a real ICMP socket, whose kernel answers at once and in
/// order, and over UDP, where the test is the host that answers.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct OriginalICMPTests {
    /// Two clients of one engine.
    private func start(
        _ variant: Variant, _ client: EchoClient
    ) async throws -> (engine: Engine, clients: [Wire]) {
        var server = TCPServer(client, listen: "127.0.0.1", port: 0, framing: .u16be)
        // No count says which answer is the last one of a client that has ended its stream.
        server.options.lingerTimeout = .after(.milliseconds(100))
        let engine = try Engine.variant(variant, servers: [server])
        try await engine.start()
        let port = engine.listeners.first?.port
        return (engine, try (0..<2).map { _ in try Wire(toPort: port) })
    }

    private func read(_ client: Wire) throws -> [UInt8] { try BridgeClient.stream(client).answer() }

    private func end(_ engine: Engine, _ clients: [Wire]) async throws {
        for client in clients {
            client.finish()
            #expect(try client.readEnd() == .clean)
        }
        await engine.drain(within: .seconds(10))
        #expect(engine.statistics.causes == [.completed: 2])
    }

    /// Two clients at once; the payload of each echo is its own.
    @Test(
        .enabled(if: EchoSocket.request != nil, "no ICMP socket is allowed"),
        arguments: Variant.all)
    func aLiveHost(variant: Variant) async throws {
        let client = try #require(EchoSocket.request.map(OriginalPrograms.echoClient))
        let (engine, clients) = try await start(variant, client)
        for count in [1, 0, 7, 56, 1_400, 20_000] {
            let payloads = clients.indices.map { Pattern.shared.stream(key: $0, count: count) }
            for (client, payload) in zip(clients, payloads) {
                try client.write(BridgeClient.framed(payload))
            }
            for (client, payload) in zip(clients, payloads).reversed() {
                expectSame(try read(client), payload, "\(count) bytes")
            }
        }
        try await end(engine, clients)
    }

    /// A host that answers the second client first. Of two echoes of one client the last one's
    /// answer is taken, and no other.
    @Test(arguments: Variant.all) func aHostOutOfOrder(variant: Variant) async throws {
        let host = try DatagramWire()
        let client = EchoClient(
            endpoints: [.udp(host: "127.0.0.1", port: host.port)], socket: SocketRequest())
        let (engine, clients) = try await start(variant, client)
        func ask(_ number: Int, _ text: String, sequence: UInt16) throws
            -> (head: EchoHead, from: DatagramAddress)
        {
            try clients[number].write(BridgeClient.framed(Array(text.utf8)))
            let (bytes, from) = try host.receive()
            let head = try #require(EchoHead(bytes))
            #expect(head.type == 8 && head.sequence == sequence)
            #expect(bytes == head.bytes(before: Array(text.utf8)) + Array(text.utf8))
            return (head, from)
        }
        func answer(_ echo: (head: EchoHead, from: DatagramAddress), _ text: String) throws {
            var head = echo.head
            head.type = 0
            try host.send(head.bytes(before: Array(text.utf8)) + Array(text.utf8), to: echo.from)
        }
        let first = try ask(0, "one", sequence: 1)
        let second = try ask(1, "two", sequence: 1)
        #expect(first.from != second.from)
        try answer(second, "to two")
        #expect(try read(clients[1]) == Array("to two".utf8))
        try answer(first, "to one")
        #expect(try read(clients[0]) == Array("to one".utf8))
        // It remembers no answer: what comes twice is delivered twice.
        try answer(second, "again")
        #expect(try read(clients[1]) == Array("again".utf8))
        // Of an earlier sequence, of another kind, and too short for a head: all dropped.
        let earlier = try ask(0, "earlier", sequence: 2)
        let last = try ask(0, "last", sequence: 3)
        try host.send(last.head.bytes(before: []), to: last.from)
        try host.send([0, 0], to: last.from)
        for (echo, text) in [(earlier, "too late"), (last, "in time")] { try answer(echo, text) }
        #expect(try read(clients[0]) == Array("in time".utf8))
        try await end(engine, clients)
        #expect(engine.statistics.datagramsToUpstream == 4)
    }
}
