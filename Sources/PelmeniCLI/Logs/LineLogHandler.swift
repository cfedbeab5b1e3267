import Logging

/// Writes log events as lines to standard error.
struct LineLogHandler: LogHandler {
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    /// Takes a whole line, so that lines of several threads do not mix.
    var write: @Sendable (String) -> Void

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        // A dictionary has no order; log lines need a stable one.
        var fields = all.sorted { $0.key < $1.key }.map { (key: $0.key, value: "\($0.value)") }
        if case .array(let ordered)? = all[Self.orderedKey] {
            fields.removeAll { $0.key == Self.orderedKey }
            fields += Self.pairs(ordered)
        }
        write(
            LogLine.make(
                format, time: LogLine.time(), level: event.level.rawValue,
                message: event.message.description, fields: fields))
    }

    /// The key of fields with an order of their own: an array of key, value, key, value.
    static let orderedKey = "fields"

    private static func pairs(_ list: [Logger.Metadata.Value]) -> [(key: String, value: String)] {
        stride(from: 0, to: list.count - 1, by: 2).map { index in
            (key: "\(list[index])", value: "\(list[index + 1])")
        }
    }
}
