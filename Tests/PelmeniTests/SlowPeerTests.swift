import Glibc
import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Slow peers delay no other session, and lose nothing.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct SlowPeerTests {
    /// More than a socket holds for a client that does not read (8 MiB, as the kernel counts them),
    /// and fewer than the answers that may wait.
    private static let answers = 200
    private static let answerBytes = 60_000

    /// A Unix client reads nothing until all its answers are at the engine, and its session has
    /// ended with the last one of them.
    @Test(arguments: Variant.all)
    func answersWaitForAUnixClient(variant: Variant) async throws {
        let crossing = Crossing(from: .unixgram, to: .unixgram)
        let bridge = try await Bridge.start(crossing, variant) {
            $0.responseLimit = Self.answers
        }
        let client = try bridge.client()
        try client.ask("all of them")
        let origin = try bridge.origin.wire
        let (_, from) = try origin.receive()
        let answers = (0..<Self.answers).map {
            Pattern.shared.stream(key: $0, count: Self.answerBytes)
        }
        for answer in answers { try origin.send(answer, to: from) }
        try bridge.wait("all answers are there") { $0.causes == [.completed: 1] }
        #expect(bridge.engine.statistics.datagramsToClient < UInt64(Self.answers))
        // As on a Unix socket: all of them, in order.
        for (number, answer) in answers.enumerated() {
            #expect(try client.answer() == answer, "\(number), seed \(Pattern.processSeed)")
        }
        try bridge.wait("they are counted") { $0.datagramsToClient == UInt64(Self.answers) }
        #expect(await bridge.stop().drops == [:])
    }

    /// A client that does not read takes no other client's answers.
    @Test(arguments: Variant.all)
    func aClientThatDoesNotReadCostsNoOther(variant: Variant) async throws {
        let bridge = try await Bridge.start(Crossing(from: .unixgram, to: .unixgram), variant)
        let origin = try bridge.origin.wire
        let folder = try TemporaryFolder()
        // Not connected: bytes that wait in a connected socket count against the engine's own
        // socket alone.
        let idle = try DatagramWire(at: .path(folder.file("idle")))
        try idle.send("much", to: DatagramAddress(bridge.name))
        let (_, toIdle) = try origin.receive()
        // More than may wait in all.
        for number in 0..<1_300 { try origin.send("\(number)", to: toIdle) }
        let client = try bridge.client()
        try client.ask("some")
        let (_, toClient) = try origin.receive()
        for number in 0..<8 { try origin.send("answer \(number)", to: toClient) }
        for number in 0..<8 { #expect(try client.answerText() == "answer \(number)") }
        // The answers that do wait for the other client come in order.
        for number in 0..<20 { #expect(try idle.receiveText() == "\(number)") }
        let drops = await bridge.stop().drops
        #expect(Set(drops.keys).isSubset(of: [.queueFull, .noUpstream]), "\(drops)")
        #expect(drops[.queueFull, default: 0] > 0)
    }

    /// Clients that begin long messages and continue byte by byte do not hold the blocks that the
    /// answers of others need.
    @Test(arguments: Variant.all)
    func aByteAtATimeHoldsNoBlock(variant: Variant) async throws {
        let origin = try BridgeOrigin(.udp, path: "")
        let crossing = Crossing(from: .tcp, to: .udp)
        let server = crossing.from.server(
            crossing.to.client([origin.name]), path: "", options: PairOptions())
        // The smallest pool: four blocks of datagrams.
        let engine = try Engine.variant(variant, servers: [server]) { $0.poolBytes = 1 << 20 }
        try await engine.start()
        let name = SocketName.port(engine.listeners.first?.port ?? 0)
        let slow = try (0..<8).map { _ in try Wire(to: name) }
        // More than a small block holds.
        let begun = BridgeClient.framed([UInt8](repeating: 1, count: 60_000)).prefix(17_000)
        for client in slow { try client.write(begun) }
        try waitUntil("they are gathered") {
            engine.statistics.bytesToUpstream >= UInt64(slow.count * begun.count)
        }
        let asker = try Wire(to: name)
        try asker.write(BridgeClient.framed([1]))
        let (_, from) = try origin.wire.receive()
        try origin.wire.send([2], to: from)
        try waitUntil("the answer is there") {
            // Some are closed over time.
            for client in slow { try? client.write([1]) }
            var wanted = pollfd(fd: asker.socket, events: Int16(POLLIN), revents: 0)
            return poll(&wanted, 1, 0) == 1
        }
        #expect(try asker.read(exactly: 3) == BridgeClient.framed([2]))
        await engine.stop()
    }

    /// A Unix upstream does not read: its session ends at the stall deadline, and every datagram is
    /// accounted for.
    @Test(arguments: Variant.all)
    func aUnixUpstreamThatDoesNotRead(variant: Variant) async throws {
        let crossing = Crossing(from: .udp, to: .unixgram)
        let bridge = try await Bridge.start(crossing, variant) {
            $0.stallTimeout = .after(.milliseconds(300))
        }
        let client = try bridge.client()
        let question = [UInt8](repeating: 0x41, count: 4_000)
        // More than the kernel holds for it (net.core.wmem_default), and the 64 that wait in the
        // engine.
        let most: UInt64 = 200
        for _ in 0..<most { try client.ask(question) }
        try bridge.wait("it is given up") { $0.causes == [.sendStalled: 1] }
        let statistics = await bridge.stop()
        let dropped = statistics.drops
        #expect(Set(dropped.keys).isSubset(of: [.queueFull, .noUpstream]), "\(dropped)")
        #expect(dropped[.noUpstream, default: 0] > 0)
        #expect(statistics.datagramsToUpstream + dropped.values.reduce(0, +) == most)
    }

    /// More clients than datagram blocks begin a message and do not continue.
    @Test(arguments: Variant.all)
    func messagesThatDoNotGoOnSilenceNobody(variant: Variant) async throws {
        let bridge = try await Self.smallBridge(variant)
        let begun = try Self.begin([0, 100, 0x41], at: bridge)
        let read = UInt64(3 * begun.count)
        try bridge.wait("all have begun") { $0.bytesToUpstream == read }
        try expectAnAnswer(bridge)
        // One of them continues after all.
        try begun[0].write([UInt8](repeating: 0x41, count: 99))
        let whole = try bridge.origin.wire.receive().bytes
        #expect(whole == [UInt8](repeating: 0x41, count: 100))
        for wire in begun { wire.close() }
        #expect(await bridge.stop().drops == [:])
    }

    /// Their messages are so long that each holds a datagram block: the session that waited longest
    /// is closed.
    @Test(arguments: Variant.all)
    func longMessagesThatDoNotGoOnGiveWay(variant: Variant) async throws {
        let bridge = try await Self.smallBridge(variant)
        let part = [0xea, 0x60] + [UInt8](repeating: 0x41, count: 20_000)
        let begun = try Self.begin(part, at: bridge)
        let read = UInt64(part.count * begun.count)
        try bridge.wait("all have begun") { $0.bytesToUpstream == read }
        try expectAnAnswer(bridge)
        for wire in begun { wire.close() }
        _ = await bridge.stop()
    }

    private static let pool = 8 << 20

    private static func smallBridge(_ variant: Variant) async throws -> Bridge {
        let crossing = Crossing(from: .tcp, to: .udp)
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        let log = LogCollector()
        let server = crossing.from.server(
            crossing.to.client([origin.name]), path: folder.file("server"), options: PairOptions())
        let engine = try Engine.variant(variant, workers: 1, servers: [server]) {
            $0.log = log.sink
            $0.poolBytes = pool
        }
        try await engine.start()
        return Bridge(crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
    }

    /// As many connections as datagram blocks, and ten more, each with the same bytes.
    private static func begin(_ bytes: [UInt8], at bridge: Bridge) throws -> [Wire] {
        let blocks = PoolLimits(bytes: pool, hasDatagramBlocks: true).datagramBlocks
        return try (0..<blocks + 10).map { _ in
            let wire = try Wire(to: bridge.name)
            try wire.write(bytes)
            return wire
        }
    }

    private func expectAnAnswer(_ bridge: Bridge) throws {
        let client = try bridge.client()
        try client.ask("and the others?")
        let origin = try bridge.origin.wire
        let (asked, from) = try origin.receive()
        #expect(String(decoding: asked, as: UTF8.self) == "and the others?")
        try origin.send("here", to: from)
        #expect(try client.answerText() == "here")
        client.close()
    }
}
