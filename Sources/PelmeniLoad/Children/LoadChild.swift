internal import PelmeniCore
internal import PelmeniRuntime

/// A load as a process of its own. It reads a ``LoadJob``, reports its progress with the lines
/// `connected`, `measuring` and `measured`, and ends with a ``LoadOutcome``. The end of its input
/// stops it.
package struct LoadChild {
    private let lines: ChildLines

    /// On the process's standard input and output. Returns the process's status: 1 on a failure.
    package static func run() async -> Int32 { await LoadChild(ChildLines.ofProcess()).serve() }

    /// Over other descriptors, which the caller closes.
    package init(input: Int32, output: Int32) {
        lines = ChildLines(input: input, output: output)
    }

    private init(_ lines: ChildLines) { self.lines = lines }

    package func serve() async -> Int32 {
        let outcome = await outcome()
        lines.end(outcome)
        return outcome.failure == nil ? 0 : 1
    }

    private func outcome() async -> LoadOutcome {
        do {
            let job = try await lines.job(LoadJob.self)
            if job.kind.isOfDatagrams {
                if let problem = DatagramPlan.problem(job) { return failure(problem) }
                let output = lines.output
                let load = try Load(datagrams: DatagramPlan(job)) { output.write($0.rawValue) }
                return try await end(of: load, isLineEnough: false)
            }
            if let problem = LoadPlan.problem(job) { return failure(problem) }
            let plan = LoadPlan(job)
            let output = lines.output
            let load = try Load(plan) { output.write($0.rawValue) }
            return try await end(of: load, isLineEnough: plan.holds)
        } catch let error as ChildLines.BadJob {
            return failure(error.text)
        } catch {
            return failure("\(error)")
        }
    }

    private func end(of load: Load, isLineEnough: Bool) async throws -> LoadOutcome {
        let watch: InputWatch
        do {
            watch = try InputWatch(lines.input, isLineEnough: isLineEnough) { load.stop() }
        } catch {
            load.stop()
            _ = await load.value()
            throw error
        }
        let result = await load.value()
        await watch.end()
        return LoadOutcome(result)
    }

    private func failure(_ text: String) -> LoadOutcome {
        var outcome = LoadOutcome()
        outcome.failure = text
        return outcome
    }
}

extension LoadOutcome {
    init(_ result: LoadResult) {
        nanoseconds = result.nanoseconds
        exchanges = result.exchanges
        connections = result.connections
        bytes = result.bytes
        lost = result.lost
        late = result.late
        latency = result.latency.buckets
        latencyMax = result.latency.max
        faults = result.faults.byText
        failure = result.failure.map { "\($0)" }
        if failure == nil, result.gaveUp { failure = "gave up: \(result.faults.text)" }
    }
}
