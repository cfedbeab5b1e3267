/// The name and the display of a scenario's measure.
extension Scenario.Measure {
    var title: String {
        switch self {
        case .cpuPerRequest: "CPU a request"
        case .cpuPerGigabyte: "CPU a GB"
        case .addedMedianLatency: "latency added to the median"
        case .tailLatency: "99th percentile of latency"
        case .residentPerPair: "memory a pair of connections"
        case .residentPerClient: "memory a client's connection"
        case .cpuPerTrip: "CPU a round trip"
        case .cpuPerDatagram: "CPU a datagram"
        }
    }

    /// The unit of ``scaled(_:)``.
    var unit: String {
        switch self {
        case .cpuPerRequest, .cpuPerTrip, .cpuPerDatagram, .addedMedianLatency, .tailLatency: "µs"
        case .cpuPerGigabyte: "s/GB"
        case .residentPerPair, .residentPerClient: "KiB"
        }
    }

    /// In the unit of an axis.
    func scaled(_ value: Double) -> Double {
        switch self {
        case .cpuPerRequest, .cpuPerTrip, .cpuPerDatagram: value * 1e6
        case .cpuPerGigabyte: value
        case .addedMedianLatency, .tailLatency: value / 1e3
        case .residentPerPair, .residentPerClient: value / 1024
        }
    }

    /// With its unit.
    func text(_ value: Double?) -> String {
        guard let value else { return ReportText.none }
        switch self {
        case .cpuPerRequest, .cpuPerTrip, .cpuPerDatagram, .cpuPerGigabyte:
            return "\(ReportText.number(scaled(value))) \(unit)"
        case .addedMedianLatency, .tailLatency: return ReportText.time(nanoseconds: value)
        case .residentPerPair, .residentPerClient: return ReportText.bytes(value)
        }
    }

    /// Whether the measure is in nanoseconds.
    var isLatency: Bool { self == .addedMedianLatency || self == .tailLatency }

    /// Whether a run without a proxy has a value worth showing.
    var isKnownForDirect: Bool { self == .tailLatency }
}
