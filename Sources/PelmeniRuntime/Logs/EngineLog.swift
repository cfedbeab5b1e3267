internal import PelmeniCore

/// Where an engine's entries go, and from which level. A queue hands them over: no caller waits for
/// the sink.
package struct EngineLog: Sendable {
    /// How long an engine's end waits for a sink that blocks.
    package static let patienceMilliseconds = 1_000

    package let level: LogEntry.Level
    private let queue: LogQueue?

    package init(level: LogEntry.Level, sink: (@Sendable (LogEntry) -> Void)?) {
        self.level = level
        queue = sink.map { LogQueue(level: level, sink: $0) }
    }

    /// Whether the sink gets entries of a level.
    package func takes(_ level: LogEntry.Level) -> Bool { queue != nil && level >= self.level }

    /// Entries lost to a slow sink.
    package var lost: UInt64 { queue?.lost ?? 0 }

    /// Whether to make an entry that a peer can cause at any rate; if not, it is counted.
    package func admits(
        _ key: LogRate.Key, _ level: LogEntry.Level, _ message: String,
        _ fields: () -> [LogEntry.Field]
    ) -> Bool {
        guard let queue, level >= self.level else { return false }
        return queue.admits(key, level, message, fields)
    }

    /// Waits, within bounds, until the sink has all entries.
    package func flush() { queue?.flush(milliseconds: Self.patienceMilliseconds) }

    /// Whether there is room for an entry; if not, it counts as lost, and need not be made.
    package func hasRoom() -> Bool { queue?.hasRoom() ?? false }

    package func callAsFunction(
        _ level: LogEntry.Level, _ message: String, _ fields: [LogEntry.Field] = []
    ) {
        guard let queue, level >= self.level else { return }
        queue.append(LogEntry(level, message, fields))
    }

    package func callAsFunction(_ level: LogEntry.Level, _ error: EngineError) {
        var fields: [LogEntry.Field] = [
            .init("side", error.side.rawValue), .init("subject", error.subject),
        ]
        if let errno = error.errno { fields.append(.init("errno", errno.name)) }
        if !error.remedy.isEmpty { fields.append(.init("remedy", error.remedy)) }
        self(level, error.reason, fields)
    }
}
