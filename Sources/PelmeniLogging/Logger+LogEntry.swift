public import Logging
public import Pelmeni

extension Logger {
    /// Logs an entry of an engine: the message without values, and the values as metadata.
    ///
    /// - Parameter entry: it is passed on if its level is not below the logger's. The source of the
    ///   log event is `Pelmeni`.
    public func log(_ entry: LogEntry) {
        log(
            level: Level(entry.level), "\(entry.message)", metadata: entry.metadata,
            source: "Pelmeni")
    }
}

extension Logger.Level {
    /// The level of an entry, which has the same name in swift-log.
    public init(_ level: LogEntry.Level) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
    }
}
