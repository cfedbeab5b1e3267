import Glibc
import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Ends of sessions where a stream meets datagrams, and the effects of a failed upstream.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeEndTests {
    private static let toUDP = Crossing(from: .tcp, to: .udp)
    private static let toTCP = Crossing(from: .udp, to: .tcp)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: A stream in front of datagrams

    /// With `responses`, a client that has ended gets its end after its last answer.
    @Test(arguments: Crossing.fromStream, World.all)
    func aClientThatEndsGetsItsAnswers(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedEnds(crossing: crossing).aClientThatEndsGetsItsAnswers()
        }
        let bridge = try await Bridge.start(crossing, variant) {
            $0.responseLimit = 2
            $0.lingerTimeout = .never
        }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed([1]) + BridgeClient.framed([2]))
        client.finish()
        let (first, from) = try origin.receive()
        #expect(first == [1])
        #expect(try origin.receive().bytes == [2])
        var wanted: [UInt8] = []
        for number in UInt8(10)..<14 {
            try origin.send([number], to: from)
            wanted += BridgeClient.framed([number])
        }
        #expect(try client.readAll() == (wanted, .clean))
        #expect(await bridge.stop().causes == [.completed: 1])
    }

    /// Without `responses` only silence shows that the last answer was the last one.
    @Test(arguments: Variant.all) func aClientThatEndsIsWaitedFor(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.lingerTimeout = .after(.milliseconds(300))
        }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed([1]))
        client.finish()
        let (_, from) = try origin.receive()
        try origin.send([10], to: from)
        try origin.send([11], to: from)
        let wanted = BridgeClient.framed([10]) + BridgeClient.framed([11])
        #expect(try client.readAll() == (wanted, .clean))
        #expect(await bridge.stop().causes == [.completed: 1])
    }

    /// Silence ends the session while the engine drains, and a short one is enough.
    @Test(arguments: Variant.all)
    func aClientThatEndedDoesNotHoldADrain(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.lingerTimeout = .never
            $0.idleTimeout = .never
        }
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed([1]))
        _ = try bridge.origin.wire.receive()
        client.finish()
        #expect(await bridge.engine.drain(within: .seconds(30)) == 0)
        #expect(try client.readEnd() == .clean)
        #expect(await bridge.stop().causes == [.completed: 1])
    }

    /// The same, when the client ends after the silence that a drain permits.
    @Test(arguments: Variant.all)
    func aClientThatEndsLateInADrain(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.lingerTimeout = .never
            $0.idleTimeout = .never
            // Nor any other event that would make the engine check the session.
            $0.keepAliveTime = nil
        }
        let origin = try bridge.origin.wire
        let client = try bridge.client()
        let draining = Task { await bridge.engine.drain(within: .seconds(15)) }
        try waitUntil("nobody is accepted any more") { (try? Wire(to: bridge.name)) == nil }
        let begun = ContinuousClock.now
        var turns = 0
        while begun.duration(to: .now) < .milliseconds(2_500) {
            try client.ask("turn \(turns)")
            let (asked, from) = try origin.receive()
            try origin.send(asked, to: from)
            #expect(try client.answerText() == "turn \(turns)")
            turns += 1
        }
        guard case .stream(let wire) = client else { return }
        wire.finish()
        #expect(await draining.value == 0)
        #expect(try wire.readEnd() == .clean)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: statistics.accepted])
    }

    @Test(arguments: Variant.all) func idleEndsAStream(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.idleTimeout = .after(.milliseconds(300))
        }
        let client = try bridge.client()
        try client.ask("?")
        #expect(try bridge.origin.wire.receiveText() == "?")
        guard case .stream(let wire) = client else { return }
        #expect(try wire.readEnd() == .clean)
        #expect(await bridge.stop().causes == [.idle: 1])
    }

    @Test(arguments: Variant.all) func aResetOfTheClient(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant)
        let wire = try Wire(to: bridge.name)
        try wire.write(BridgeClient.framed([1]))
        _ = try bridge.origin.wire.receive()
        wire.reset()
        try bridge.wait("the session is over") { $0.open == 0 }
        #expect(await bridge.stop().causes == [.clientReset: 1])
    }

    /// The network reports that no socket listens there: the stream is reset. Once one listens, the
    /// next session works.
    @Test(arguments: Variant.all) func aClosedPortResetsTheStream(variant: Variant) async throws {
        let folder = try TemporaryFolder()
        let port = SocketName.port(try DatagramWire.unusedPort())
        let unused = try BridgeOrigin(.udp, path: "")
        let bridge = try await Bridge.start(
            Self.toUDP, variant, to: [port], origin: unused, folder: folder)
        for _ in 0..<2 {
            let client = try Wire(to: bridge.name)
            try client.write(BridgeClient.framed([1]))
            #expect(try client.readEnd() == .reset)
        }
        let origin = try DatagramWire(at: port)
        let client = try bridge.client()
        try client.ask("there?")
        let (asked, from) = try origin.receive()
        #expect(text(asked) == "there?")
        try origin.send("yes", to: from)
        #expect(try client.answerText() == "yes")
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.causes[.connectRefused] == 2)
        #expect(statistics.accepted == 3)
    }

    // MARK: Datagrams in front of a stream

    @Test(arguments: Crossing.toStream, World.all)
    func anUpstreamThatClosesIsDialledAnew(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedEnds(crossing: crossing).anUpstreamThatClosesIsDialledAnew()
        }
        let bridge = try await Bridge.start(crossing, variant)
        let client = try bridge.client()
        for round in 0..<5 {
            try client.ask("round \(round)")
            let upstream = try bridge.origin.accept()
            #expect(try upstream.readText(9).hasSuffix("round \(round)"))
            try upstream.write(BridgeClient.framed([UInt8(round)]))
            #expect(try client.answer() == [UInt8(round)])
            upstream.close()
            try bridge.wait("session \(round) is over") { $0.open == 0 }
        }
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 5])
        #expect(statistics.drops == [:])
    }

    @Test(arguments: Variant.all) func anUpstreamThatRefuses(variant: Variant) async throws {
        let refused = try RefusedPort()
        let bridge = try await Bridge.start(
            Self.toTCP, variant, to: [.port(refused.port)],
            origin: try BridgeOrigin(.udp, path: ""), folder: try TemporaryFolder())
        let client = try bridge.client()
        try client.ask("lost")
        try bridge.wait("the session is over") { $0.causes[.connectRefused] == 1 }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.noUpstream: 1])
        #expect(statistics.causes == [.connectRefused: 1])
    }

    @Test(arguments: Variant.all) func anUpstreamThatResets(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant)
        let clients = try (0..<2).map { try bridge.client($0) }
        var upstreams: [Wire] = []
        for client in clients {
            try client.ask("?")
            let upstream = try bridge.origin.accept()
            #expect(try upstream.read(exactly: 3) == BridgeClient.framed([0x3f]))
            upstreams.append(upstream)
        }
        upstreams[0].reset()
        try bridge.wait("the session is over") { $0.open == 1 }
        // The other client's session continues.
        try upstreams[1].write(BridgeClient.framed([7]))
        #expect(try clients[1].answer() == [7])
        #expect(await bridge.stop().causes[.upstreamReset] == 1)
    }

    /// Only silence shows that no answer is due any more: an end, and no reset.
    @Test(arguments: Variant.all) func idleEndsTheConnection(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) {
            $0.idleTimeout = .after(.milliseconds(300))
        }
        let client = try bridge.client()
        try client.ask("?")
        let upstream = try bridge.origin.accept()
        #expect(try upstream.readText(3).hasSuffix("?"))
        #expect(try upstream.readEnd() == .clean)
        #expect(await bridge.stop().causes == [.idle: 1])
    }

    @Test(arguments: Variant.all) func theLastAnswerEndsTheConnection(
        variant: Variant
    ) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.responseLimit = 1 }
        let client = try bridge.client()
        for round in UInt8(0)..<3 {
            try client.ask([round])
            let upstream = try bridge.origin.accept()
            #expect(try upstream.read(exactly: 3) == BridgeClient.framed([round]))
            try upstream.write(BridgeClient.framed([100 + round]))
            #expect(try client.answer() == [100 + round])
            #expect(try upstream.readEnd() == .clean)
        }
        #expect(await bridge.stop().causes == [.completed: 3])
    }

    // MARK: More than a session takes

    @Test(arguments: Variant.all) func messagesOverRequestsAreDropped(
        variant: Variant
    ) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.requestLimit = 1
            $0.responseLimit = 1
        }
        let client = try Wire(to: bridge.name)
        try client.write([1, 2, 3].flatMap { BridgeClient.framed([$0]) })
        let origin = try bridge.origin.wire
        let (first, from) = try origin.receive()
        #expect(first == [1])
        try bridge.wait("the rest is dropped") { $0.drops[.surplus] == 2 }
        try origin.send([10], to: from)
        #expect(try client.readAll() == (BridgeClient.framed([10]), .clean))
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        #expect(statistics.drops == [.surplus: 2])
    }

    /// They come while the last message still waits to be sent: the session ends after it.
    @Test(arguments: Variant.all) func answersOverResponsesAreDropped(
        variant: Variant
    ) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.responseLimit = 1 }
        let client = try bridge.client()
        let question = [UInt8](repeating: 7, count: 60_000)
        var asked = 0
        repeat {
            try client.ask(question)
            asked += 1
            try bridge.wait("a question is counted") {
                Int($0.datagramsToUpstream + ($0.drops[.queueFull] ?? 0)) == asked
            }
        } while bridge.engine.statistics.drops[.queueFull] == nil
        let upstream = try bridge.origin.accept()
        let answers = (0..<asked + 3).flatMap { _ in BridgeClient.framed([1]) }
        try upstream.write(answers)
        for _ in 0..<asked { #expect(try client.answer() == [1]) }
        try bridge.wait("the rest is dropped") { $0.drops[.surplus] == 3 }
        for _ in 1..<asked {
            #expect(try upstream.read(exactly: 60_002) == BridgeClient.framed(question))
        }
        #expect(try upstream.readEnd() == .clean)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        #expect(statistics.drops == [.queueFull: 1, .surplus: 3])
    }
}
