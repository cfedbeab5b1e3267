public import Logging
public import Pelmeni

extension LogEntry {
    /// The fields as strings; nil without a field. Metadata has no order. Of two fields with one
    /// key, which the engine does not make, both values are kept.
    public var metadata: Logger.Metadata? {
        guard !fields.isEmpty else { return nil }
        return Logger.Metadata(
            fields.map { ($0.key, .string($0.value)) },
            uniquingKeysWith: { .string("\($0), \($1)") })
    }
}

extension LogEntry.Level {
    /// The lowest level of entries that a logger takes.
    ///
    /// - Parameter level: the logger's.
    public init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace, .debug: .debug
            case .info: .info
            case .notice, .warning: .warning
            case .error, .critical: .error
            }
    }
}
