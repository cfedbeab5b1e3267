/// Latencies of exchanges, in nanoseconds.
public struct LatencySummary: Equatable, Sendable {
    /// The median.
    public var p50: UInt64 = 0
    /// The 90th percentile.
    public var p90: UInt64 = 0
    /// The 99th percentile.
    public var p99: UInt64 = 0
    /// The 99.9th percentile.
    public var p999: UInt64 = 0
    /// The longest.
    public var max: UInt64 = 0

    init(_ histogram: Histogram) {
        p50 = histogram.percentile(50)
        p90 = histogram.percentile(90)
        p99 = histogram.percentile(99)
        p999 = histogram.percentile(99.9)
        max = histogram.max
    }
}
