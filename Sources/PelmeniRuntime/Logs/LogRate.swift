package import PelmeniCore

/// How often an entry is logged that peers can cause at any rate: the first few at once, then one
/// number for the rest of an interval.
///
/// Values only: the ``LogQueue`` keeps one under its lock.
package struct LogRate: Sendable {
    /// Entries of a kind in each interval.
    package static let burst = 5
    /// Long enough for a readable log in a flood, short enough for a number that is news.
    package static let interval: UInt64 = 10_000_000_000

    /// Entries that are counted together.
    package struct Key: Hashable, Sendable {
        package var kind: UInt8
        package var pair: PairID
        package var upstream: UInt16

        package init(kind: UInt8, pair: PairID, upstream: UInt16) {
            self.kind = kind
            self.pair = pair
            self.upstream = upstream
        }
    }

    private struct Window {
        var endsAt: UInt64
        var told = 0
        var leftOut = 0
        var level: LogEntry.Level
        var message: String
        /// Name the subject of the entries.
        var fields: [LogEntry.Field]
    }

    private var windows: [Key: Window] = [:]
    /// Windows that ended before ``takeSummaries(now:)``.
    private var ended: [LogEntry] = []

    package init() {}

    /// Whether to make an entry; if not, it is counted.
    ///
    /// - Parameter fields: the subject, for the summary of the entries left out.
    package mutating func admits(
        _ key: Key, _ level: LogEntry.Level, _ message: String, _ fields: () -> [LogEntry.Field],
        now: UInt64
    ) -> Bool {
        if let window = windows[key], now >= window.endsAt { end(key, window) }
        var window =
            windows[key]
            ?? Window(
                endsAt: now &+ Self.interval, level: level, message: message, fields: fields())
        defer { windows[key] = window }
        window.level = max(window.level, level)
        guard window.told >= Self.burst else {
            window.told += 1
            return true
        }
        window.leftOut += 1
        return false
    }

    private mutating func end(_ key: Key, _ window: Window) {
        windows[key] = nil
        guard window.leftOut > 0 else { return }
        let fields =
            window.fields + [
                .init("left_out", "\(window.leftOut)"),
                .init("seconds", "\(Self.interval / 1_000_000_000)"),
            ]
        ended.append(LogEntry(window.level, window.message, fields))
    }

    /// One entry for each kind with entries left out, once its interval is over; `UInt64.max` ends
    /// all intervals.
    package mutating func takeSummaries(now: UInt64) -> [LogEntry] {
        for (key, window) in windows where now >= window.endsAt { end(key, window) }
        defer { ended = [] }
        return ended
    }

    /// When the next summary is due; nil while no entry was left out.
    package var nextEnd: UInt64? {
        guard ended.isEmpty else { return 0 }
        return windows.values.lazy.filter { $0.leftOut > 0 }.map(\.endsAt).min()
    }
}
