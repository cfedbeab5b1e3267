internal import CPelmeni
public import Pelmeni
internal import PelmeniCore
internal import PelmeniRuntime

/// Origins, proxies and clients in one process: real traffic over the loopback, every byte
/// verified.
///
/// Each backend gets the same load. The demo takes a little longer than
/// `seconds * 3 * backends.count`, and leaves nothing behind.
public struct Demo: Sendable {
    private static let warmUpNanoseconds: UInt64 = 150_000_000
    private static let drainTime: Duration = .seconds(2)
    private static let workers = 1

    private let backends: [BackendChoice]
    private let nanoseconds: UInt64

    /// - Parameters:
    ///   - backends: the proxy's backends, one after the other.
    ///   - seconds: the length of each kind of traffic: 1 to 3,600.
    public init(backends: [BackendChoice] = [.ioUring, .epoll], seconds: Int = 2) {
        self.backends = backends
        nanoseconds = UInt64(min(max(1, seconds), 3600)) * 1_000_000_000
    }

    /// Runs one scenario after the other. A refused backend is in the report with the reason, and
    /// is no error. When the task is cancelled, the present scenario ends and no further one
    /// begins.
    ///
    /// - Parameter progress: gets a line at the beginning of each scenario.
    public func run(progress: @escaping @Sendable (String) -> Void) async -> DemoReport {
        var rows: [DemoRow] = []
        let scenarios = DemoScenario.all
        for (turn, choice) in backends.enumerated() {
            for (index, scenario) in scenarios.enumerated() where !Task.isCancelled {
                let number = turn * scenarios.count + index + 1
                progress(
                    "\(number) of \(backends.count * scenarios.count): \(choice), \(scenario.name)")
                let (row, goesOn) = await row(choice, scenario, number: UInt64(number))
                rows.append(row)
                guard goesOn else { break }
            }
        }
        return DemoReport(rows: rows, note: Self.note())
    }

    /// One row, and whether its backend is worth another.
    private func row(
        _ choice: BackendChoice, _ scenario: DemoScenario, number: UInt64
    ) async -> (DemoRow, goesOn: Bool) {
        var row = DemoRow(backend: choice.rawValue, scenario: scenario)
        do {
            try await measure(choice, scenario, number: number, into: &row)
            return (row, true)
        } catch let error as EngineError where error.kind == .backendRefused {
            row.problem = "refused: \(error.reason)" + (error.errno.map { ": \($0)" } ?? "")
            row.remedy = error.remedy
        } catch {
            row.problem = "failed: \(error)"
            row.errors = 1
        }
        return (row, false)
    }

    private func measure(
        _ choice: BackendChoice, _ scenario: DemoScenario, number: UInt64, into row: inout DemoRow
    ) async throws {
        let origin = try Origin(scenario.origin, limits: scenario.originLimits)
        let engine: Engine
        do {
            let pair = TCPServer(
                TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
            engine = try Engine(
                backend: choice, workers: Self.workers, servers: [pair], spelling: .commandLine)
            try await engine.start()
        } catch {
            _ = await origin.stop()
            throw error
        }
        if let backend = engine.backend { row.backend = backend.rawValue }
        let target = SocketAddress(v4: 0x7f00_0001, port: engine.listeners.first?.port ?? 0)

        var faults = FaultCounts()
        let warmUp = await load(
            scenario.plan(target, nanoseconds: Self.warmUpNanoseconds, number: 2 * number))
        let before = cpu(engine)
        let result = await load(
            scenario.plan(target, nanoseconds: nanoseconds, number: 2 * number + 1))
        let spent = Double(max(cpu(engine), before) - before)
        faults.add(.cut, await engine.drain(within: Self.drainTime))
        let seen = await origin.stop()

        for part in [warmUp.faults, result.faults, seen.faults] { faults.add(part) }
        for failure in [warmUp.failure, result.failure, seen.failure] where failure != nil {
            faults.add(.other)
        }
        faults.add(.unaccounted, unaccounted(engine.statistics))
        if result.exchanges == 0, !Task.isCancelled { faults.add(.nothing) }
        fill(&row, result, spent: spent, faults: faults)
    }

    private func fill(
        _ row: inout DemoRow, _ result: LoadResult, spent: Double, faults: FaultCounts
    ) {
        row.exchanges = result.exchanges
        row.exchangesPerSecond = result.exchangesPerSecond
        row.bytesPerSecond = result.bytesPerSecond
        row.cpuNanosecondsPerExchange = spent / Double(max(1, result.exchanges))
        row.cpuMillisecondsPerGigabyte = spent * 1e3 / Double(max(1, result.bytes))
        row.latency = LatencySummary(result.latency)
        row.errors = faults.total
        row.errorText = faults.text
    }

    private func load(_ plan: LoadPlan) async -> LoadResult {
        do throws(SystemError) {
            return await (try Load(plan)).value()
        } catch {
            return LoadResult(failure: error)
        }
    }

    private func cpu(_ engine: Engine) -> UInt64 {
        engine.statistics.workers.reduce(0) { $0 + $1.cpuNanoseconds }
    }

    /// Each accepted session ends in one cause.
    private func unaccounted(_ statistics: Statistics) -> Int {
        let ended = statistics.causes.values.reduce(0, +)
        return Int(clamping: max(ended, statistics.accepted) - min(ended, statistics.accepted))
    }

    private static func note() -> String {
        let usable = max(1, Int(pelmeni_usable_processors(nil, 0)))
        let processors = usable == 1 ? "One processor is" : "\(usable) processors are"
        return """
            \(processors) shared by 1 proxy worker, 1 load thread and 1 origin thread of this \
            process, unpinned, over the loopback.
            Every byte was verified. GB count both directions. Load and origin run on \
            \(LoadLegs.ringName), whatever the proxy runs on.
            Compare the rows with one another, not with other machines.
            """
    }
}
