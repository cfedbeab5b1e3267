import Glibc
import Pelmeni
import PelmeniCore
import PelmeniTesting
import TestSupport
import Testing

/// Listeners that refuse clients while no upstream is up, over real sockets.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct WhenDownTests {
    /// An engine whose one pair refuses.
    private struct Refusing {
        let engine: Engine
        let log = LogCollector()

        init(
            _ variant: Variant, to upstreams: [Endpoint], host: String = "127.0.0.1",
            port: UInt16 = 0, workers: Int = 1
        ) async throws {
            var server = TCPServer(TCPClient(upstreams), listen: host, port: port)
            server.whenDown = .refuse
            let sink = log.sink
            engine = try Engine.variant(variant, workers: workers, servers: [server]) {
                $0.log = sink
            }
            try await engine.start()
        }

        var port: UInt16? { engine.listeners.first?.port }
        var refusals: UInt64 { engine.statistics.workers.reduce(0) { $0 + $1.refusals } }

        func messages(_ text: String) -> Int {
            log.entries(from: .info).count { $0.message.contains(text) }
        }

        /// Whether a connect is refused; a connection is closed again.
        func isRefused(_ connect: (UInt16) throws -> Wire = { try Wire(toPort: $0) }) throws -> Bool
        {
            do {
                let wire = try connect(port ?? 0)
                #expect(try wire.readEnd() == .reset)
                return false
            } catch let error as WireError where error.code == ECONNREFUSED {
                return true
            }
        }

        func untilRefused() throws { try waitUntil("a refusal") { try isRefused() } }

        /// A client that a listener takes again.
        func client() throws -> Wire {
            var client: Wire?
            try waitUntil("a connection") {
                client = try? Wire(toPort: port)
                return client != nil
            }
            return try #require(client)
        }

        func expectService(_ origin: TestListener) throws {
            let client = try client()
            let upstream = try origin.accept()
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            client.close()
            upstream.close()
        }
    }

    private func endpoint(_ port: UInt16) -> Endpoint { .tcp(host: "127.0.0.1", port: port) }

    @Test(arguments: Variant.all) func itRefusesUntilAnUpstreamAccepts(
        variant: Variant
    ) async throws {
        let port = try SocketName.unusedPort()
        let relay = try await Refusing(variant, to: [endpoint(port)])
        // The first client finds out, and is reset.
        #expect(try relay.isRefused() == false)
        try relay.untilRefused()
        let accepted = relay.engine.statistics.accepted
        let enters = relay.engine.statistics.workers[0].enters
        for _ in 0..<20 { #expect(try relay.isRefused()) }

        // The engine finds the upstream without a client.
        let origin = try TestListener(.port(port))
        #expect(try origin.accept().readEnd() == .clean)
        #expect(relay.engine.statistics.workers[0].enters - enters < 100, "it spins")
        try relay.expectService(origin)

        await relay.engine.drain()
        let statistics = relay.engine.statistics
        #expect(statistics.causes == [.connectRefused: accepted, .completed: 1])
        #expect(statistics.accepted == accepted + 1)
        #expect(statistics.openByPair == [0])
        #expect(relay.refusals == 1)
        #expect(relay.messages("clients are refused") == 1)
        #expect(relay.messages("listening again") == 1)
        #expect(relay.log.entries(from: .error).isEmpty)
    }

    /// Each worker has a socket of its own, and finds out by itself; each listens again.
    @Test(arguments: Variant.all) func eachWorkerRefuses(variant: Variant) async throws {
        let port = try SocketName.unusedPort()
        let relay = try await Refusing(variant, to: [endpoint(port)], workers: 3)
        try relay.untilRefused()
        #expect(relay.refusals == 3)
        let origin = try TestListener(.port(port))
        for _ in 0..<3 { #expect(try origin.accept().readEnd() == .clean) }
        try waitUntil("all listen") { relay.messages("listening again") == 3 }
        var served: Set<Int> = []
        try waitUntil("each worker serves") {
            let before = relay.engine.statistics.workers.map(\.accepted)
            try relay.expectService(origin)
            let after = relay.engine.statistics.workers.map(\.accepted)
            for worker in 0..<3 where after[worker] > before[worker] { served.insert(worker) }
            return served.count == 3
        }
        await relay.engine.drain()
    }

    /// The port stays its own: a second engine does not get it.
    @Test(arguments: Variant.all) func thePortIsNotGivenAway(variant: Variant) async throws {
        let closed = try RefusedPort()
        let relay = try await Refusing(variant, to: [endpoint(closed.port)])
        try relay.untilRefused()
        let port = try #require(relay.port)
        let error = await #expect(throws: EngineError.self) {
            let second = TCPServer(TCPClient([endpoint(9)]), listen: "127.0.0.1", port: port)
            try await Engine.variant(variant, servers: [second]).start()
        }
        #expect(error?.errno?.code == EADDRINUSE)
        #expect(!TestListener.isFree(port))
        #expect(try relay.isRefused())
        await relay.engine.drain()
        #expect(TestListener.isFree(port))
    }

    @Test(arguments: Variant.all) func aPortThatIsNamed(variant: Variant) async throws {
        let (port, upstream) = (try SocketName.unusedPort(), try SocketName.unusedPort())
        let relay = try await Refusing(variant, to: [endpoint(upstream)], port: port, workers: 2)
        #expect(relay.port == port)
        try relay.untilRefused()
        let origin = try TestListener(.port(upstream))
        for _ in 0..<2 { #expect(try origin.accept().readEnd() == .clean) }
        try relay.expectService(origin)
        await relay.engine.drain()
    }

    @Test(arguments: Variant.all) func overIPv6(variant: Variant) async throws {
        let port = try SocketName.unusedPort()
        let relay = try await Refusing(variant, to: [endpoint(port)], host: "::1")
        try waitUntil("a refusal") { try relay.isRefused { try Wire(toIPv6Port: $0) } }
        let origin = try TestListener(.port(port))
        #expect(try origin.accept().readEnd() == .clean)
        try waitUntil("it listens") { relay.messages("listening again") == 1 }
        let client = try Wire(toIPv6Port: relay.port ?? 0)
        let upstream = try origin.accept()
        client.close()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        await relay.engine.drain()
    }

    /// Sessions go on while new clients are refused.
    @Test(arguments: Variant.all) func sessionsStay(variant: Variant) async throws {
        let port = try SocketName.unusedPort()
        let relay = try await Refusing(variant, to: [endpoint(port)])
        let origin = try TestListener(.port(port))
        let client = try relay.client()
        let upstream = try origin.accept()
        origin.close()
        try relay.untilRefused()
        try client.write("still there")
        #expect(try upstream.readText(11) == "still there")
        try upstream.write("yes")
        #expect(try client.readText(3) == "yes")
        // It takes no connection, though it talks.
        #expect(try relay.isRefused())
        client.close()
        upstream.close()
        await relay.engine.drain()
    }

    @Test(arguments: Variant.all) func oneUpstreamIsEnough(variant: Variant) async throws {
        let origin = try TestListener()
        let closed = try RefusedPort()
        let relay = try await Refusing(
            variant, to: [endpoint(closed.port), endpoint(origin.port)])
        for _ in 0..<6 { try relay.expectService(origin) }
        await relay.engine.drain()
        #expect(relay.engine.statistics.causes == [.completed: 6])
        #expect(relay.refusals == 0)
        withExtendedLifetime(closed) {}
    }

    /// A name under .invalid never resolves, RFC 6761.
    @Test(arguments: Variant.all) func noAddressIsDownFromTheStart(variant: Variant) async throws {
        let relay = try await Refusing(
            variant, to: [.tcp(host: "no-such-host.invalid", port: 80)])
        #expect(try relay.isRefused())
        await relay.engine.drain()
        #expect(relay.engine.statistics.accepted == 0)
        #expect(relay.messages("clients are refused") == 1)
    }

    @Test(arguments: Variant.all) func itEndsWhileItRefuses(variant: Variant) async throws {
        let closed = try RefusedPort()
        for stops in [true, false] {
            let relay = try await Refusing(variant, to: [endpoint(closed.port)])
            try relay.untilRefused()
            if stops { await relay.engine.stop() } else { await relay.engine.drain() }
            #expect(relay.engine.statistics.open == 0)
            #expect(TestListener.isFree(relay.port))
        }
        withExtendedLifetime(closed) {}
    }

    // MARK: Over the simulated kernel

    /// Clients come over a minute, and the upstream is there after ten seconds.
    @Test(arguments: 1...8) func simulated(seed: UInt64) {
        var plan = FlowPlan(
            sessions: 60, bytesToUpstream: 100, bytesToClient: 100, start: .client, end: .byClient)
        plan.refusesWhenDown = true
        var setup = SimulationSetup(seed: seed, plans: [plan])
        setup.world.upstreams = [[[.late], [.late]]]
        setup.world.arrival = 60_000_000_000
        setup.world.isMultishot = seed % 2 == 0
        setup.sessions = seed % 4 < 2 ? 256 : 6_000
        setup.allowances.cuts = true
        let outcome = Simulation.outcome(of: setup)
        #expect(outcome.violations.isEmpty, "\(outcome.violations)")
        // One client found out that the upstreams are down; all others were refused, or served.
        #expect(outcome.points[SimulatedPoint.listenerRefuses.rawValue] == 1)
        #expect(outcome.points[SimulatedPoint.listenerListens.rawValue] == 1)
        #expect(outcome.points[SimulatedPoint.clientRefused.rawValue] > 0)
        #expect(outcome.causes[.connectRefused] ?? 0 < 3)
        #expect(outcome.causes[.completed] ?? 0 > 40)
    }

    /// Without the option each client tries for itself.
    @Test(arguments: 1...4) func simulatedDefault(seed: UInt64) {
        let plan = FlowPlan(
            sessions: 60, bytesToUpstream: 100, bytesToClient: 100, start: .client, end: .byClient)
        var setup = SimulationSetup(seed: seed, plans: [plan])
        setup.world.upstreams = [[[.late]]]
        setup.world.arrival = 60_000_000_000
        setup.allowances.cuts = true
        let outcome = Simulation.outcome(of: setup)
        #expect(outcome.violations.isEmpty, "\(outcome.violations)")
        #expect(outcome.points[SimulatedPoint.listenerRefuses.rawValue] == 0)
        #expect(outcome.causes[.connectRefused] ?? 0 > 2)
    }
}
