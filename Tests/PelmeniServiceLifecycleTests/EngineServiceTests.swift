import EngineTestSupport
import Glibc
import Logging
import Pelmeni
import PelmeniServiceLifecycle
import ServiceLifecycle
import TestSupport
import Testing

/// An engine in a service group.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct EngineServiceTests {
    private func group(_ service: any Service) -> ServiceGroup {
        ServiceGroup(
            services: [service],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test(arguments: Variant.all) func gracefulShutdownDrains(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let group = group(EngineService(relay.engine))
        let running = Task { try await group.run() }
        let (client, upstream) = try relay.talkingSession()
        await group.triggerGracefulShutdown()
        try waitUntil("the listener is closed") { TestListener.isFree(relay.port) }
        // The open session goes on to its own end.
        try client.write("last words")
        #expect(try upstream.readText(10) == "last words")
        try upstream.write("answer")
        #expect(try client.readText(6) == "answer")
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        try await running.value
        // Connections before the shutdown count too.
        #expect(relay.engine.statistics.causes[.completed] == 1)
        #expect(relay.engine.statistics.causes[.drainCut] == nil)
        #expect(relay.engine.statistics.open == 0)
    }

    @Test(arguments: Variant.all) func aDrainHasAnEnd(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let group = group(EngineService(relay.engine, drainTimeout: .milliseconds(50)))
        let running = Task { try await group.run() }
        let (client, upstream) = try relay.talkingSession()
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        #expect(relay.engine.statistics.causes == [.drainCut: 1])
    }

    @Test(arguments: Variant.all) func cancellationStops(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let group = group(EngineService(relay.engine))
        let running = Task { try await group.run() }
        let (client, upstream) = try relay.talkingSession()
        running.cancel()
        // Without waiting for the session, which neither side ends.
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        _ = await running.result
        #expect(relay.engine.statistics.causes == [.drainCut: 1])
    }

    /// A drain that lasts too long is ended by a cancellation.
    @Test(arguments: Variant.all) func aCancellationEndsADrain(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let group = group(EngineService(relay.engine, drainTimeout: .seconds(3_600)))
        let running = Task { try await group.run() }
        let (client, upstream) = try relay.talkingSession()
        await group.triggerGracefulShutdown()
        try waitUntil("the listener is closed") { TestListener.isFree(relay.port) }
        running.cancel()
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        _ = await running.result
        #expect(relay.engine.statistics.causes[.drainCut] == 1)
    }

    /// The service starts an engine that was not started, also where it is to end at once.
    @Test(arguments: Variant.all) func anEngineThatWasNotStarted(variant: Variant) async throws {
        for isCancelled in [true, false] {
            let origin = try TestListener()
            let server = TCPServer(
                TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
            let engine = try Engine.variant(variant, servers: [server])
            let group = group(EngineService(engine))
            if !isCancelled { await group.triggerGracefulShutdown() }
            let running = Task { try await group.run() }
            if isCancelled { running.cancel() }
            _ = await running.result
            #expect(engine.statistics.accepted == 0)
            guard let port = engine.listeners.first?.port else { continue }
            try waitUntil("the listener is closed") { TestListener.isFree(port) }
        }
    }

    @Test(arguments: Variant.all) func anErrorComesOut(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let port = try #require(relay.port)
        let server = TCPServer(
            TCPClient("127.0.0.1", port: relay.origin.port), listen: "127.0.0.1", port: port)
        let second = try Engine.variant(variant, servers: [server])
        let error = await #expect(throws: EngineError.self) {
            try await group(EngineService(second)).run()
        }
        #expect(error?.kind == .failed)
        #expect(error?.errno?.name == "EADDRINUSE")
        await relay.engine.stop()
    }
}
