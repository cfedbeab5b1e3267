internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import Synchronization

/// Takes entries to a sink on a thread of its own: a sink that stands still holds up no worker and
/// no end.
///
/// Its end lets the thread deliver what waits, and go.
package final class LogQueue: Sendable {
    /// Entries that wait for the sink: two for each of 4,096 sessions that open and end in one
    /// burst of a debug log, some MiB at the most. What is over is lost, counted, and told in an
    /// entry of its own.
    package static let entriesMax = 8_192

    private let thread: LogThread

    /// - Parameter level: the least that the sink wants: what is lost is told there, as a warning
    ///   or more.
    package init(level: LogEntry.Level, sink: @escaping @Sendable (LogEntry) -> Void) {
        thread = LogThread(lossLevel: max(level, .warning), sink: sink)
    }

    deinit { thread.close() }

    /// False when it is full: the entry need not be made then, and counts as lost.
    package func hasRoom() -> Bool { thread.hasRoom() }

    package func append(_ entry: LogEntry) { thread.append(entry) }

    /// Whether an entry is to be made that a peer can bring about at will; see ``LogRate``.
    package func admits(
        _ key: LogRate.Key, _ level: LogEntry.Level, _ message: String,
        _ fields: () -> [LogEntry.Field]
    ) -> Bool {
        thread.admits(key, level, message, fields)
    }

    /// Entries that the sink was too slow for.
    package var lost: UInt64 { thread.lost }

    /// Waits until the sink had all entries, but not for a sink that stands still. It blocks its
    /// thread.
    package func flush(milliseconds: Int) { thread.flush(milliseconds: milliseconds) }
}
