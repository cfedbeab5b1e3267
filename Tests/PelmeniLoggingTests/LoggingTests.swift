import EngineTestSupport
import Logging
import Pelmeni
import PelmeniLogging
import Synchronization
import TestSupport
import Testing

/// An engine's entries in a handler of swift-log.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct LoggingTests {
    @Test(arguments: Variant.all) func aRefusingUpstreamIsAWarning(variant: Variant) async throws {
        let refused = try RefusedPort()
        let store = CollectingHandler.Store()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: refused.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, servers: [server]) {
            $0.log(to: store.logger(.info))
        }
        try await engine.start()
        let port = try #require(engine.listeners.first?.port)
        let client = try Wire(toPort: port)
        #expect(try client.readEnd() == .reset)
        let warning = try store.first("a warning") { $0.level == .warning }
        #expect(warning.message.hasPrefix("upstream failed"))
        #expect(warning.source == "Pelmeni")
        #expect(warning.metadata["upstream"] == "127.0.0.1:\(refused.port)")
        #expect(warning.metadata["cause"] == "connect_refused")
        #expect(warning.metadata["worker"] == "0")
        await engine.stop()
        #expect(store.events.withLock { $0 }.allSatisfy { $0.level >= .info })
    }

    @Test(arguments: Variant.all) func debugHasEachSession(variant: Variant) async throws {
        let origin = try TestListener()
        let store = CollectingHandler.Store()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, servers: [server]) {
            $0.log(to: store.logger(.trace))
        }
        try await engine.start()
        let port = try #require(engine.listeners.first?.port)
        let client = try Wire(toPort: port)
        let upstream = try origin.accept()
        client.close()
        upstream.close()
        let end = try store.first("the session's end") { $0.message == "session ended" }
        #expect(end.level == .debug)
        #expect(end.metadata["cause"] != nil)
        await engine.stop()
    }

    /// A handler that never returns holds up the engine's log, and no session.
    @Test(arguments: Variant.all) func aBlockedHandlerBlocksNoWorker(
        variant: Variant
    ) async throws {
        let origin = try TestListener()
        let gate = Gate()
        let arrived = Gate()
        let logger = Logger(label: "test", factory: { _ in BlockingHandler(arrived, gate) })
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, servers: [server]) { $0.log(to: logger) }
        #expect(logger.logLevel == .debug)
        try await engine.start()
        let port = try #require(engine.listeners.first?.port)
        for _ in 0..<3 {
            let client = try Wire(toPort: port)
            let upstream = try origin.accept()
            try client.write("ping")
            #expect(try upstream.readText(4) == "ping")
            client.close()
            upstream.close()
        }
        arrived.pass()
        gate.open()
        await engine.stop()
    }

    @Test func levelsAreThoseOfSwiftLog() {
        for level in LogEntry.Level.allCases {
            #expect(LogEntry.Level(Logger.Level(level)) == level)
            #expect("\(Logger.Level(level))" == "\(level)")
        }
        #expect(LogEntry.Level(.trace) == .debug)
        #expect(LogEntry.Level(.notice) == .warning)
        #expect(LogEntry.Level(.critical) == .error)
    }

    @Test func fieldsAreMetadata() {
        #expect(LogEntry(.info, "it happened").metadata == nil)
        let entry = LogEntry(.info, "it happened", [.init("a", "1"), .init("b", "2")])
        #expect(entry.metadata == ["a": "1", "b": "2"])
        let twice = LogEntry(.info, "it happened", [.init("a", "1"), .init("a", "2")])
        #expect(twice.metadata == ["a": "1, 2"])
    }
}

/// Returns from no event before its gate is open.
private struct BlockingHandler: LogHandler {
    private let arrived: Gate
    private let gate: Gate
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(_ arrived: Gate, _ gate: Gate) {
        self.arrived = arrived
        self.gate = gate
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        arrived.open()
        gate.pass()
    }
}
