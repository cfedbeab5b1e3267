/// The results of a load process in its window, one line of JSON.
package struct LoadOutcome: Codable, Equatable, Sendable {
    /// The real length of the window.
    package var nanoseconds: UInt64 = 0
    /// Requests that ended in the window with an answer right in every byte; for trains, the
    /// datagrams that the sink found whole and right.
    package var exchanges = 0
    package var connections = 0
    /// Bytes of these exchanges, both ways; for long streams, the bytes that came in the window.
    package var bytes: UInt64 = 0
    /// Latencies of these exchanges; for an open loop, of the requests intended for the window,
    /// whenever their answers came. Non-empty buckets, rising: (nanoseconds, count).
    package var latency: [LatencyBucket] = []
    package var latencyMax: UInt64 = 0
    /// Faults of the whole life, warm-up included, by the fault's text; empty without a fault.
    package var faults: [String: Int] = [:]
    /// Datagrams of the whole life that were lost, or not answered in time: no faults, as UDP may
    /// lose datagrams.
    package var lost = 0
    /// Late answers to lost datagrams.
    package var late = 0
    /// The reason why the load ended early.
    package var failure: String?

    package struct LatencyBucket: Codable, Equatable, Sendable {
        package var nanoseconds: UInt64
        package var count: UInt64

        package init(nanoseconds: UInt64, count: UInt64) {
            self.nanoseconds = nanoseconds
            self.count = count
        }
    }

    package init() {}
}
