import Testing

@testable import PelmeniLoad

@Suite struct HistogramTests {
    private static let percents: [Double] = [0, 1, 25, 50, 90, 99, 99.9, 99.99, 100]

    /// The definition, without any buckets.
    private func exact(_ sorted: [UInt64], _ percent: Double) -> UInt64 {
        let rank = (Double(sorted.count) * percent / 100 - 1e-6).rounded(.up)
        return sorted[max(0, Int(rank) - 1)]
    }

    private func expectClose(_ samples: [UInt64], _ location: SourceLocation = #_sourceLocation) {
        var histogram = Histogram()
        for sample in samples { histogram.record(sample) }
        let sorted = samples.sorted()
        for percent in Self.percents {
            let wanted = exact(sorted, percent)
            let found = histogram.percentile(percent)
            #expect(
                found >= wanted && found - wanted <= wanted / 1000,
                "p\(percent) of \(samples.count): \(found), exactly \(wanted)",
                sourceLocation: location)
        }
        #expect(histogram.max == sorted.last, sourceLocation: location)
        #expect(histogram.min == sorted.first, sourceLocation: location)
        #expect(histogram.total == UInt64(samples.count), sourceLocation: location)
    }

    @Test func smallValuesAreExact() {
        var histogram = Histogram()
        for value in UInt64(0)..<2048 { histogram.record(value) }
        for percent in [10.0, 50, 75, 99] {
            #expect(histogram.percentile(percent) == exact(Array(0..<2048), percent))
        }
    }

    @Test(arguments: [1, 2, 3, 10, 999, 1000, 100_000])
    func percentilesAgreeWithSortedSamples(count: Int) {
        var random = SystemRandomNumberGenerator()
        expectClose((0..<count).map { _ in UInt64.random(in: 0...3_000, using: &random) })
        expectClose((0..<count).map { _ in UInt64.random(in: 0...30_000_000_000, using: &random) })
        // Like latencies: many short ones, few very long ones.
        expectClose(
            (0..<count).map { _ in
                UInt64(1) << UInt64.random(in: 5...38, using: &random)
                    + UInt64.random(in: 0...999, using: &random)
            })
    }

    @Test func edgesOfBucketsAreKept() {
        for bit in 10..<40 {
            let power = UInt64(1) << UInt64(bit)
            expectClose([power - 1])
            expectClose([power])
            expectClose([power - 1, power, power + 1])
        }
    }

    @Test func hugeValuesShareTheLastBucketAndKeepTheMaximum() {
        var histogram = Histogram()
        histogram.record(.max)
        histogram.record(5)
        #expect(histogram.max == .max)
        #expect(histogram.percentile(50) == 5)
        #expect(histogram.percentile(100) == .max)
    }

    @Test func nothingRecordedIsZero() {
        #expect(Histogram().percentile(50) == 0)
        #expect(Histogram().max == 0)
        #expect(Histogram().min == 0)
    }

    @Test func sumsAreAsIfRecordedTogether() {
        var left = Histogram()
        var right = Histogram()
        var both = Histogram()
        for value in stride(from: UInt64(7), to: 5_000_000, by: 4_999) {
            if value % 2 == 0 { left.record(value) } else { right.record(value) }
            both.record(value)
        }
        left.add(right)
        #expect(left == both)
    }

    @Test func bucketsOfSeveralLoadsMakeTheSamePercentiles() {
        var both = Histogram()
        var merge = LatencyMerge()
        #expect(merge.percentile(50) == 0)
        for part in UInt64(0)..<3 {
            var histogram = Histogram()
            for value in stride(from: part, to: 3_000_000, by: 997) {
                histogram.record(value * (part + 1))
                both.record(value * (part + 1))
            }
            let counts = histogram.buckets.map(\.count)
            #expect(counts.reduce(0, +) == histogram.total)
            #expect(!counts.contains(0))
            let values = histogram.buckets.map(\.nanoseconds)
            #expect(values == values.sorted())
            merge.add(histogram.buckets, max: histogram.max)
        }
        #expect(merge.total == both.total)
        #expect(merge.max == both.max)
        for percent in Self.percents where percent > 0 {
            #expect(merge.percentile(percent) == both.percentile(percent))
        }
    }
}
