import Glibc
import Pelmeni
import TestSupport
import Testing

/// The library's life cycle for an embedder, from start to end.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct EmbeddingTests {
    @Test func fiveLines() async throws {
        let origin = try TestListener()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine(servers: [server])
        try await engine.start()
        let client = try Wire(toPort: engine.listeners[0].port)
        let upstream = try origin.accept()
        try client.write("ping")
        #expect(try upstream.readText(4) == "ping")
        await engine.stop()
    }

    @Test(arguments: Variant.all) func bytesAreRelayedAndCounted(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let port = try #require(relay.port)
        #expect(port != 0)
        let listener = try #require(relay.engine.listeners.first)
        #expect(
            listener.description
                == "tcp://127.0.0.1:\(port) -> tcp://127.0.0.1:\(relay.origin.port)")
        #expect(relay.engine.backend?.rawValue == variant.backend.rawValue)

        let question = Pattern.shared.stream(key: 1, count: 300_000)
        let answer = Pattern.shared.stream(key: 2, count: 2_000_001)
        for _ in 0..<3 {
            let (client, upstream) = try relay.session()
            let asking = beside {
                try client.write(question)
                client.finish()
            }
            #expect(try upstream.readAll() == (question, .clean))
            try await asking.value
            let answering = beside {
                try upstream.write(answer)
                upstream.close()
            }
            #expect(try client.readAll() == (answer, .clean))
            try await answering.value
        }
        let (_, silent) = try relay.session()
        let open = relay.engine.statistics
        #expect(open.accepted == open.open + open.causes.values.reduce(0, +))
        #expect(open.open >= 1)
        silent.close()
        await relay.expect([.completed: 4])
        #expect(relay.engine.statistics.bytesToUpstream == 3 * 300_000)
        #expect(relay.engine.statistics.bytesToClient == 3 * 2_000_001)
    }

    @Test(arguments: Variant.all) func cancellingRunDrains(variant: Variant) async throws {
        let origin = try TestListener()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, servers: [server])
        let running = Task { try await engine.run() }
        try waitUntil("the engine listens") { !engine.listeners.isEmpty }
        let port = engine.listeners[0].port
        let client = try Wire(toPort: port)
        let upstream = try origin.accept()
        running.cancel()
        try waitUntil("the listener is closed") { TestListener.isFree(port) }
        // Open sessions continue to their own end.
        try client.write("last words")
        #expect(try upstream.readText(10) == "last words")
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        try await running.value
        #expect(engine.statistics.causes[.drainCut] == nil)
        #expect(engine.statistics.open == 0)
    }

    @Test(arguments: Variant.all) func aDrainCutsWhatDoesNotEnd(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let first = try relay.session()
        let second = try relay.session()
        first.client.close()
        first.upstream.close()
        try waitUntil("the first session is over") { relay.engine.statistics.open == 1 }
        #expect(await relay.engine.drain(within: .milliseconds(50)) == 1)
        // A session that was cut off has not ended well.
        #expect(try second.client.readEnd() == .reset)
        #expect(try second.upstream.readEnd() == .reset)
        await relay.expect([.completed: 1, .drainCut: 1])
    }

    @Test(arguments: Variant.all) func anIdleDrainIsOverAtOnce(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let clock = ContinuousClock()
        let took = await clock.measure { await relay.engine.drain(within: .seconds(30)) }
        #expect(took < .seconds(5))
        await relay.expect([:])
    }

    @Test(arguments: Variant.all) func stopCutsAtOnce(variant: Variant) async throws {
        let relay = try await Relay.start(variant, workers: 2)
        var sessions: [(client: Wire, upstream: Wire)] = []
        for _ in 0..<10 { sessions.append(try relay.session()) }
        try sessions[0].client.write("x")
        await relay.engine.stop()
        for session in sessions { #expect(try session.client.readEnd() == .reset) }
        await relay.expect([.drainCut: 10])
    }

    @Test func anEngineStartsOnce() async throws {
        let origin = try TestListener()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine(backend: .epoll, workers: 1, servers: [server])
        #expect(engine.listeners.isEmpty)
        #expect(engine.backend == nil)
        #expect(await engine.drain() == 0)
        try await engine.start()
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .usage)
        #expect(error?.subject == "start")
        await engine.stop()
        await #expect(throws: EngineError.self) { try await engine.start() }
    }

    @Test(arguments: Variant.all) func twoEnginesInOneProcess(variant: Variant) async throws {
        let near = try await Relay.start(variant)
        // The second engine forwards to the first one.
        let far = try await Relay.start(
            Variant.all[0], to: TCPClient("127.0.0.1", port: near.port ?? 0), origin: near.origin)
        let (client, upstream) = try far.session()
        try client.write("through both")
        #expect(try upstream.readText(12) == "through both")
        try upstream.write("and back")
        #expect(try client.readText(8) == "and back")
        client.close()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        await far.expect([.completed: 1])
        // The other engine is unaffected.
        let again = try near.session()
        try again.client.write("x")
        #expect(try again.upstream.readText(1) == "x")
        again.client.close()
        again.upstream.close()
        await near.expect([.completed: 2])
    }

    @Test(arguments: Variant.all) func anAddressInUseIsNamed(variant: Variant) async throws {
        let relay = try await Relay.start(variant, workers: 2)
        let port = try #require(relay.port)
        let server = TCPServer(
            TCPClient("127.0.0.1", port: relay.origin.port), listen: "127.0.0.1", port: port)
        let second = try Engine.variant(variant, servers: [server])
        let error = await #expect(throws: EngineError.self) { try await second.start() }
        #expect(error?.kind == .failed)
        #expect(error?.side == .listener)
        #expect(error?.subject == "127.0.0.1:\(port)")
        #expect(error?.errno?.name == "EADDRINUSE")
        // The first engine continues.
        let (client, upstream) = try relay.session()
        client.close()
        upstream.close()
        await relay.expect([.completed: 1])
        // After its end the address is free: the second engine may try again.
        try await second.start()
        await second.stop()
    }
}
