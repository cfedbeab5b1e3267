/// Where an engine's entries go, and which of them.
package struct EngineLog: Sendable {
    package let level: LogEntry.Level
    package let sink: (@Sendable (LogEntry) -> Void)?

    package init(level: LogEntry.Level, sink: (@Sendable (LogEntry) -> Void)?) {
        self.level = level
        self.sink = sink
    }

    package func callAsFunction(
        _ level: LogEntry.Level, _ message: String, _ fields: [LogEntry.Field] = []
    ) {
        guard let sink, level >= self.level else { return }
        sink(LogEntry(level, message, fields))
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
