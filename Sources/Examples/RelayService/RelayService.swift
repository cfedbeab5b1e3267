internal import CoreMetrics
internal import ExampleSupport
internal import Glibc
internal import Logging
internal import Pelmeni
internal import PelmeniLogging
internal import PelmeniMetrics
internal import PelmeniServiceLifecycle
internal import ServiceLifecycle
internal import UnixSignals

/// An engine as a part of a program: its log goes to a logger, and its counts to metrics.
struct RelayService: Service {
    let engine: Engine
    private let metrics: EngineMetrics

    /// - Parameter factory: takes the metrics; nil is the one of `MetricsSystem`.
    init(
        _ server: some Server, backend: BackendChoice = .auto, logger: Logger,
        factory: (any MetricsFactory)? = nil
    ) throws(EngineError) {
        var options = EngineOptions()
        options.log(to: logger)
        options.drainTimeout = .seconds(10)
        engine = try Engine(backend: backend, servers: [server], options: options)
        metrics = EngineMetrics(engine, factory: factory)
    }

    func run() async throws {
        // The last counts are published after the engine's end.
        try await metrics.publish(every: .seconds(10)) {
            try await EngineService(engine).run()
        }
    }
}

/// Runs the service until SIGTERM or SIGINT.
func serveRelay(_ options: ExampleOptions) async -> Never {
    // Here a program bootstraps its backends: `LoggingSystem.bootstrap`, `MetricsSystem.bootstrap`.
    let logger = Logger(label: "relay-service")
    let server = TCPServer(
        TCPClient(options.upstream.host, port: options.upstream.port),
        listen: options.listen.host, port: options.listen.port)
    do {
        let relay = try RelayService(server, backend: options.backend, logger: logger)
        try await relay.engine.start()
        for listener in relay.engine.listeners { logger.info("listening \(listener)") }
        let group = ServiceGroup(
            services: [relay], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    } catch {
        logger.error("\(error)")
        exit(1)
    }
    exit(0)
}
