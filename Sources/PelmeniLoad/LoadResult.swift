internal import PelmeniCore
internal import PelmeniRuntime

/// The result of a load.
struct LoadResult: Sendable {
    /// Requests whose answers were right in every byte.
    var exchanges = 0
    var connections = 0
    /// The bytes that the plan counts.
    var bytes: UInt64 = 0
    /// Datagrams of the whole life that were lost or given up.
    var lost = 0
    /// Late answers to given-up datagrams.
    var late = 0
    /// From the start to the last answer, or the window's length.
    var nanoseconds: UInt64 = 0
    var latency = Histogram()
    var faults = FaultCounts()
    /// There were too many faults to go on.
    var gaveUp = false
    /// The reason why the load ended early.
    var failure: SystemError?

    var exchangesPerSecond: Double {
        nanoseconds == 0 ? 0 : Double(exchanges) / Double(nanoseconds) * 1e9
    }

    var bytesPerSecond: Double {
        nanoseconds == 0 ? 0 : Double(bytes) / Double(nanoseconds) * 1e9
    }
}
