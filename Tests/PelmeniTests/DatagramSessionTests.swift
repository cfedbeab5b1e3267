import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// The beginnings and ends of datagram sessions, and the admission of clients.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DatagramSessionTests {
    private static let udp = Crossing(from: .udp, to: .udp)

    /// The origin's answer to the next question, which must be `wanted`.
    private func serve(_ bridge: Bridge, _ wanted: String, times: Int = 1) throws {
        let origin = try bridge.origin.wire
        let (asked, from) = try origin.receive()
        #expect(String(decoding: asked, as: UTF8.self) == wanted)
        for _ in 0..<times { try origin.send("to \(wanted)", to: from) }
    }

    private func roundTrip(_ bridge: Bridge, _ client: BridgeClient, _ text: String) throws {
        try client.ask(text)
        try serve(bridge, text)
        #expect(try client.answerText() == "to \(text)")
    }

    // MARK: Counts and time

    @Test(arguments: Variant.all) func responsesEndASession(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant) { $0.responseLimit = 2 }
        let client = try bridge.client()
        try client.ask("a")
        try serve(bridge, "a")
        #expect(try client.answerText() == "to a")
        // One of two: the session continues, and a second question belongs to it.
        try client.ask("b")
        try serve(bridge, "b", times: 2)
        for _ in 0..<2 { #expect(try client.answerText() == "to b") }
        #expect(bridge.engine.statistics.causes == [:])
        #expect(bridge.engine.statistics.accepted == 1)
        try client.ask("c")
        try serve(bridge, "c", times: 3)
        for _ in 0..<3 { #expect(try client.answerText() == "to c") }
        // Three questions, six answers.
        try bridge.wait("it has had all its answers") { $0.causes == [.completed: 1] }
        try roundTrip(bridge, client, "d")
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 2)
        #expect(statistics.drops == [:])
    }

    @Test(arguments: Variant.all) func requestsEndASession(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant) {
            $0.requestLimit = 2
            $0.responseLimit = 1
        }
        let origin = try bridge.origin.wire
        let client = try bridge.client()
        var senders: [DatagramAddress] = []
        for number in 0..<5 {
            try client.ask("question \(number)")
            senders.append(try origin.receive().from)
        }
        // Two questions each, then another socket.
        #expect(senders[0] == senders[1] && senders[2] == senders[3])
        #expect(Set(senders).count == 3)
        #expect(bridge.engine.statistics.open == 3)
        // Answers of the sessions that take no more questions still arrive.
        for (number, sender) in senders.enumerated() {
            try origin.send("answer \(number)", to: sender)
            #expect(try client.answerText() == "answer \(number)")
        }
        try bridge.wait("all sessions are over") { $0.open == 0 }
        #expect(await bridge.stop().causes == [.completed: 3])
    }

    @Test(arguments: Variant.all) func silenceEndsASession(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant) {
            $0.idleTimeout = .after(.milliseconds(300))
        }
        let client = try bridge.client()
        try roundTrip(bridge, client, "a")
        try bridge.wait("the session is over") { $0.open == 0 }
        #expect(bridge.engine.statistics.causes == [.idle: 1])
        try roundTrip(bridge, client, "b")
        #expect(await bridge.stop().accepted == 2)
    }

    /// A port is a client: answers to the old one do not reach the new one.
    @Test(arguments: Variant.all) func aClientThatChangesItsPort(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant)
        let origin = try bridge.origin.wire
        let before = try bridge.client()
        try before.ask("a")
        let (_, old) = try origin.receive()
        let after = try bridge.client()
        try after.ask("b")
        let (_, new) = try origin.receive()
        #expect(old != new)
        try origin.send("to a", to: old)
        try origin.send("to b", to: new)
        #expect(try after.answerText() == "to b")
        #expect(try before.answerText() == "to a")
        #expect(await bridge.stop().accepted == 2)
    }

    // MARK: Caps and draining

    @Test(arguments: Variant.all) func aFullTableKeepsItsOldOnes(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant) { $0.sessionLimit = 2 }
        let clients = try (0..<5).map { try bridge.client($0) }
        for client in clients.prefix(2) { try roundTrip(bridge, client, "first") }
        for client in clients.dropFirst(2) { try client.ask("shed") }
        try bridge.wait("three are shed") { $0.drops[.tableFull] == 3 }
        for client in clients.prefix(2) { try roundTrip(bridge, client, "second") }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 2)
        #expect(statistics.drops == [.tableFull: 3])
    }

    /// Active sessions outlast the silence that a drain permits; no new client is served.
    @Test(arguments: Variant.all) func drainingKeepsThoseThatTalk(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.udp, variant)
        let talker = try bridge.client(0)
        let silent = try bridge.client(1)
        try roundTrip(bridge, talker, "before")
        try roundTrip(bridge, silent, "before")
        let draining = Task { await bridge.engine.drain(within: .seconds(20)) }
        var strangers: [BridgeClient] = []
        try waitUntil("the engine drains") {
            // A drain that begins late must not find it silent.
            try roundTrip(bridge, talker, "still")
            strangers.append(try bridge.client())
            return try isTurnedAway(bridge, strangers[strangers.count - 1])
        }
        try waitUntil("the silent ones' sessions are over") {
            try roundTrip(bridge, talker, "during")
            return bridge.engine.statistics.open == 1
        }
        for round in 0..<20 { try roundTrip(bridge, talker, "after \(round)") }
        // Now it is silent as well.
        #expect(await draining.value == 0)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.idle: statistics.accepted])
        #expect(statistics.drops == [.draining: 1])
    }

    /// Workers without a session keep their listeners: otherwise the kernel would give other
    /// workers' clients to the rest.
    @Test(arguments: Variant.all)
    func drainingKeepsTheClientsOfOtherWorkers(variant: Variant) async throws {
        // More workers than clients, so that some have no session.
        let bridge = try await Bridge.start(Self.udp, variant, workers: 8)
        let clients = try (0..<5).map { try bridge.client($0) }
        for client in clients { try roundTrip(bridge, client, "before") }
        let draining = Task { await bridge.engine.drain(within: .seconds(20)) }
        var strangers: [BridgeClient] = []
        try waitUntil("the engine drains") {
            for client in clients { try roundTrip(bridge, client, "still") }
            strangers.append(try bridge.client())
            return try isTurnedAway(bridge, strangers[strangers.count - 1])
        }
        for round in 0..<20 {
            for client in clients { try roundTrip(bridge, client, "after \(round)") }
        }
        #expect(await draining.value == 0)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.idle: statistics.accepted])
        #expect(statistics.drops == [.draining: 1])
    }

    /// The answers that end their session are a train that the route refuses.
    @Test func theLastAnswersAreATrainThatIsRefused() {
        SimulatedEnds(crossing: Self.udp).theLastAnswersAreATrainThatIsRefused()
    }

    /// Whether a new client has no session. A client from before the drain has one, and so would a
    /// client that reuses its port: none of these may be closed.
    private func isTurnedAway(_ bridge: Bridge, _ stranger: BridgeClient) throws -> Bool {
        let before = bridge.engine.statistics.accepted
        try stranger.ask("stranger")
        try bridge.wait("the stranger is seen") {
            $0.accepted > before || $0.drops[.draining] == 1
        }
        guard bridge.engine.statistics.accepted > before else { return true }
        try serve(bridge, "stranger")
        return false
    }
}
