public import Pelmeni
public import ServiceLifecycle

/// An engine as a service of swift-service-lifecycle.
///
/// ```swift
/// let group = ServiceGroup(
///     services: [EngineService(engine)], gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// Graceful shutdown drains the engine, cancellation stops it. An error of the engine leaves
/// ``run()``.
public struct EngineService: Service {
    private let engine: Engine
    private let drainTimeout: Duration?

    /// A service that runs an engine.
    ///
    /// - Parameters:
    ///   - engine: it may be started before, for its ports; if not, the service starts it.
    ///   - drainTimeout: how long a drain lets open sessions end; nil is the engine's own
    ///     ``Pelmeni/EngineOptions/drainTimeout``.
    public init(_ engine: Engine, drainTimeout: Duration? = nil) {
        self.engine = engine
        self.drainTimeout = drainTimeout
    }

    /// Runs the engine until it has ended: after a graceful shutdown the last session has ended or
    /// is cut, and after a cancellation all sessions are cut.
    ///
    /// - Throws: the engine's ``Pelmeni/EngineError``: of kind `failed` or `backendRefused` if it
    ///   cannot start, of kind `failed` if a worker's ring fails.
    public func run() async throws {
        let engine = engine
        let drainTimeout = drainTimeout
        // A stop reaches a started engine only, so the handlers come after the start.
        if engine.backend == nil { try await engine.start() }
        // In a task of its own: a cancellation of the engine's run is a drain.
        let running = Task { try await engine.run() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await running.value
            } onGracefulShutdown: {
                Task { await engine.drain(within: drainTimeout) }
            }
        } onCancel: {
            Task { await engine.stop() }
        }
    }
}
