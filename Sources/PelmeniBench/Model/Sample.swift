/// What one subject did in one round of one scenario.
package struct Sample: Codable, Equatable, Sendable {
    package var round: Int
    /// The measured window's length.
    package var seconds = 0.0
    /// Requests whose answers were right in every byte, in the window; of trains, the datagrams
    /// that came whole and right.
    package var exchanges = 0
    /// Payload both ways, in the window.
    package var bytes: UInt64 = 0
    /// The proxy's processor time in the window, all its threads and processes; 0 for a direct run.
    package var cpuSeconds = 0.0
    /// That of the load and of the origins; results of before both were kept have neither.
    package var loadCPUSeconds: Double?
    package var originCPUSeconds: Double?
    /// How the proxy's divides, from the kernel's ticks: less exact than ``cpuSeconds``, which
    /// comes from the scheduler.
    package var userShare = 0.0
    /// Nanoseconds; with stalled readers, those of the bystanders.
    package var latency = LatencyFigures()
    /// Calls of io_uring_enter(2), or epoll_wait(2), in the window; nil for subjects that do not
    /// tell.
    package var enters: UInt64?
    /// Resident memory: at the window's end, and the highest since the subject's start.
    package var residentBytes: UInt64 = 0
    package var residentPeakBytes: UInt64 = 0
    /// Resident before the first connection; idle only.
    package var residentAtStartBytes: UInt64 = 0
    /// Sessions that each worker took; only where it can be told.
    package var sessionsByWorker: [Int] = []
    /// By kind of fault, as ``Fault/text`` words them; empty when all went well.
    package var errors: [String: Int] = [:]
    /// Datagrams that were lost or given up, warm-up included; nil where there are none.
    package var lost: Int?
    /// Of those, answers that came after all.
    package var late: Int?
    /// The part of the subject's core that went to none of ours; nil when it cannot be told.
    package var othersShare: Double?

    package init(round: Int) { self.round = round }

    /// Of load, proxy and origins together; nil when it was not kept.
    package var allCPUSeconds: Double? {
        guard let loadCPUSeconds, let originCPUSeconds else { return nil }
        return cpuSeconds + loadCPUSeconds + originCPUSeconds
    }

    /// The value that the scenario is about; nil when nothing was completed.
    ///
    /// - Parameter direct: the direct run's median latency, in nanoseconds.
    package func value(_ measure: Scenario.Measure, connections: Int, direct: Double?) -> Double? {
        switch measure {
        case .cpuPerRequest, .cpuPerTrip, .cpuPerDatagram:
            exchanges == 0 ? nil : cpuSeconds / Double(exchanges)
        case .cpuPerGigabyte: bytes == 0 ? nil : cpuSeconds / Double(bytes) * 1e9
        case .addedMedianLatency: direct.map { max(0, Double(latency.p50) - $0) }
        case .tailLatency: exchanges == 0 ? nil : Double(latency.p99)
        case .residentPerPair:
            residentBytes > residentAtStartBytes
                ? Double(residentBytes - residentAtStartBytes) / Double(connections) : 0
        }
    }
}
