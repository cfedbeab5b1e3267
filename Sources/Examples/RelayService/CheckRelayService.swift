internal import ExampleSupport
internal import Logging
internal import MetricsTestKit
internal import Pelmeni
internal import PelmeniMetrics
internal import ServiceLifecycle
internal import Synchronization

/// A service group is asked to end while a session is open: the session goes on to its own end,
/// then the group ends, and the metrics are the engine's counts.
func checkRelayService(_ options: ExampleOptions) async throws {
    let upstream = try PlainSocket.listening(.stream)
    let server = TCPServer(
        TCPClient("127.0.0.1", port: upstream.port), listen: "127.0.0.1", port: 0)
    let lines = CheckLines()
    var logger = Logger(label: "check", factory: { _ in CheckLogHandler(lines: lines) })
    logger.logLevel = .debug
    let factory = TestMetrics()
    let relay = try RelayService(
        server, backend: options.backend, logger: logger, factory: factory)
    try await relay.engine.start()
    let group = ServiceGroup(services: [relay], logger: logger)
    let running = Task { try await group.run() }

    let client = try PlainSocket.connected(.stream, to: relay.engine.listeners[0].port ?? 0)
    let connection = try upstream.accept()
    try client.send("before")
    try ExampleCheck.equal(try connection.receive(exactly: 6), Array("before".utf8), "bytes")
    await group.triggerGracefulShutdown()
    try client.send("after")
    try ExampleCheck.equal(try connection.receive(exactly: 5), Array("after".utf8), "bytes")
    client.endSending()
    connection.endSending()
    _ = try client.receiveAll()
    try await running.value

    let statistics = relay.engine.statistics
    try ExampleCheck.equal(statistics.causes[.completed], 1, "completed sessions")
    try ExampleCheck.equal(statistics.causes[.drainCut], nil, "sessions that the drain cut")
    for (name, count) in [
        (MetricName.sessionsAccepted, statistics.accepted),
        (.bytesToUpstream, statistics.bytesToUpstream),
    ] {
        try ExampleCheck.equal(
            factory.counterTotal(label: name.rawValue), Int64(count), name.rawValue)
    }
    try ExampleCheck.require(
        lines.all.contains("debug session ended cause=completed"), "the log is \(lines.all)")
}

/// Lines of a log.
private final class CheckLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct CheckLogHandler: LogHandler {
    let lines: CheckLines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let cause = event.metadata?["cause"].map { " cause=\($0)" } ?? ""
        lines.append("\(event.level) \(event.message)\(cause)")
    }
}
