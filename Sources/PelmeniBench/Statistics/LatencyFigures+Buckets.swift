package import PelmeniLoad

extension LatencyFigures {
    /// The percentiles of the curve: denser where tails are.
    private static let plotted: [Double] = [
        0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 100,
    ]

    /// - Parameter buckets: rising.
    package init(buckets: [LoadOutcome.LatencyBucket], max: UInt64) {
        self.init()
        let total = buckets.reduce(0) { $0 + $1.count }
        guard total > 0 else { return }
        func at(_ percentile: Double) -> UInt64 {
            let rank = UInt64((Double(total) * percentile / 100).rounded(.up))
            var seen: UInt64 = 0
            for bucket in buckets {
                seen += bucket.count
                // A bucket's value may exceed the highest value in it.
                if seen >= Swift.max(1, rank) { return Swift.min(bucket.nanoseconds, max) }
            }
            return max
        }
        p50 = at(50)
        p90 = at(90)
        p99 = at(99)
        p999 = at(99.9)
        self.max = max
        curve = Self.plotted.map { Point(percentile: $0, nanoseconds: $0 == 100 ? max : at($0)) }
    }
}
