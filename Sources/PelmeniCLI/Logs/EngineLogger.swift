import Logging
import Pelmeni
import PelmeniLogging

/// Passes the engine's log entries, and the command's own, to swift-log.
struct EngineLogger: Sendable {
    private let logger: Logger

    /// - Parameter write: takes a line without waiting.
    init(
        level: LogLevelArgument, format: LogFormat, write: @escaping @Sendable (String) -> Void
    ) {
        let handler = LineLogHandler(format: format, logLevel: level.loggerLevel, write: write)
        logger = Logger(label: "pelmeni", factory: { _ in handler })
    }

    func log(_ entry: LogEntry) {
        let fields = entry.fields.flatMap { [$0.key, $0.value] }
            .map { Logger.Metadata.Value.string($0) }
        logger.log(
            level: Logger.Level(entry.level), "\(entry.message)",
            metadata: fields.isEmpty ? nil : [LineLogHandler.orderedKey: .array(fields)])
    }

    func log(_ level: LogEntry.Level, _ message: String, _ fields: [LogEntry.Field] = []) {
        log(LogEntry(level, message, fields))
    }
}
