internal import CPelmeni
internal import Glibc
package import PelmeniCore
internal import Synchronization

/// A running engine: its workers' threads, their shared session counts, and its end.
package final class EngineRuntime: Sendable {
    private struct State {
        var starting = 0
        var running = 0
        var failure: EngineError?
        var startWaiter: CheckedContinuation<Void, Never>?
        var endWaiters: [CheckedContinuation<Void, Never>] = []
        var hasEnded = false
    }

    package let configuration: EngineConfiguration
    package let decision: BackendDecision
    package let addresses: [SocketAddress]
    package let workers: [WorkerShared]
    private let state: Mutex<State>
    private let counts: SharedCounts
    private let resolver: Resolver?
    private let lookups = LookupRequests()
    private let watch: HookWatch?
    private let files: Mutex<ListenerSet>

    // MARK: Starting

    /// Decides the backend, opens every listener and starts every worker.
    ///
    /// - Throws: the first error; no socket, file or thread is left behind.
    package static func start(_ configuration: EngineConfiguration) async throws(EngineError)
        -> EngineRuntime
    {
        // Before the first accept: preparing it latches the limit.
        _ = pelmeni_descriptor_limit_raise()
        let decision = try BackendDecision.decide(
            configuration.choice, without: configuration.without,
            servesDatagrams: configuration.pairs.contains(where: \.servesDatagrams),
            spelling: configuration.spelling)
        if let fallback = decision.fallback {
            var fields: [LogEntry.Field] = [.init("reason", fallback.reason)]
            if let errno = fallback.errno { fields.append(.init("errno", errno.name)) }
            fields.append(.init("remedy", fallback.remedy))
            configuration.log(
                decision.isUnsound ? .error : .warning, "io_uring is not used; running on epoll",
                fields)
        }
        let configuration = try configuration.placed()
        let names = await ListenerNames.resolve(configuration)
        let runtime = try EngineRuntime(
            configuration: configuration, decision: decision, listenerNames: names)
        do throws(EngineError) {
            try await runtime.launch()
        } catch {
            runtime.stop()
            await runtime.wait()
            throw error
        }
        return runtime
    }

    private init(
        configuration: EngineConfiguration, decision: BackendDecision,
        listenerNames: [Endpoint: Result<[SocketAddress], Resolver.Failure>]
    ) throws(EngineError) {
        var listeners = ListenerSet(
            nonblocking: decision.backend == .epoll, names: listenerNames, log: configuration.log)
        for (number, pair) in configuration.pairs.enumerated() {
            let serving = pair.workers ?? Array(0..<configuration.workers)
            try listeners.open(pair, pair: number, workers: serving)
        }
        self.configuration = configuration
        self.decision = decision
        addresses = listeners.addresses
        counts = SharedCounts(pairs: configuration.pairs.count)
        var workers: [WorkerShared] = []
        for index in 0..<configuration.workers {
            do throws(SystemError) {
                workers.append(
                    try WorkerShared(
                        index: index, pairs: configuration.pairs, addresses: addresses,
                        sessionsOpen: counts.pairs, lookups: lookups, log: configuration.log))
            } catch {
                throw EngineError(
                    kind: .failed, side: .engine, subject: "worker \(index)", errno: error,
                    reason: "no wake-up descriptor", remedy: "raise RLIMIT_NOFILE (`ulimit -n`)")
            }
        }
        self.workers = workers
        files = Mutex(listeners)
        state = Mutex(State())
        resolver = Self.makeResolver(configuration, workers, lookups)
        watch = HookWatch(workers)
    }

    private static func makeResolver(
        _ configuration: EngineConfiguration, _ workers: [WorkerShared], _ lookups: LookupRequests
    ) -> Resolver? {
        var names: [Resolver.Name] = []
        for (number, pair) in configuration.pairs.enumerated() {
            for (upstream, endpoint) in pair.upstreams.enumerated()
            where endpoint.address == nil {
                guard let (host, port) = endpoint.hostAndPort else { continue }
                names.append(
                    Resolver.Name(
                        host: host, port: port, pair: PairID(number), upstream: UInt16(upstream),
                        interval: pair.names.interval))
            }
        }
        guard !names.isEmpty else { return nil }
        let log = configuration.log
        let groups = GroupNames(log)
        return Resolver(
            names: names, requests: lookups, lookup: configuration.lookup
        ) { name, result in
            switch result {
            case .success(let addresses):
                groups.note(name.host, addresses)
                for worker in workers {
                    worker.mailbox.update(
                        Mailbox.AddressUpdate(
                            pair: name.pair, upstream: name.upstream, addresses: addresses))
                }
                log(
                    .debug, "name resolved",
                    [
                        .init("name", name.host), .init("addresses", "\(addresses.count)"),
                    ])
            case .failure(let failure):
                log(
                    .warning, "name does not resolve; trying again",
                    [
                        .init("name", name.host), .init("reason", failure.reason),
                    ])
            }
        }
    }

    private func launch() async throws(EngineError) {
        let limits = sessionLimits()
        let processors = Processors.usable()
        let pool = PoolLimits(
            bytes: configuration.poolBytes / configuration.workers,
            hasDatagramBlocks: configuration.pairs.contains(where: \.kind.hasMessages))
        resolver?.start()
        watch?.start()
        await awaitFirstLookups()
        state.withLock {
            $0.starting = workers.count
            $0.running = workers.count
        }
        for worker in workers {
            let sockets = files.withLock { $0.take(worker: worker.index) }
            let order = WorkerThread.Order(
                shared: worker, decision: decision,
                listeners: sockets.map {
                    WorkerListener(
                        socket: $0.socket, pair: PairID($0.pair), isShared: $0.isShared,
                        isDatagrams: configuration.pairs[$0.pair].listensForDatagrams,
                        refusesWhenDown: configuration.pairs[$0.pair].refusesWhenDown)
                },
                pool: pool, limits: limits,
                processor: configuration.pins ? processors[worker.index % processors.count] : nil,
                began: { [weak self] in self?.workerBegan($0) },
                ended: { self.workerEnded($0) })
            guard WorkerThread.start(order) else {
                for socket in sockets { _ = pelmeni_socket_close(socket.socket) }
                let error = EngineError(
                    kind: .failed, side: .engine, subject: "worker \(worker.index)",
                    reason: "the system gives no thread")
                workerBegan(error)
                workerEnded(error)
                continue
            }
        }
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.starting == 0 { return true }
                state.startWaiter = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Waits until every name's first lookup has ended; after a quarter of a second, until every
    /// pair has an address; and at most two seconds: names at a silent server must not delay the
    /// other pairs.
    private func awaitFirstLookups() async {
        guard let resolver else { return }
        let named = Set(
            configuration.pairs.indices.filter {
                configuration.pairs[$0].upstreams.allSatisfy(\.isName)
            }
            .map { PairID($0) })
        let tick = Duration.milliseconds(20)
        for round in 0..<100 where !resolver.isSettled {
            if tick * round >= .milliseconds(250), named.isSubset(of: resolver.resolvedPairs) {
                return
            }
            try? await Task.sleep(for: tick)
        }
    }

    /// The session limits that fit into the descriptors, less those kept.
    private func sessionLimits() -> Limits {
        let budget = DescriptorBudget.now(
            workers: configuration.workers,
            lookups: min(resolver?.count ?? 0, LookupQueue.lookupsMax))
        let hasStreams = !configuration.pairs.allSatisfy(\.listensForDatagrams)
        let hasDatagrams = configuration.pairs.contains(where: \.listensForDatagrams)
        warnOfFew(budget, budget.sessions(hasStreams: hasStreams, hasDatagrams: hasDatagrams))
        return Limits(
            shares: budget.shares(hasStreams: hasStreams, hasDatagrams: hasDatagrams),
            engineSessionsCap: Int64(configuration.sessionsCap),
            engineSessionsOpen: counts.engine, datagramSessionsOpen: counts.datagrams,
            pipes: budget.pipes)
    }

    /// Later only waiting connections would show it.
    private func warnOfFew(_ budget: DescriptorBudget, _ sessions: Int) {
        let cap = configuration.sessionsCap
        let wanted = cap == 0 ? DescriptorBudget.sessionsMin : cap
        guard sessions < wanted else { return }
        configuration.log(
            .warning, "few sessions fit into the limit of descriptors",
            [
                .init("sessions", "\(sessions)"), .init("limit", "\(budget.limit)"),
                .init("hard", "\(budget.hardLimit)"), .init("open", "\(budget.used)"),
                .init("kept", "\(budget.kept)"), .init("remedy", budget.remedy),
            ])
    }

    // MARK: Workers' reports

    private func workerBegan(_ error: EngineError?) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.starting -= 1
            if let error, state.failure == nil { state.failure = error }
            guard state.starting == 0 else { return nil }
            defer { state.startWaiter = nil }
            return state.startWaiter
        }
        waiter?.resume()
    }

    private func workerEnded(_ error: EngineError?) {
        let isLast = state.withLock { state in
            state.running -= 1
            if let error, state.failure == nil { state.failure = error }
            return state.running == 0
        }
        // Without this worker its listeners' share of connections would not be accepted.
        if error != nil { for worker in workers { worker.mailbox.stop() } }
        guard isLast else { return }
        resolver?.stop()
        watch?.stop()
        files.withLock { $0.removeFiles() }
        // The sink gets the earlier entries before the end, unless it blocks.
        configuration.log.flush()
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Ending

    /// Stops accepting; open sessions may end.
    package func drain() { for worker in workers { worker.mailbox.drain() } }

    /// Cuts all sessions.
    package func stop() { for worker in workers { worker.mailbox.stop() } }

    /// Returns once every worker has ended.
    package func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.hasEnded { return true }
                state.endWaiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Why a worker ended by itself; nil when none did.
    package var failure: EngineError? { state.withLock { $0.failure } }
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Sessions open on a pair now.
    package func sessionsOpen(pair: Int) -> Int { Int(pelmeni_shared_get(counts.pairs + pair)) }
}
