package import PelmeniCore

/// How often entries of a kind are told that a peer can bring about at will: the first few at once,
/// and then a number for all others of some seconds.
///
/// Only values: the ``LogQueue`` keeps one under its lock.
package struct LogRate: Sendable {
    /// Entries of a kind that are told in each interval.
    package static let burst = 5
    /// Long enough that a flood of them stays readable, and short enough that its number is news.
    package static let interval: UInt64 = 10_000_000_000

    /// What counts together.
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
        /// Names what the entries were about.
        var fields: [LogEntry.Field]
    }

    private var windows: [Key: Window] = [:]
    /// Windows that ended before anybody asked for them.
    private var ended: [LogEntry] = []

    package init() {}

    /// Whether an entry is to be made; if not, it is counted.
    ///
    /// - Parameter fields: what it is about, for the number of those that were left out.
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

    /// One entry for each kind that had some left out, once its interval is over; `UInt64.max` ends
    /// all.
    package mutating func takeSummaries(now: UInt64) -> [LogEntry] {
        for (key, window) in windows where now >= window.endsAt { end(key, window) }
        defer { ended = [] }
        return ended
    }

    /// When there is a summary to take; nil while nothing was left out.
    package var nextEnd: UInt64? {
        guard ended.isEmpty else { return 0 }
        return windows.values.lazy.filter { $0.leftOut > 0 }.map(\.endsAt).min()
    }
}
