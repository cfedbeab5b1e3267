internal import PelmeniCore

/// Where an engine's entries go, and which of them. They are handed over: whoever has something to
/// say does not wait for the sink.
package struct EngineLog: Sendable {
    /// How long the end of an engine waits for a sink that stands still.
    package static let patienceMilliseconds = 1_000

    package let level: LogEntry.Level
    private let queue: LogQueue?

    package init(level: LogEntry.Level, sink: (@Sendable (LogEntry) -> Void)?) {
        self.level = level
        queue = sink.map { LogQueue(level: level, sink: $0) }
    }

    /// Whether entries of a level go anywhere.
    package func takes(_ level: LogEntry.Level) -> Bool { queue != nil && level >= self.level }

    /// Entries that the sink was too slow for.
    package var lost: UInt64 { queue?.lost ?? 0 }

    /// Whether an entry is to be made that a peer can bring about at will; if not, it is counted.
    package func admits(
        _ key: LogRate.Key, _ level: LogEntry.Level, _ message: String,
        _ fields: () -> [LogEntry.Field]
    ) -> Bool {
        guard let queue, level >= self.level else { return false }
        return queue.admits(key, level, message, fields)
    }

    /// Waits, within bounds, until the sink had all entries.
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
