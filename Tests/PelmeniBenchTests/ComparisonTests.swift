import Testing

@testable import PelmeniBench

@Suite("Differences and noise")
struct ComparisonTests {
    /// Two rows drawn from the same noisy source: a mean of 10, and a disturbed round from time to
    /// time.
    private static let first = [
        10.31, 9.72, 10.05, 11.48, 9.94, 10.12, 9.63, 10.55, 9.88, 10.21,
    ]
    private static let second = [
        9.97, 10.18, 9.81, 10.40, 10.62, 9.70, 10.09, 9.93, 12.02, 9.86,
    ]
    /// The second row a tenth lower, with a noise of one percent.
    private static let tenthLess = [
        9.02, 9.11, 8.85, 9.30, 9.62, 8.66, 9.14, 8.91, 10.77, 8.93,
    ]

    private func rounds(_ values: [Double]) -> [Int: Double] {
        Dictionary(uniqueKeysWithValues: values.enumerated().map { ($0.offset + 1, $0.element) })
    }

    private func compare(_ values: [Double], _ baseline: [Double]) -> Comparison {
        Bootstrap.compare("a", rounds(values), to: "b", rounds(baseline))
    }

    @Test("rows from one source do not differ")
    func null() {
        let comparison = compare(Self.first, Self.second)
        #expect(comparison.subject == "a" && comparison.baseline == "b")
        #expect(comparison.low < 1 && comparison.high > 1)
        #expect(comparison.verdict == .noDifference)
    }

    @Test("a tenth less is found, either way round")
    func difference() {
        let better = compare(Self.tenthLess, Self.second)
        #expect(better.verdict == .better)
        #expect(better.low <= 0.9 && better.high >= 0.9)
        #expect(better.high - better.low < 0.05)
        #expect(compare(Self.second, Self.tenthLess).verdict == .worse)
    }

    @Test("the same rows give the same interval")
    func determinism() {
        #expect(compare(Self.first, Self.second) == compare(Self.first, Self.second))
    }

    @Test("fewer than three common rounds say nothing")
    func few() {
        #expect(compare([1, 1], [2, 2]).verdict == .unknown)
        #expect(compare([], []).verdict == .unknown)
        let apart = Bootstrap.compare(
            "a", [1: 1, 2: 1, 3: 1], to: "b", [3: 2, 4: 2, 5: 2])
        #expect(apart.verdict == .unknown && apart.ratio == 0.5)
        // Added latency can be zero; a ratio to it does not exist.
        #expect(compare([1, 1, 1], [0, 0, 2]).verdict == .unknown)
    }

    @Test("the median of an even number is between the middle ones")
    func median() {
        #expect([3.0, 1, 2].median == 2)
        #expect([4.0, 1, 2, 3].median == 2.5)
        #expect([Double]().median == nil)
    }
}
