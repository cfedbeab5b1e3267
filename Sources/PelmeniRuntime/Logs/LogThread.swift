internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import Synchronization

/// The thread of a ``LogQueue``, and the entries that wait for it. The first entry starts it.
final class LogThread: Sendable {
    private struct State {
        var entries: [LogEntry] = []
        /// Losses since the last report, and in all.
        var lost: UInt64 = 0
        var lostInAll: UInt64 = 0
        var rate = LogRate()
        var hasThread = false
        var isAsleep = false
        /// Ends the rate's intervals early.
        var isFlushing = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeup = Wakeup()
    private let lossLevel: LogEntry.Level
    private let sink: @Sendable (LogEntry) -> Void

    init(lossLevel: LogEntry.Level, sink: @escaping @Sendable (LogEntry) -> Void) {
        self.lossLevel = lossLevel
        self.sink = sink
    }

    var lost: UInt64 { state.withLock { $0.lostInAll } }

    // MARK: Other threads

    func hasRoom() -> Bool {
        state.withLock { state in
            guard state.entries.count >= LogQueue.entriesMax else { return true }
            state.lost += 1
            state.lostInAll += 1
            return false
        }
    }

    func append(_ entry: LogEntry) {
        guard hasRoom() else { return }
        state.withLock { $0.entries.append(entry) }
        rouse()
    }

    func admits(
        _ key: LogRate.Key, _ level: LogEntry.Level, _ message: String,
        _ fields: () -> [LogEntry.Field]
    ) -> Bool {
        let now = pelmeni_monotonic_nanoseconds()
        let isAdmitted = state.withLock { $0.rate.admits(key, level, message, fields, now: now) }
        // The thread may sleep without a deadline, and has a summary at the interval's end.
        if !isAdmitted { rouse() }
        return isAdmitted
    }

    func close() {
        state.withLock { $0.isClosed = true }
        rouse()
    }

    func flush(milliseconds: Int) {
        state.withLock { $0.isFlushing = true }
        rouse()
        let tickMicroseconds: UInt32 = 500
        for _ in 0..<(milliseconds * 2) {
            let isDone = state.withLock { state in
                if !state.hasThread { state.isFlushing = false }
                return !state.isFlushing
            }
            if isDone { return }
            usleep(tickMicroseconds)
        }
    }

    private enum Call {
        case nothing
        case start
        case ring
    }

    private func rouse() {
        let call: Call = state.withLock { state in
            guard state.hasThread else {
                // A close or a flush without an entry needs no thread.
                guard !state.entries.isEmpty || state.rate.nextEnd != nil else { return .nothing }
                state.hasThread = true
                return .start
            }
            defer { state.isAsleep = false }
            return state.isAsleep ? .ring : .nothing
        }
        switch call {
        case .nothing: break
        case .ring: wakeup.ring()
        case .start:
            if !DetachedThread.start({ self.run() }) { state.withLock { $0.hasThread = false } }
        }
    }

    // MARK: The thread

    private enum Work {
        case deliver([LogEntry])
        case sleep(until: UInt64?)
        case end
    }

    private func run() {
        _ = pelmeni_thread_name("pelmeni-log")
        while true {
            switch state.withLock({ next(&$0) }) {
            case .deliver(let entries): for entry in entries { sink(entry) }
            case .sleep(let deadline): wakeup.sleep(until: deadline)
            case .end: return
            }
        }
    }

    private func next(_ state: inout State) -> Work {
        let isLast = state.isFlushing || state.isClosed
        let now = isLast ? UInt64.max : pelmeni_monotonic_nanoseconds()
        var entries = state.entries
        state.entries = []
        if state.lost > 0 {
            entries.append(
                LogEntry(
                    lossLevel, "log entries were lost: they came faster than they were taken",
                    [.init("entries", "\(state.lost)")]))
            state.lost = 0
        }
        entries += state.rate.takeSummaries(now: now)
        guard entries.isEmpty else { return .deliver(entries) }
        state.isFlushing = false
        guard !state.isClosed else {
            state.hasThread = false
            return .end
        }
        state.isAsleep = true
        return .sleep(until: state.rate.nextEnd)
    }
}
