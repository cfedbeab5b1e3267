import Pelmeni
import PelmeniHTTP
import Synchronization

/// Handles signals while an engine runs: the first drains it, the second stops it.
final class RunEnding: Sendable {
    private let engine: Engine
    private let timeout: Duration
    private let accessLog: HTTPAccessLog?
    private let logger: EngineLogger
    private let endings = Mutex(0)

    init(
        _ engine: Engine, timeout: Duration, accessLog: HTTPAccessLog?, _ logger: EngineLogger
    ) {
        self.engine = engine
        self.timeout = timeout
        self.accessLog = accessLog
        self.logger = logger
    }

    /// Whether a second signal came before the drain ended.
    var isForced: Bool { endings.withLock { $0 > 1 } }

    /// Returns when its task is cancelled.
    func follow(_ signals: AsyncStream<Signal>) async {
        for await signal in signals { answer(signal) }
    }

    private func answer(_ signal: Signal) {
        if signal == .user1, let accessLog { return reopen(accessLog) }
        guard signal == .terminate || signal == .interrupt else {
            return logger.log(.info, "signal ignored", [.init("signal", signal.name)])
        }
        let count = endings.withLock { count in
            count += 1
            return count
        }
        let engine = engine
        switch count {
        case 1:
            logger.log(
                .info, "draining",
                [
                    .init("signal", signal.name), .init("open", "\(engine.statistics.open)"),
                    .init("timeout", DurationText.format(timeout)),
                ])
            let timeout = timeout
            // Not awaited: the next signal must be handled meanwhile.
            Task { await engine.drain(within: timeout) }
        case 2:
            logger.log(
                .info, "stopping now",
                [.init("signal", signal.name), .init("open", "\(engine.statistics.open)")])
            Task { await engine.stop() }
        default: break
        }
    }

    /// A file that cannot be opened is no reason to end: lines go on to the one that is open.
    private func reopen(_ accessLog: HTTPAccessLog) {
        do throws(EngineError) {
            try accessLog.reopen()
            logger.log(.info, "access log reopened")
        } catch {
            logger.log(
                .error, "access log not reopened; the open file goes on",
                [.init("error", error.description)])
        }
    }
}
