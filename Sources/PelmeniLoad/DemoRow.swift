/// The results of the ``Demo`` for one backend under one kind of traffic.
public struct DemoRow: Sendable {
    /// The backend that the proxy ran on.
    public var backend: String
    /// The kind of traffic.
    public var scenario: String
    /// The reason without a measurement: a refused backend, or a proxy that could not start.
    public var problem: String?
    /// The remedy; empty without a problem or a remedy.
    public var remedy = ""
    /// Whole, verified exchanges.
    public var exchanges = 0
    /// Exchanges a second.
    public var exchangesPerSecond: Double = 0
    /// Verified bytes a second, both directions together.
    public var bytesPerSecond: Double = 0
    /// Processor time of the proxy's workers for an exchange, in nanoseconds.
    public var cpuNanosecondsPerExchange: Double = 0
    /// Processor time of the proxy's workers for 10^9 verified bytes, in milliseconds.
    public var cpuMillisecondsPerGigabyte: Double = 0
    /// Latencies of exchanges; with a connection for each exchange the connection is included.
    public var latency = LatencySummary(Histogram())
    /// The number of faults; a refused backend is none.
    public var errors = 0
    /// The faults by kind: `3 with a wrong byte, 1 reset`.
    public var errorText = ""

    let unit: DemoScenario.Unit

    init(backend: String, scenario: DemoScenario) {
        self.backend = backend
        self.scenario = scenario.name
        unit = scenario.unit
    }

    /// Throughput, cost, latencies and errors as the table shows them.
    var cells: [String] {
        let throughput: String
        let cost: String
        switch unit {
        case .requests:
            throughput = "\(Figures.grouped(Int(exchangesPerSecond.rounded()))) req/s"
            cost = "\(Figures.time(nanoseconds: cpuNanosecondsPerExchange))/req"
        case .bytes:
            throughput = Figures.rate(bytesPerSecond: bytesPerSecond)
            cost = "\(Figures.short(cpuMillisecondsPerGigabyte)) ms/GB"
        }
        let times = [latency.p50, latency.p99, latency.max].map {
            Figures.time(nanoseconds: Double($0))
        }
        return [throughput, cost] + times + [Figures.grouped(errors)]
    }
}
