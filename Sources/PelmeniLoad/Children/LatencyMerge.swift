/// Percentiles of the latencies of several load processes.
package struct LatencyMerge: Sendable {
    private var histogram = Histogram()
    /// The exact highest value, which a bucket does not keep.
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

    /// The value that `percent` of all values do not exceed, at most a thousandth too high; 0
    /// without values.
    package func percentile(_ percent: Double) -> UInt64 {
        Swift.min(histogram.percentile(percent), max)
    }
}
