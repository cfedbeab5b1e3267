internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import Synchronization

/// Delivers entries to a sink on a thread of its own: a sink that blocks delays no worker and no
/// end.
///
/// When the queue is released, its thread delivers the waiting entries, and ends.
package final class LogQueue: Sendable {
    /// Entries that wait for the sink: two for each of 4,096 sessions that open and end in one
    /// burst of a debug log, some MiB at most. Entries over the limit are lost and counted, and an
    /// entry reports their number.
    package static let entriesMax = 8_192

    private let thread: LogThread

    /// - Parameter level: the sink's lowest level; losses are reported there, as a warning or more.
    package init(level: LogEntry.Level, sink: @escaping @Sendable (LogEntry) -> Void) {
        thread = LogThread(lossLevel: max(level, .warning), sink: sink)
    }

    deinit { thread.close() }

    /// False when the queue is full: the entry need not be made, and counts as lost.
    package func hasRoom() -> Bool { thread.hasRoom() }

    package func append(_ entry: LogEntry) { thread.append(entry) }

    /// Whether to make an entry that a peer can cause at any rate; see ``LogRate``.
    package func admits(
        _ key: LogRate.Key, _ level: LogEntry.Level, _ message: String,
        _ fields: () -> [LogEntry.Field]
    ) -> Bool {
        thread.admits(key, level, message, fields)
    }

    /// Entries lost to a slow sink.
    package var lost: UInt64 { thread.lost }

    /// Waits until the sink has all entries, at most this long. It blocks its thread.
    package func flush(milliseconds: Int) { thread.flush(milliseconds: milliseconds) }
}
