import Pelmeni
import PelmeniHTTP

/// The last log line of `run`.
enum RunSummary {
    /// Lines of the access log. A line that still waits for the file is lost.
    static func entry(_ statistics: HTTPAccessLog.Statistics) -> LogEntry {
        LogEntry(
            .info, "access log ended",
            [
                .init("lines", "\(statistics.written)"),
                .init("lost", "\(statistics.lost + statistics.waiting)"),
            ])
    }

    /// Accepted sessions, ends by cause, and the bytes both ways; the datagrams both ways, and
    /// drops by reason, if there were any.
    static func entry(_ statistics: Statistics) -> LogEntry {
        var fields: [LogEntry.Field] = [.init("accepted", "\(statistics.accepted)")]
        for cause in EndCause.allCases {
            let count = statistics.causes[cause, default: 0]
            if count > 0 { fields.append(.init(cause.description, "\(count)")) }
        }
        fields.append(.init("bytes_to_upstream", "\(statistics.bytesToUpstream)"))
        fields.append(.init("bytes_to_client", "\(statistics.bytesToClient)"))
        let datagrams = statistics.datagramsToUpstream + statistics.datagramsToClient
        if datagrams > 0 || !statistics.drops.isEmpty {
            fields.append(.init("datagrams_to_upstream", "\(statistics.datagramsToUpstream)"))
            fields.append(.init("datagrams_to_client", "\(statistics.datagramsToClient)"))
        }
        for reason in DropReason.allCases {
            let count = statistics.drops[reason, default: 0]
            // The prefix: a reason may have the name of a cause.
            if count > 0 { fields.append(.init("dropped_\(reason)", "\(count)")) }
        }
        if statistics.descriptorsDropped > 0 {
            fields.append(.init("descriptors_dropped", "\(statistics.descriptorsDropped)"))
        }
        return LogEntry(.info, "ended", fields)
    }
}
