import EngineTestSupport
import MetricsTestKit
import TestSupport
import Testing

@testable import Pelmeni
@testable import PelmeniMetrics

/// Counts of real traffic, as a backend of swift-metrics gets them.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct EngineMetricsTests {
    @Test(arguments: Variant.all) func metricsAreTheStatistics(variant: Variant) async throws {
        let origin = try TestListener()
        let refused = try RefusedPort()
        let servers: [any Server] = [
            TCPServer(TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
                .beforeForward { _, _ in .forward }.beforeForward { _, _ in .forward },
            TCPServer(TCPClient("127.0.0.1", port: refused.port), listen: "127.0.0.1", port: 0),
        ]
        let engine = try Engine.variant(variant, workers: 2, servers: servers)
        let factory = TestMetrics()
        let metrics = EngineMetrics(engine, dimensions: [("engine", "a")], factory: factory)
        metrics.publish()
        #expect(factory.counters.isEmpty, "before the start")
        try await engine.start()
        metrics.publish()

        let ports = engine.listeners.map(\.port)
        for _ in 0..<3 {
            try Self.session(ports[0], origin)
            metrics.publish()
        }
        let failed = try Wire(toPort: ports[1])
        #expect(try failed.readEnd() == .reset)
        let open = try Wire(toPort: ports[0])
        let upstream = try origin.accept()
        try open.write("x")
        #expect(try upstream.readText(1) == "x")
        try waitUntil("the other sessions are over") { engine.statistics.open == 1 }
        metrics.publish()
        Self.expectGauge(factory, .sessionsOpen, [("pair", "0")], 1)
        Self.expectGauge(factory, .sessionsOpen, [("pair", "1")], 0)
        open.close()
        upstream.close()
        await engine.drain()
        metrics.publish()
        metrics.publish()
        Self.expectEqual(factory, engine.statistics)
        let calls = factory.counters(label: MetricName.hookCalls.rawValue)
        #expect(calls.count == 2, "two hooks of one name are two counters")
        #expect(factory.counters.allSatisfy { $0.dimensions.contains { $0 == ("engine", "a") } })
        let total = factory.counterTotal(label: MetricName.sessionsEnded.rawValue)
        #expect(total == 5)
    }

    /// Datagrams that cross, and one that a hook drops.
    @Test(arguments: Variant.all) func datagramsAndDrops(variant: Variant) async throws {
        let origin = try DatagramWire()
        let server = UDPServer(
            UDPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0
        ).beforeForward { data, _ in data.count > 8 ? .drop : .forward }
        let engine = try Engine.variant(variant, servers: [server])
        let factory = TestMetrics()
        let metrics = EngineMetrics(engine, factory: factory)
        try await metrics.publish(every: .seconds(3_600)) {
            try await engine.start()
            let client = try DatagramWire()
            try client.connect(toPort: engine.listeners.first?.port)
            try client.send("much too long")
            try client.send("short")
            let (bytes, sender) = try origin.receive()
            #expect(bytes == Array("short".utf8))
            try origin.send("answer", to: sender)
            #expect(try client.receiveText() == "answer")
            await engine.drain(within: .zero)
        }
        Self.expectEqual(factory, engine.statistics)
        for (name, label) in [
            (MetricName.datagramsToUpstream, []), (.datagramsToClient, []),
            (.datagramsDropped, [("reason", "hook")]),
            (.hookDrops, [("pair", "0"), ("hook", "beforeForward"), ("place", "0")]),
        ] as [(MetricName, [(String, String)])] {
            #expect(factory.counterTotal(label: name.rawValue, dimensions: label) == 1, "\(name)")
        }
    }

    /// The last counts come with the end, however long the interval is.
    @Test(arguments: Variant.all) func nothingIsLostAtTheEnd(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let factory = TestMetrics()
        let metrics = EngineMetrics(relay.engine, factory: factory)
        let sessions = Task(executorPreference: ThreadExecutor.shared) {
            for _ in 0..<3 { try Self.session(relay.port, relay.origin) }
            await relay.engine.drain()
        }
        try await metrics.publish(every: .seconds(3_600)) { try await relay.engine.run() }
        try await sessions.value
        #expect(relay.engine.statistics.bytesToUpstream == 3 * 100_000)
        Self.expectEqual(factory, relay.engine.statistics)
    }

    @Test(arguments: Variant.all) func anErrorPublishesToo(variant: Variant) async throws {
        struct Failure: Error {}
        let relay = try await Relay.start(variant)
        let factory = TestMetrics()
        let metrics = EngineMetrics(relay.engine, factory: factory)
        await #expect(throws: Failure.self) {
            try await metrics.publish(every: .seconds(3_600)) {
                try Self.session(relay.port, relay.origin)
                await relay.engine.drain()
                throw Failure()
            }
        }
        Self.expectEqual(factory, relay.engine.statistics)
    }

    /// Publications at an interval, and from several threads at once, count nothing twice.
    @Test(arguments: Variant.all) func manyPublicationsCountOnce(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let factory = TestMetrics()
        let metrics = EngineMetrics(relay.engine, factory: factory)
        try await metrics.publish(every: .milliseconds(1)) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { for _ in 0..<200 { metrics.publish() } } }
                for _ in 0..<20 { try Self.session(relay.port, relay.origin) }
                try await group.waitForAll()
            }
            await relay.engine.drain()
        }
        Self.expectEqual(factory, relay.engine.statistics)
    }

    @Test func namesAreDistinctAndPlain() {
        #expect(Set(MetricName.allCases.map(\.rawValue)).count == MetricName.allCases.count)
        for name in MetricName.allCases {
            #expect(name.rawValue.wholeMatch(of: /pelmeni_[a-z_]+/) != nil)
        }
    }

    /// Each name is of a sample, and no two samples have one key.
    @Test func everyNameIsPublished() throws {
        var statistics = Statistics()
        let worker = WorkerStatistics(
            accepted: 1, open: 1, datagramsToUpstream: 1, datagramsToClient: 1, drops: [:],
            cpuNanoseconds: 1, loops: 1, enters: 1, acceptPauses: 1, refusals: 1, starved: 1,
            blocksLeased: 1, pairs: [0])
        statistics.workers = [worker, worker]
        statistics.openByPair = [3]
        let hook = HookStatistics(name: "beforeSend", pair: 0, calls: 1, drops: 2, stalls: 3)
        statistics.hooks = [hook, hook]
        let samples = MetricSample.list(statistics, [])
        #expect(Set(samples.map(\.key)).count == samples.count)
        let missing = Set(MetricName.allCases).subtracting(samples.map(\.key.name))
        #expect(missing == [.sessionsOpen], "its labels are of a listener")
        #expect(MetricSample.list(Statistics(), []).isEmpty)
    }

    // MARK: Support

    /// A client sends 100,000 bytes, the upstream answers with one, and both end.
    private static func session(_ port: UInt16?, _ origin: TestListener) throws {
        let client = try Wire(toPort: port)
        let upstream = try origin.accept()
        try client.write([UInt8](repeating: 7, count: 100_000))
        client.finish()
        _ = try upstream.readAll()
        try upstream.write("y")
        upstream.close()
        #expect(try client.readText(1) == "y")
        #expect(try client.readEnd() == .clean)
    }

    private static func expectGauge(
        _ factory: TestMetrics, _ name: MetricName, _ labels: [(String, String)], _ value: Double,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let gauges = factory.recorders(label: name.rawValue, dimensions: labels)
        #expect(gauges.map(\.lastValue) == [value], sourceLocation: location)
    }

    /// Every counter and gauge has the value of the statistics, which count no more.
    private static func expectEqual(
        _ factory: TestMetrics, _ statistics: Statistics,
        _ location: SourceLocation = #_sourceLocation
    ) {
        func sum(_ name: MetricName, _ labels: [(String, String)] = []) -> UInt64 {
            UInt64(clamping: factory.counterTotal(label: name.rawValue, dimensions: labels))
        }
        var pairs: [(String, UInt64, UInt64)] = [
            ("accepted", sum(.sessionsAccepted), statistics.accepted),
            ("to upstream", sum(.bytesToUpstream), statistics.bytesToUpstream),
            ("to client", sum(.bytesToClient), statistics.bytesToClient),
            ("spliced", sum(.bytesSpliced), statistics.bytesSpliced),
            ("lost", sum(.logEntriesLost), statistics.logEntriesLost),
            ("calls", sum(.hookCalls), statistics.hooks.reduce(0) { $0 + $1.calls }),
            ("hooks' drops", sum(.hookDrops), statistics.hooks.reduce(0) { $0 + $1.drops }),
            ("out", sum(.datagramsToUpstream), statistics.datagramsToUpstream),
            ("back", sum(.datagramsToClient), statistics.datagramsToClient),
        ]
        for cause in EndCause.allCases {
            let found = sum(.sessionsEnded, [("cause", "\(cause)")])
            pairs.append(("\(cause)", found, statistics.causes[cause] ?? 0))
        }
        for reason in DropReason.allCases {
            let found = sum(.datagramsDropped, [("reason", "\(reason)")])
            pairs.append(("\(reason)", found, statistics.drops[reason] ?? 0))
        }
        for (number, worker) in statistics.workers.enumerated() {
            let label = [("worker", "\(number)")]
            pairs.append(("accepted \(number)", sum(.sessionsAccepted, label), worker.accepted))
            pairs.append(("loops \(number)", sum(.workerLoops, label), worker.loops))
            pairs.append(("enters \(number)", sum(.workerEnters, label), worker.enters))
        }
        for (name, found, wanted) in pairs {
            #expect(found == wanted, "\(name)", sourceLocation: location)
        }
    }
}
