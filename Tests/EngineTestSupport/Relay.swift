package import Pelmeni
package import PelmeniCore
package import PelmeniRuntime
import Synchronization
package import TestSupport
package import Testing

/// An engine between a test's client and its origin.
package struct Relay: Sendable {
    package let engine: Engine
    package let origin: TestListener
    package let log: LogCollector

    /// One pair on one worker, unless told otherwise.
    package static func start(
        _ variant: Variant, workers: Int = 1, _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Relay {
        let origin = try TestListener()
        return try await start(
            variant, to: TCPClient("127.0.0.1", port: origin.port), origin: origin,
            workers: workers,
            change)
    }

    package static func start(
        _ variant: Variant, to client: any Client, origin: TestListener, workers: Int = 1,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Relay {
        var pair = PairOptions()
        change(&pair)
        let log = LogCollector()
        let server = TCPServer(client, listen: "127.0.0.1", port: 0, options: pair)
        let engine = try Engine.variant(variant, workers: workers, servers: [server]) {
            $0.log = log.sink
        }
        try await engine.start()
        return Relay(engine: engine, origin: origin, log: log)
    }

    package var port: UInt16? { engine.listeners.first?.port }

    package func connect() throws -> Wire { try Wire(toPort: port) }

    /// A client and the origin's end of the same session.
    package func session() throws -> (client: Wire, upstream: Wire) {
        let client = try connect()
        return (client, try origin.accept())
    }

    /// A linked session: before that, a reset by the upstream is a failed connect.
    package func talkingSession() throws -> (client: Wire, upstream: Wire) {
        let (client, upstream) = try session()
        try client.write("?")
        guard try upstream.readText(1) == "?" else { throw Overdue(description: "a wrong byte") }
        return (client, upstream)
    }

    /// Ends the engine and checks its counts: no session is open, and these causes are all.
    package func expect(
        _ causes: [EndCause: UInt64], within: Duration = Patience.usual,
        _ location: SourceLocation = #_sourceLocation
    ) async {
        await engine.drain(within: within)
        let statistics = engine.statistics
        #expect(statistics.causes == causes, sourceLocation: location)
        #expect(statistics.open == 0, sourceLocation: location)
        #expect(
            statistics.accepted == causes.values.reduce(0, +), sourceLocation: location)
        #expect(statistics.openByPair.allSatisfy { $0 == 0 }, sourceLocation: location)
        #expect(log.entries(from: .error).isEmpty, sourceLocation: location)
    }
}

extension Engine {
    package static func variant(
        _ variant: Variant, workers: Int = 1, servers: [any Server],
        _ change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> Engine {
        var options = EngineOptions()
        options.disabledFeatures = variant.without
        change(&options)
        return try Engine(
            backend: variant.backend, workers: workers, servers: servers, options: options)
    }
}

/// Records an engine's log.
package final class LogCollector: Sendable {
    private let all = Mutex<[LogEntry]>([])

    package init() {}

    package var sink: @Sendable (LogEntry) -> Void {
        { entry in self.all.withLock { $0.append(entry) } }
    }

    package func entries(from level: LogEntry.Level) -> [LogEntry] {
        all.withLock { $0.filter { $0.level >= level } }
    }
}
