internal import PelmeniCore
internal import PelmeniRuntime

/// An origin as a process of its own. It reads an ``OriginJob``, prints its port in the line
/// `listening PORT`, serves until its input ends, and ends with an ``OriginOutcome``.
package struct OriginChild {
    private let lines: ChildLines

    /// On the process's standard input and output. Returns the process's status: 1 on a failure.
    package static func run() async -> Int32 { await OriginChild(ChildLines.ofProcess()).serve() }

    /// Over other descriptors, which the caller closes.
    package init(input: Int32, output: Int32) {
        lines = ChildLines(input: input, output: output)
    }

    private init(_ lines: ChildLines) { self.lines = lines }

    package func serve() async -> Int32 {
        var outcome = OriginOutcome()
        do {
            let job = try await lines.job(OriginJob.self)
            outcome = OriginOutcome(try await run(job))
        } catch let error as ChildLines.BadJob {
            outcome.failure = error.text
        } catch {
            outcome.failure = "\(error)"
        }
        lines.end(outcome)
        return outcome.failure == nil ? 0 : 1
    }

    private func run(_ job: OriginJob) async throws -> OriginResult {
        switch job.kind {
        case .answer: try await serve(.answer, job)
        case .echo: try await serve(.echo, job)
        case .http: try await serve(.http, job)
        case .source: try await serve(.source, job)
        case .datagramEcho: try await serve(.echo)
        case .datagramSink: try await serve(.sink(takesTrains: job.takesTrains))
        }
    }

    private func serve(_ kind: OriginKind, _ job: OriginJob) async throws -> OriginResult {
        let origin = try Origin(
            kind,
            limits: OriginLimits(
                connections: max(1, job.connections), blockClass: job.isBulk ? .bulk : .small))
        return try await serve(origin.port) { await origin.stop() }
    }

    private func serve(_ kind: DatagramOriginKind) async throws -> OriginResult {
        let origin = try DatagramOrigin(kind)
        return try await serve(origin.port) { await origin.stop() }
    }

    /// Until the input ends.
    private func serve(
        _ port: UInt16, stop: () async -> OriginResult
    ) async throws -> OriginResult {
        do {
            let watch = try InputWatch(lines.input, isLineEnough: false) {}
            lines.output.write("listening \(port)")
            await watch.value()
        } catch {
            _ = await stop()
            throw error
        }
        return await stop()
    }
}

extension OriginOutcome {
    init(_ result: OriginResult) {
        accepted = result.accepted
        requests = result.requests
        faults = result.faults.byText
        failure = result.failure.map { "\($0)" }
    }
}
