/// Percentiles of latencies that several load processes found.
package struct LatencyMerge: Sendable {
    private var histogram = Histogram()
    /// The highest value as it was, which its bucket has not kept.
    package private(set) var max: UInt64 = 0

    package init() {}

    package var total: UInt64 { histogram.total }

    /// - Parameters:
    ///   - buckets: ``LoadOutcome/latency``.
    ///   - max: ``LoadOutcome/latencyMax``.
    package mutating func add(_ buckets: [LoadOutcome.LatencyBucket], max: UInt64) {
        for bucket in buckets { histogram.record(bucket.nanoseconds, count: bucket.count) }
        self.max = Swift.max(self.max, max)
    }

    /// The value that `percent` of all do not exceed, at most a thousandth too high; 0 when there
    /// are none.
    package func percentile(_ percent: Double) -> UInt64 {
        Swift.min(histogram.percentile(percent), max)
    }
}
