import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// An engine of one pair, of any kinds, and the origin behind it.
struct Bridge: Sendable {
    let crossing: Crossing
    let engine: Engine
    let origin: BridgeOrigin
    let log: LogCollector
    let folder: TemporaryFolder

    static func start(
        _ crossing: Crossing, _ variant: Variant, workers: Int = 1,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        return try await start(
            crossing, variant, to: [origin.name], origin: origin, folder: folder, workers: workers,
            change)
    }

    /// - Parameters:
    ///   - names: the upstreams.
    ///   - origin: one of them, or a later one.
    static func start(
        _ crossing: Crossing, _ variant: Variant, to names: [SocketName], origin: BridgeOrigin,
        folder: TemporaryFolder, workers: Int = 1,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        var options = PairOptions()
        change(&options)
        let log = LogCollector()
        let server = crossing.from.server(
            crossing.to.client(names), path: folder.file("server"), options: options)
        let engine = try Engine.variant(variant, workers: workers, servers: [server]) {
            $0.log = log.sink
        }
        try await engine.start()
        return Bridge(
            crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
    }

    /// The address for clients.
    var name: SocketName {
        crossing.from.isUnix
            ? .path(folder.file("server")) : .port(engine.listeners.first?.port ?? 0)
    }

    /// - Parameter number: one for each client, which makes its name on a Unix datagram socket.
    func client(_ number: Int = 0) throws -> BridgeClient {
        guard !crossing.from.isStream else { return .stream(try Wire(to: name)) }
        let own = crossing.from.isUnix ? SocketName.path(folder.file("client\(number)")) : .port(0)
        let wire = try DatagramWire(at: own)
        try wire.connect(to: DatagramAddress(name))
        return .datagrams(wire)
    }

    /// Waits for a counter without a notification.
    func wait(_ what: String, _ condition: (Statistics) -> Bool) throws {
        do {
            try waitUntil("\(what) \(crossing.testDescription)") { condition(engine.statistics) }
        } catch {
            Issue.record("the books then: \(engine.statistics)")
            throw error
        }
    }

    /// Stops the engine: datagram sessions do not end by themselves. Then checks the counts.
    func stop(_ location: SourceLocation = #_sourceLocation) async -> Statistics {
        await engine.stop()
        let statistics = engine.statistics
        #expect(statistics.open == 0, sourceLocation: location)
        #expect(
            statistics.accepted == statistics.causes.values.reduce(0, +), sourceLocation: location)
        #expect(log.entries(from: .error).isEmpty, sourceLocation: location)
        return statistics
    }
}
