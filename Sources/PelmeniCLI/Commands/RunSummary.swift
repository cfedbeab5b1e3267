import Pelmeni

/// The line that `run` logs at its end.
enum RunSummary {
    /// What was accepted, how it ended by cause, and the bytes both ways.
    static func entry(_ statistics: Statistics) -> LogEntry {
        var fields: [LogEntry.Field] = [.init("accepted", "\(statistics.accepted)")]
        for cause in Cause.allCases {
            let count = statistics.causes[cause, default: 0]
            if count > 0 { fields.append(.init(cause.description, "\(count)")) }
        }
        fields.append(.init("bytes_to_upstream", "\(statistics.bytesToUpstream)"))
        fields.append(.init("bytes_to_client", "\(statistics.bytesToClient)"))
        return LogEntry(.info, "ended", fields)
    }
}
