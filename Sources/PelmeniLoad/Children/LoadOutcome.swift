/// What a load process found in its window, as one line of JSON.
package struct LoadOutcome: Codable, Equatable, Sendable {
    /// The window as it was: from its first moment to its last.
    package var nanoseconds: UInt64 = 0
    /// Requests that ended in the window, and whose answers were right in every byte; of trains,
    /// the datagrams that the sink found whole and right.
    package var exchanges = 0
    package var connections = 0
    /// Of those exchanges, both ways; for long streams, bytes as they came in the window.
    package var bytes: UInt64 = 0
    /// Of those exchanges; of an open loop, of the requests that were meant for the window,
    /// whenever their answers came. Values of buckets that are not empty, rising: (nanoseconds, how
    /// often).
    package var latency: [LatencyBucket] = []
    package var latencyMax: UInt64 = 0
    /// Faults of the whole life, warm-up included, by the fault's text; empty when all went well.
    package var faults: [String: Int] = [:]
    /// Datagrams of the whole life that did not come, or were not answered in time: no faults, as
    /// datagrams may be lost.
    package var lost = 0
    /// Of those, answers that came after all.
    package var late = 0
    /// Why the load could not go on.
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
