/// The proxy child's answer to a request for counters, one line of JSON: sums since its start.
package struct ProxyCounters: Codable, Equatable, Sendable {
    /// Calls that entered the kernel to submit or to wait.
    package var enters: UInt64 = 0
    package var loops: UInt64 = 0
    package var accepted: UInt64 = 0
    package var open: UInt64 = 0
    /// Sessions that each worker accepted.
    package var sessionsByWorker: [Int] = []

    package init() {}
}
