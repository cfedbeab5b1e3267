/// The figures of one subject in one round of one scenario.
package struct Sample: Codable, Equatable, Sendable {
    package var round: Int
    /// The measured window's length.
    package var seconds = 0.0
    /// Requests in the window with an answer right in every byte; for trains, the datagrams that
    /// came whole and right.
    package var exchanges = 0
    /// Payload both ways, in the window.
    package var bytes: UInt64 = 0
    /// The proxy's processor time in the window, all its threads and processes; 0 for a direct run.
    package var cpuSeconds = 0.0
    /// Processor time of the load, and of the origins; nil in results from before both were kept.
    package var loadCPUSeconds: Double?
    package var originCPUSeconds: Double?
    /// The user part of the proxy's time, from the kernel's ticks: less exact than ``cpuSeconds``,
    /// which comes from the scheduler.
    package var userShare = 0.0
    /// Nanoseconds; with stalled readers, latencies of the bystanders.
    package var latency = LatencyFigures()
    /// Calls of io_uring_enter(2), or epoll_wait(2), in the window; nil for subjects without such a
    /// counter.
    package var enters: UInt64?
    /// Resident memory at the window's end; below, the peak since the subject's start.
    package var residentBytes: UInt64 = 0
    package var residentPeakBytes: UInt64 = 0
    /// Resident before the first connection; idle only.
    package var residentAtStartBytes: UInt64 = 0
    /// Sessions of each worker; empty when unknown.
    package var sessionsByWorker: [Int] = []
    /// By kind of fault, as ``Fault/text`` words them; empty without a fault.
    package var errors: [String: Int] = [:]
    /// Datagrams that were lost or given up, warm-up included; nil without datagrams.
    package var lost: Int?
    /// Late answers to given-up datagrams.
    package var late: Int?
    /// The part of the subject's core that went to other programs; nil when unknown.
    package var othersShare: Double?

    package init(round: Int) { self.round = round }

    /// Processor time of load, proxy and origins together; nil when it was not kept.
    package var allCPUSeconds: Double? {
        guard let loadCPUSeconds, let originCPUSeconds else { return nil }
        return cpuSeconds + loadCPUSeconds + originCPUSeconds
    }

    /// The value of the scenario's measure; nil without a completed request.
    ///
    /// - Parameter direct: the direct run's median latency, in nanoseconds.
    package func value(_ measure: Scenario.Measure, connections: Int, direct: Double?) -> Double? {
        switch measure {
        case .cpuPerRequest, .cpuPerTrip, .cpuPerDatagram:
            exchanges == 0 ? nil : cpuSeconds / Double(exchanges)
        case .cpuPerGigabyte: bytes == 0 ? nil : cpuSeconds / Double(bytes) * 1e9
        case .addedMedianLatency: direct.map { max(0, Double(latency.p50) - $0) }
        case .tailLatency: exchanges == 0 ? nil : Double(latency.p99)
        case .residentPerPair, .residentPerClient:
            residentBytes > residentAtStartBytes
                ? Double(residentBytes - residentAtStartBytes) / Double(connections) : 0
        }
    }
}
