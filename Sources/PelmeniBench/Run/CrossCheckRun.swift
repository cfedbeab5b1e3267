internal import Glibc
internal import PelmeniLoad

/// HTTP through a proxy, driven by our own load and by wrk in turn: both should cost the proxy the
/// same.
struct CrossCheckRun {
    private static let rounds = 3
    private static let connections = 64
    private static let patience = 30.0

    let context: BenchContext
    let cores: CorePlan
    let plans: [SubjectPlan]

    /// Whether wrk is installed.
    static var isPossible: Bool { PeerPlan.program("wrk") != nil }

    private struct Finding {
        var cpuPerRequest: Double
        var requestsPerSecond: Double
    }

    /// Nil when wrk is missing or failed.
    func run(tell: (_ subject: String, _ round: Int) -> Void) -> CrossCheck? {
        guard let wrk = PeerPlan.program("wrk"),
            let plan = plans.first(where: { $0.subject.kind == .pelmeni }),
            let process = try? SubjectProcess(
                plan, origins: [OriginJob(kind: .http)], context, cores: cores)
        else { return nil }
        defer { _ = process.finish() }
        var own: [Finding] = []
        var theirs: [Finding] = []
        for round in 1...Self.rounds {
            tell(plan.subject.name, round)
            guard let first = try? drive(process, UInt64(round)),
                let second = try? drive(process, wrk)
            else { return nil }
            own.append(first)
            theirs.append(second)
        }
        return CrossCheck(
            scenario: "HTTP over tcp, \(Self.connections) connections", subject: plan.subject.name,
            ownCPUPerRequest: own.map(\.cpuPerRequest).median ?? 0,
            wrkCPUPerRequest: theirs.map(\.cpuPerRequest).median ?? 0,
            ownRequestsPerSecond: own.map(\.requestsPerSecond).median ?? 0,
            wrkRequestsPerSecond: theirs.map(\.requestsPerSecond).median ?? 0)
    }

    private func drive(
        _ process: SubjectProcess, _ number: UInt64
    ) throws(BenchError) -> Finding {
        let load = try context.child("bench-load", cores: cores.load)
        defer { load.end() }
        var job = LoadJob(kind: .exchange, port: process.port)
        job.isHTTP = true
        // As wrk's, which asks for the origin's fixed answer.
        job.requestBytes = 0
        job.answerBytes = 32
        job.connections = Self.connections
        job.warmUpNanoseconds = UInt64(context.options.warmUpSeconds * 1e9)
        job.windowNanoseconds = UInt64(context.options.windowSeconds * 1e9)
        job.number = number
        try load.write(line: JSONLine.text(job))
        _ = try load.expect("measuring", within: Self.patience)
        let before = process.tree?.use() ?? ProcessUse()
        _ = try load.expect("measured", within: context.options.windowSeconds + Self.patience)
        let after = process.tree?.use() ?? ProcessUse()
        while let line = try load.readLine(within: Self.patience) {
            guard line.hasPrefix("{") else { continue }
            let outcome = try JSONLine.value(LoadOutcome.self, line, of: "the load")
            guard outcome.exchanges > 0, outcome.nanoseconds > 0 else { break }
            return Finding(
                cpuPerRequest: after.seconds(since: before) / Double(outcome.exchanges),
                requestsPerSecond: Double(outcome.exchanges) / Double(outcome.nanoseconds) * 1e9)
        }
        throw .failed("the load had no answer: \(load.problem())")
    }

    /// wrk does not report its beginning: its whole life is the window.
    private func drive(_ process: SubjectProcess, _ wrk: String) throws(BenchError) -> Finding {
        let seconds = max(1, Int(context.options.windowSeconds.rounded()))
        let command = [
            wrk, "-t1", "-c\(Self.connections)", "-d\(seconds)s",
            "http://127.0.0.1:\(process.port)/",
        ]
        let before = process.tree?.use() ?? ProcessUse()
        let child = try ChildProcess(
            "wrk", command, cores: cores.load, folder: context.folder,
            interrupt: context.interrupt)
        defer { child.end(within: 0) }
        var lines: [String] = []
        while let line = try child.readLine(within: Double(seconds) + Self.patience) {
            lines.append(line)
        }
        let after = process.tree?.use() ?? ProcessUse()
        guard let found = WrkOutput(parsing: lines), found.requests > 0 else {
            throw .failed("wrk said: \(lines.joined(separator: " / "))")
        }
        return Finding(
            cpuPerRequest: after.seconds(since: before) / Double(found.requests),
            requestsPerSecond: found.requestsPerSecond)
    }
}
