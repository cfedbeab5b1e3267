internal import Glibc
internal import PelmeniLoad

/// Takes one sample: a load process against a running subject.
struct Sampler {
    /// Thousands of connections need this long.
    private static let patience = 60.0

    let context: BenchContext
    let scenario: Scenario
    let cores: CorePlan

    func sample(
        _ process: SubjectProcess, round: Int, number: UInt64
    ) throws(BenchError) -> Sample {
        if let problem = process.problem { throw .failed(problem) }
        let sessionsBefore = try process.counters()?.sessionsByWorker
        let memoryBefore = process.tree?.memory().now ?? 0
        let load = try context.child("bench-load", cores: cores.load)
        defer { load.end() }
        try load.write(line: JSONLine.text(job(process.port, number)))
        if scenario.kind == .idle { return try idle(process, load, memoryBefore, round) }
        try wait(for: "measuring", from: load, within: Self.patience)
        let countersBefore = try process.counters()
        let before = Moment(process, load: [load], cores: cores)
        let flood = try flood(process, number)
        defer { flood?.end() }
        try wait(
            for: "measured", from: load, within: context.options.windowSeconds + Self.patience)
        let all = [load] + (flood.map { [$0] } ?? [])
        let after = Moment(process, load: all, cores: cores)
        let counters = try process.counters()
        let memory = process.tree?.memory() ?? (now: 0, peak: 0)
        var sample = Sample(round: round)
        fill(&sample, try outcome(of: load))
        if let flood {
            note(&sample, try outcome(ofFlood: flood))
        }
        after.fill(&sample, since: before)
        sample.userShare = after.subject.userShare(since: before.subject)
        if let counters, let countersBefore {
            sample.enters = counters.enters - min(counters.enters, countersBefore.enters)
        }
        sample.sessionsByWorker = zip(counters?.sessionsByWorker ?? [], sessionsBefore ?? [])
            .map { $0 - $1 }
        sample.residentBytes = memory.now
        sample.residentPeakBytes = memory.peak
        if let problem = process.problem { throw .failed(problem) }
        return sample
    }

    /// Holds idle connections, and reads the memory after a while.
    private func idle(
        _ process: SubjectProcess, _ load: ChildProcess, _ memoryBefore: UInt64, _ round: Int
    ) throws(BenchError) -> Sample {
        try wait(for: "connected", from: load, within: Self.patience)
        let before = Moment(process, load: [load], cores: cores)
        let start = ChildProcess.now()
        while ChildProcess.now() < start + context.options.windowSeconds {
            try context.interrupt.check()
            usleep(20_000)
        }
        let after = Moment(process, load: [load], cores: cores)
        let memory = process.tree?.memory() ?? (now: 0, peak: 0)
        load.closeInput()
        var sample = Sample(round: round)
        note(&sample, try outcome(of: load))
        sample.seconds = ChildProcess.now() - start
        after.fill(&sample, since: before)
        sample.residentAtStartBytes = memoryBefore
        sample.residentBytes = memory.now
        sample.residentPeakBytes = memory.peak
        if let problem = process.problem { throw .failed(problem) }
        return sample
    }

    // MARK: Jobs

    private func job(_ port: UInt16, _ number: UInt64) -> LoadJob {
        var job = LoadJob(kind: kind, port: port)
        job.connections = scenario.kind == .stalled ? scenario.bystanders : scenario.connections
        job.isHTTP = scenario.isOfHTTP
        job.requestBytes = scenario.requestBytes
        job.answerBytes = scenario.answerBytes
        job.pipeline = scenario.pipeline
        job.trainDatagrams = scenario.trainDatagrams ?? 1
        job.trainsInFlight = scenario.trainsInFlight ?? 1
        job.thinkMicroseconds = scenario.thinkMicroseconds
        job.requestsPerSecond = scenario.requestsPerSecond
        job.warmUpNanoseconds = UInt64(context.options.warmUpSeconds * 1e9)
        job.windowNanoseconds = UInt64(context.options.windowSeconds * 1e9)
        job.number = number
        return job
    }

    private var kind: LoadJob.Kind {
        switch scenario.kind {
        case .exchange, .stalled: .exchange
        case .connect: .connect
        case .download: .download
        case .upload: .upload
        case .open: .open
        case .idle: .idle
        case .datagrams: .datagrams
        case .trains: .trains
        }
    }

    /// The stalled readers connect while the others are measured.
    private func flood(
        _ process: SubjectProcess, _ number: UInt64
    ) throws(BenchError) -> ChildProcess? {
        guard scenario.kind == .stalled else { return nil }
        let flood = try context.child("bench-load", cores: cores.load)
        var job = LoadJob(kind: .stalled, port: process.floodPort)
        job.connections = scenario.connections
        job.windowNanoseconds = UInt64(context.options.windowSeconds * 1e9)
        job.number = ~number
        do throws(BenchError) {
            try flood.write(line: JSONLine.text(job))
        } catch {
            flood.end(within: 0)
            throw error
        }
        return flood
    }

    // MARK: Outcomes

    /// - Throws: the load's problem, when it ends without this word.
    private func wait(
        for word: String, from load: ChildProcess, within seconds: Double
    ) throws(BenchError) {
        while let line = try load.readLine(within: seconds) {
            if line.hasPrefix(word) { return }
            guard line.hasPrefix("{") else { continue }
            let outcome = try JSONLine.value(LoadOutcome.self, line, of: "the load")
            let faults = outcome.faults.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            let words =
                faults.isEmpty
                ? [outcome.failure ?? "nothing is known"] : faults.map { "\($0.value) \($0.key)" }
            throw .failed("the load gave up: \(words.joined(separator: ", "))")
        }
        throw .failed("the load ended before it said '\(word)': \(load.problem())")
    }

    private func outcome(of load: ChildProcess) throws(BenchError) -> LoadOutcome {
        while let line = try load.readLine(within: Self.patience) {
            guard line.hasPrefix("{") else { continue }
            return try JSONLine.value(LoadOutcome.self, line, of: "the load")
        }
        throw .failed("the load ended without a result: \(load.problem())")
    }

    /// Ends the stalled readers, and reads their outcome. A proxy that did not serve all of them
    /// has errors; the latency of the others is known nevertheless.
    private func outcome(ofFlood flood: ChildProcess) throws(BenchError) -> LoadOutcome {
        while let line = try flood.readLine(within: Self.patience) {
            if line.hasPrefix("{") {
                return try JSONLine.value(LoadOutcome.self, line, of: "the load")
            }
            // An earlier end would come before all of them are connected.
            if line.hasPrefix("connected") { flood.closeInput() }
        }
        throw .failed("the stalled load ended without a result: \(flood.problem())")
    }

    private func fill(_ sample: inout Sample, _ outcome: LoadOutcome) {
        sample.seconds = Double(outcome.nanoseconds) / 1e9
        sample.exchanges = outcome.exchanges
        sample.bytes = outcome.bytes
        sample.latency = LatencyFigures(buckets: outcome.latency, max: outcome.latencyMax)
        if scenario.traffic == .datagrams {
            sample.lost = outcome.lost
            sample.late = outcome.late
        }
        note(&sample, outcome)
        if outcome.exchanges == 0, outcome.bytes == 0 {
            sample.errors["without any answer", default: 0] += 1
        }
    }

    private func note(_ sample: inout Sample, _ outcome: LoadOutcome) {
        sample.errors.merge(outcome.faults.filter { $0.value > 0 }, uniquingKeysWith: +)
        if let failure = outcome.failure { sample.errors["load: \(failure)", default: 0] += 1 }
    }
}
