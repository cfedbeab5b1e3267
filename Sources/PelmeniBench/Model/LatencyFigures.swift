/// Percentiles of a latency, in nanoseconds.
package struct LatencyFigures: Codable, Equatable, Sendable {
    package var p50: UInt64 = 0
    package var p90: UInt64 = 0
    package var p99: UInt64 = 0
    package var p999: UInt64 = 0
    package var max: UInt64 = 0
    /// Points of the whole curve for plots: (percentile, nanoseconds), rising.
    package var curve: [Point] = []

    package struct Point: Codable, Equatable, Sendable {
        package var percentile: Double
        package var nanoseconds: UInt64

        package init(percentile: Double, nanoseconds: UInt64) {
            self.percentile = percentile
            self.nanoseconds = nanoseconds
        }
    }

    package init() {}
}
