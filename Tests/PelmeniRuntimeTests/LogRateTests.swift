import PelmeniCore
import PelmeniRuntime
import Testing

/// The rate of entries that peers can cause, with the test's own clock.
struct LogRateTests {
    private let key = LogRate.Key(kind: 1, pair: PairID(0), upstream: 0)
    private let about = [LogEntry.Field("pair", "a")]

    private func admitted(
        _ rate: inout LogRate, _ key: LogRate.Key, _ count: Int, now: UInt64,
        level: LogEntry.Level = .info
    ) -> Int {
        (0..<count).count { _ in rate.admits(key, level, "it happened", { about }, now: now) }
    }

    @Test func theFirstFewAndThenANumber() {
        var rate = LogRate()
        #expect(admitted(&rate, key, LogRate.burst, now: 0) == LogRate.burst)
        #expect(rate.nextEnd == nil)
        #expect(admitted(&rate, key, 37, now: 1) == 0)
        #expect(admitted(&rate, key, 1, now: 2, level: .warning) == 0)
        #expect(rate.nextEnd == LogRate.interval)
        #expect(rate.takeSummaries(now: LogRate.interval - 1) == [])
        #expect(
            rate.takeSummaries(now: LogRate.interval) == [
                LogEntry(
                    .warning, "it happened",
                    about + [.init("left_out", "38"), .init("seconds", "10")])
            ])
        #expect(rate.nextEnd == nil)
        #expect(admitted(&rate, key, 9, now: LogRate.interval) == LogRate.burst)
    }

    @Test func kindsPairsAndUpstreamsCountApart() {
        var rate = LogRate()
        _ = admitted(&rate, key, 100, now: 0)
        for other in [
            LogRate.Key(kind: 2, pair: PairID(0), upstream: 0),
            LogRate.Key(kind: 1, pair: PairID(1), upstream: 0),
            LogRate.Key(kind: 1, pair: PairID(0), upstream: 1),
        ] {
            #expect(admitted(&rate, other, 1, now: 0) == 1)
        }
        #expect(rate.takeSummaries(now: .max).count == 1)
    }

    /// An interval that ended before the next call is reported as well.
    @Test func anIntervalThatNobodyAskedFor() {
        var rate = LogRate()
        _ = admitted(&rate, key, LogRate.burst + 3, now: 0)
        #expect(admitted(&rate, key, 1, now: 3 * LogRate.interval) == 1)
        #expect(rate.nextEnd == 0)
        let told = rate.takeSummaries(now: 3 * LogRate.interval)
        #expect(told.map(\.fields) == [about + [.init("left_out", "3"), .init("seconds", "10")]])
    }

    @Test func quietIntervalsAreForgotten() {
        var rate = LogRate()
        _ = admitted(&rate, key, LogRate.burst, now: 0)
        #expect(rate.takeSummaries(now: LogRate.interval) == [])
        #expect(rate.nextEnd == nil)
    }
}
