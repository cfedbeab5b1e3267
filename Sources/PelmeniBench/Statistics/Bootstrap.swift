/// Separates a difference from noise, without an assumption about the noise's distribution.
///
/// Rounds are resampled as wholes, since a disturbance of the machine affects both subjects of a
/// round.
package enum Bootstrap {
    static let resamples = 10_000
    /// Fewer rounds have no useful distribution.
    static let roundsMin = 3
    private static let seed: UInt64 = 0x70e1_3e41
    private static let tail = 0.025

    /// - Parameters:
    ///   - values: the subject's values, by round.
    ///   - baseline: the baseline's values; only rounds with both count.
    package static func compare(
        _ subject: String, _ values: [Int: Double], to baselineName: String,
        _ baseline: [Int: Double]
    ) -> Comparison {
        let ratios = values.keys.sorted().compactMap { round -> Double? in
            guard let value = values[round], let other = baseline[round], other > 0 else {
                return nil
            }
            return value / other
        }
        guard let median = ratios.median, ratios.count >= roundsMin else {
            let ratio = ratios.median ?? 1
            return Comparison(
                subject: subject, baseline: baselineName, ratio: ratio, low: ratio, high: ratio,
                verdict: .unknown)
        }
        let (low, high) = interval(ratios)
        return Comparison(
            subject: subject, baseline: baselineName, ratio: median, low: low, high: high,
            verdict: high < 1 ? .better : low > 1 ? .worse : .noDifference)
    }

    private static func interval(_ ratios: [Double]) -> (low: Double, high: Double) {
        var generator = SeededGenerator(seed: seed)
        var medians: [Double] = []
        medians.reserveCapacity(resamples)
        for _ in 0..<resamples {
            let drawn = ratios.map { _ in
                ratios[Int(generator.next() % UInt64(ratios.count))]
            }
            medians.append(drawn.median ?? 1)
        }
        medians.sort()
        let cut = Int(Double(resamples) * tail)
        return (medians[cut], medians[resamples - 1 - cut])
    }
}
