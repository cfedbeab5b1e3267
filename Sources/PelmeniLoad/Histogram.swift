/// Counts values in buckets whose width grows with them, like an HDR histogram: 1,024 buckets for
/// each power of two keep three significant digits over the whole range, in a fixed amount of
/// memory.
struct Histogram: Equatable, Sendable {
    /// Bits of a value, below its highest one, that select the bucket.
    private static let digits = 10
    /// Values from here on share the last bucket: 2^40 ns is 18 minutes.
    private static let largest: UInt64 = (1 << 40) - 1

    private var counts: [UInt64]
    private(set) var total: UInt64 = 0
    private(set) var max: UInt64 = 0
    private var least: UInt64 = .max

    init() { counts = [UInt64](repeating: 0, count: Self.bucket(Self.largest) + 1) }

    var min: UInt64 { total == 0 ? 0 : least }

    /// The lower 2,048 values have a bucket each; above them each power of two has 1,024.
    @inline(__always)
    private static func bucket(_ value: UInt64) -> Int {
        let width = UInt64.bitWidth - value.leadingZeroBitCount
        let shift = Swift.max(0, width - digits - 1)
        return (shift << digits) + Int(value >> UInt64(shift))
    }

    /// The highest value of a bucket.
    private static func upperEdge(_ bucket: Int) -> UInt64 {
        let shift = Swift.max(0, (bucket >> digits) - 1)
        let mantissa = UInt64(bucket - (shift << digits))
        return ((mantissa + 1) << UInt64(shift)) - 1
    }

    /// The non-empty buckets, rising, each with its highest value, which falls into the same bucket
    /// when recorded again.
    var buckets: [LoadOutcome.LatencyBucket] {
        counts.indices.filter { counts[$0] > 0 }.map {
            LoadOutcome.LatencyBucket(nanoseconds: Self.upperEdge($0), count: counts[$0])
        }
    }

    /// - Parameter count: the number of such values.
    mutating func record(_ value: UInt64, count: UInt64) {
        guard count > 0 else { return }
        counts[Self.bucket(Swift.min(value, Self.largest))] += count
        total += count
        max = Swift.max(max, value)
        least = Swift.min(least, value)
    }

    mutating func record(_ value: UInt64) {
        counts[Self.bucket(Swift.min(value, Self.largest))] += 1
        total += 1
        max = Swift.max(max, value)
        least = Swift.min(least, value)
    }

    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        total += other.total
        max = Swift.max(max, other.max)
        least = Swift.min(least, other.least)
    }

    /// The value that `percent` of all values do not exceed: at least the exact one, and at most a
    /// thousandth above it. 0 without values.
    func percentile(_ percent: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        // 99.9 has no exact form: without the small correction the rank would be one too high.
        let exact = (Double(total) * percent / 100 - 1e-6).rounded(.up)
        var left = Swift.min(total, Swift.max(1, UInt64(Swift.max(0, exact))))
        if left == total { return max }
        for index in counts.indices where counts[index] > 0 {
            if counts[index] >= left { return Swift.min(Self.upperEdge(index), max) }
            left -= counts[index]
        }
        return max
    }
}
