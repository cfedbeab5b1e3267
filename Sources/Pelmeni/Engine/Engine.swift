// One import for an embedder: the public parts of the core and the runtime are re-exported.
@_exported public import PelmeniCore
@_exported public import PelmeniRuntime
internal import Synchronization

/// Runs servers: workers, listeners, lifecycle.
///
/// ```swift
/// let engine = try Engine(servers: [TCPServer(TCPClient("127.0.0.1", port: 9000), port: 8080)])
/// try await engine.run()
/// ```
///
/// An engine has no global state and handles no signal; several may live in one process. An engine
/// runs once.
public final class Engine: Sendable {
    private enum Phase {
        case idle
        case starting
        case running(EngineRuntime)
    }

    private let configuration: EngineConfiguration
    private let drainTimeout: Duration
    private let phase = Mutex<Phase>(.idle)

    /// - Parameters:
    ///   - backend: io_uring, epoll, or `auto` for the one that the machine grants.
    ///   - workers: threads, each with a ring of its own; nil is one for each usable processor.
    ///   - servers: at least one.
    ///   - options: everything else.
    /// - Throws: an ``EngineError`` of kind `usage` that names the fault and the valid values.
    public convenience init(
        backend: BackendChoice = .auto, workers: Int? = nil, servers: [any Server],
        options: EngineOptions = EngineOptions()
    ) throws(EngineError) {
        try self.init(
            backend: backend, workers: workers, servers: servers, options: options,
            spelling: .library)
    }

    /// The same, for options from another source: errors use its spelling.
    package init(
        backend: BackendChoice = .auto, workers: Int? = nil, servers: [any Server],
        options: EngineOptions = EngineOptions(), spelling: OptionName.Spelling
    ) throws(EngineError) {
        configuration = try EngineCheck(spelling: spelling).configuration(
            backend: backend, workers: workers, servers: servers, options: options)
        drainTimeout = options.drainTimeout
    }

    // MARK: Lifecycle

    /// Opens the listeners and starts the workers; returns once every listener accepts.
    ///
    /// - Throws: an ``EngineError`` of kind `failed` (an address in use, say) or `backendRefused`.
    public func start() async throws(EngineError) {
        let isFirst = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .starting
            return true
        }
        guard isFirst else {
            throw EngineError(
                kind: .usage, side: .engine, subject: "start",
                reason: "this engine was started before", remedy: "make another one")
        }
        let runtime: EngineRuntime
        do throws(EngineError) {
            runtime = try await EngineRuntime.start(configuration)
        } catch {
            configuration.log.flush()
            phase.withLock { $0 = .idle }
            throw error
        }
        phase.withLock { $0 = .running(runtime) }
        for (pair, address) in zip(configuration.pairs, runtime.addresses) {
            let warnings =
                [EngineCheck.warning(pair.messages), EngineCheck.groupWarning(pair.upstreams)]
                .compactMap(\.self)
                + NetworkPlace.missingZones(of: pair.upstreams).map(\.description)
                + (pair.drivers.ofServer?.socket.warnings ?? [])
                + (pair.drivers.ofClient?.socket.warnings ?? [])
            for warning in warnings {
                configuration.log(
                    .warning, warning, [.init("pair", pair.endpoint.at(address).description)])
            }
        }
    }

    /// Starts the engine, unless ``start()`` did, and returns once it has ended. Cancelling the
    /// task drains, for ``EngineOptions/drainTimeout`` at most.
    ///
    /// - Throws: an ``EngineError`` of ``start()``, or of kind `failed` when the ring of a worker
    ///   failed; the other workers are stopped then.
    public func run() async throws(EngineError) {
        if runtime == nil { try await start() }
        guard let runtime else { return }
        await withTaskCancellationHandler {
            await runtime.wait()
        } onCancel: {
            Task { await self.drain() }
        }
        if let failure = runtime.failure { throw failure }
    }

    /// Stops accepting and lets open sessions end; sessions still open after the time are cut.
    ///
    /// - Parameter within: nil is the engine's drain timeout.
    /// - Returns: the number of sessions cut.
    @discardableResult
    public func drain(within: Duration? = nil) async -> Int {
        guard let runtime else { return 0 }
        runtime.drain()
        // Task.sleep takes nanoseconds in 64 bits.
        let timeout = min(within ?? drainTimeout, EngineCheck.durationMax)
        // Detached: a cancelled caller still drains within the timeout.
        let cutter = Task.detached {
            try? await Task.sleep(for: timeout)
            if !Task.isCancelled { runtime.stop() }
        }
        await runtime.wait()
        cutter.cancel()
        return Int(clamping: statistics.causes[.drainCut] ?? 0)
    }

    /// Cuts all sessions, and returns once the workers have ended.
    public func stop() async {
        guard let runtime else { return }
        runtime.stop()
        await runtime.wait()
    }

    // MARK: What is there

    private var runtime: EngineRuntime? {
        phase.withLock { if case .running(let runtime) = $0 { runtime } else { nil } }
    }

    /// The engine's backend, once it is started.
    public var backend: Backend? { runtime?.decision.backend }

    /// The number of workers.
    public var workers: Int { configuration.workers }

    /// The listeners in the order of the servers, with their real ports, once the engine is
    /// started.
    public var listeners: [Listener] {
        guard let runtime else { return [] }
        return zip(configuration.pairs, runtime.addresses).map { pair, address in
            Listener(
                endpoint: pair.endpoint.at(address), upstreams: pair.upstreams,
                workers: pair.workers)
        }
    }

    /// Counts since the start.
    public var statistics: Statistics {
        guard let runtime else { return Statistics() }
        return Statistics(runtime)
    }
}
