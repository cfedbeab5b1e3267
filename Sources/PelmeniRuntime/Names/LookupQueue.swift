internal import PelmeniCore

/// Which name is looked up next, and how many lookups run at once.
///
/// Values only: the ``Resolver`` keeps one under its lock, and tests pass a clock of their own.
package struct LookupQueue: Sendable {
    /// Lookups that begin together. A lookup longer than ``patience`` gives its place to the next:
    /// names at a silent server would hold all places until `getaddrinfo(3)` gives up, ten seconds
    /// by default.
    package static let startedMax = 4
    package static let patience: UInt64 = 250_000_000
    /// Lookups at once, each on a thread: a bound on the cost of a silent server.
    package static let lookupsMax = 64
    /// Of these, lookups of doubtful names; the others are kept for names that are new or resolved
    /// last time. A lookup longer than ``stuck`` gives up its place too, while there are places for
    /// names that are not doubtful.
    package static let doubtfulMax = 8
    package static let stuckMax = lookupsMax - 2 * doubtfulMax
    /// Three times the time in which getaddrinfo(3) gives up on one silent server (resolv.conf(5):
    /// 5 s, twice).
    package static let stuck: UInt64 = 30_000_000_000
    /// A socket and a file, such as `/etc/hosts`.
    package static let descriptorsOfLookup = 2
    /// A longer lookup makes its name doubtful, whatever the result.
    package static let slow: UInt64 = 1_000_000_000
    /// Time from a resolved name's lookup to the next, and the longest wait of a failing name,
    /// unless the pair has its own.
    package static let refreshInterval: UInt64 = 30_000_000_000
    /// A name's wait after its first failure; it doubles with each further one.
    package static let retryMin: UInt64 = 1_000_000_000

    /// In order of precedence.
    private enum Standing: Int {
        case new
        case resolved
        /// The last lookup failed, or was slow.
        case doubtful
    }

    private struct Entry {
        let interval: UInt64
        var dueAt: UInt64 = 0
        /// The end of the last lookup.
        var endedAt: UInt64 = 0
        /// The start of the running lookup; nil is none.
        var startedAt: UInt64?
        var failures: UInt64 = 0
        /// The running lookup may have begun before the name moved.
        var isWanted = false
        var standing = Standing.new
    }

    private var entries: [Entry]
    private var runningCount = 0

    /// - Parameter intervals: each name's ``refreshInterval``.
    package init(intervals: [UInt64]) { entries = intervals.map { Entry(interval: $0) } }

    package init(names: Int) {
        self.init(intervals: Array(repeating: Self.refreshInterval, count: names))
    }

    /// A name may have moved: its next lookup begins ``retryMin`` after the last one. The waits of
    /// a name that does not resolve stay as they are.
    package mutating func hasten(_ index: Int) {
        guard entries[index].failures == 0 else { return }
        entries[index].isWanted = entries[index].startedAt != nil
        entries[index].dueAt = min(
            entries[index].dueAt, entries[index].endedAt &+ Self.retryMin)
    }

    package var isRunning: Bool { runningCount > 0 }

    /// Whether a name's first lookup has ended.
    package func hasAllResponses(_ index: Int) -> Bool { entries[index].standing != .new }

    /// The name whose lookup begins now; nil when none is due, or no place is free.
    package mutating func take(now: UInt64) -> Int? {
        guard runningCount < Self.lookupsMax else { return nil }
        let started = countRunning { now < $0 &+ Self.patience }
        let hasDoubtfulPlace = hasDoubtfulPlace(now: now)
        var best: Int?
        for (index, entry) in entries.enumerated() {
            guard entry.startedAt == nil, entry.dueAt <= now else { continue }
            guard entry.standing != .doubtful || hasDoubtfulPlace else { continue }
            if let found = best, !Self.precedes(entry, entries[found]) { continue }
            best = index
        }
        guard started < Self.startedMax, let best else { return nil }
        entries[best].startedAt = now
        runningCount += 1
        return best
    }

    private func hasDoubtfulPlace(now: UInt64) -> Bool {
        let doubtful = countRunning(only: .doubtful) { _ in true }
        let stuck = countRunning(only: .doubtful) { now >= $0 &+ Self.stuck }
        return doubtful - stuck < Self.doubtfulMax && doubtful < Self.stuckMax
    }

    /// Counts running lookups by their start.
    private func countRunning(only standing: Standing? = nil, _ counts: (UInt64) -> Bool) -> Int {
        entries.count { entry in
            guard let startedAt = entry.startedAt, counts(startedAt) else { return false }
            return standing == nil || entry.standing == standing
        }
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        guard left.standing == right.standing else {
            return left.standing.rawValue < right.standing.rawValue
        }
        return left.dueAt < right.dueAt
    }

    /// A lookup ended, or could not start.
    package mutating func finish(_ index: Int, isResolved: Bool, now: UInt64) {
        guard let startedAt = entries[index].startedAt else { return }
        let isWanted = entries[index].isWanted
        entries[index].isWanted = false
        entries[index].startedAt = nil
        entries[index].endedAt = now
        runningCount -= 1
        let isSlow = now >= startedAt &+ Self.slow
        entries[index].standing = isResolved && !isSlow ? .resolved : .doubtful
        guard !isResolved else {
            entries[index].failures = 0
            entries[index].dueAt = now &+ (isWanted ? Self.retryMin : entries[index].interval)
            return
        }
        // Five doublings exceed the longest wait.
        let failures = min(entries[index].failures, 5)
        entries[index].failures = failures + 1
        entries[index].dueAt = now &+ min(entries[index].interval, Self.retryMin << failures)
    }
}
