/// Medians over the rounds of one subject.
struct SubjectFigures {
    let requestsPerSecond: Double?
    let gigabytesPerSecond: Double?
    /// Seconds.
    let cpuPerRequest: Double?
    let cpuPerGigabyte: Double?
    /// Processor time of load, proxy and origins together.
    let allCPUPerRequest: Double?
    let allCPUPerGigabyte: Double?
    let userShare: Double?
    /// Nanoseconds at the 50th, 90th, 99th and 99.9th percentile, and the highest; nil without any.
    let latencies: [Double]?
    let curve: [LatencyFigures.Point]
    let entersPerRequest: Double?
    let entersPerMegabyte: Double?
    let peakBytes: Double?
    let startBytes: Double?
    let residentPerPair: Double?
    let othersShare: Double?
    /// Datagrams of all rounds that were lost or given up; below, their late answers.
    let lost: Int
    let late: Int
    let sessionsByWorker: [Int]
    /// Errors of all rounds, by kind, most frequent first.
    let errors: [(kind: String, count: Int)]

    init(_ samples: [Sample], connections: Int) {
        func median(_ value: (Sample) -> Double?) -> Double? {
            SubjectFigures.median(samples.compactMap(value))
        }
        func quotient(_ dividend: Double, _ divisor: Double) -> Double? {
            divisor > 0 ? dividend / divisor : nil
        }
        requestsPerSecond = median { quotient(Double($0.exchanges), $0.seconds) }
        gigabytesPerSecond = median { quotient(Double($0.bytes) / 1e9, $0.seconds) }
        let known = samples.filter { $0.cpuSeconds > 0 }
        cpuPerRequest = SubjectFigures.median(
            known.compactMap { quotient($0.cpuSeconds, Double($0.exchanges)) })
        cpuPerGigabyte = SubjectFigures.median(
            known.compactMap { quotient($0.cpuSeconds, Double($0.bytes) / 1e9) })
        allCPUPerRequest = median { sample in
            sample.allCPUSeconds.flatMap { quotient($0, Double(sample.exchanges)) }
        }
        allCPUPerGigabyte = median { sample in
            sample.allCPUSeconds.flatMap { quotient($0, Double(sample.bytes) / 1e9) }
        }
        userShare = SubjectFigures.median(known.map(\.userShare))
        let timed = samples.map(\.latency).filter { $0.max > 0 }
        latencies =
            timed.isEmpty
            ? nil
            : [\LatencyFigures.p50, \.p90, \.p99, \.p999, \.max].map { field in
                SubjectFigures.median(timed.map { Double($0[keyPath: field]) }) ?? 0
            }
        curve = SubjectFigures.curve(timed)
        entersPerRequest = median { sample in
            sample.enters.flatMap { quotient(Double($0), Double(sample.exchanges)) }
        }
        entersPerMegabyte = median { sample in
            sample.enters.flatMap { quotient(Double($0), Double(sample.bytes) / 1e6) }
        }
        peakBytes = median { $0.residentPeakBytes > 0 ? Double($0.residentPeakBytes) : nil }
        startBytes = median { $0.residentAtStartBytes > 0 ? Double($0.residentAtStartBytes) : nil }
        residentPerPair = median { sample in
            sample.residentBytes == 0 || connections <= 0
                ? nil
                : sample.value(.residentPerPair, connections: connections, direct: nil)
        }
        othersShare = median { $0.othersShare }
        lost = samples.reduce(0) { $0 + ($1.lost ?? 0) }
        late = samples.reduce(0) { $0 + ($1.late ?? 0) }
        sessionsByWorker = samples.last?.sessionsByWorker ?? []
        var counts: [String: Int] = [:]
        for sample in samples {
            for (kind, count) in sample.errors { counts[kind, default: 0] += count }
        }
        errors = counts.filter { $0.value != 0 }.map { (kind: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
    }

    /// `0`, or `3 reset, 1 timed out`.
    var errorText: String {
        errors.isEmpty
            ? "0"
            : errors.map { "\(ReportText.whole(Double($0.count))) \($0.kind)" }
                .joined(separator: ", ")
    }

    static func median(_ values: [Double]) -> Double? { values.filter(\.isFinite).median }

    /// The median of the rounds at each percentile that at least half of them have.
    private static func curve(_ rounds: [LatencyFigures]) -> [LatencyFigures.Point] {
        var found: [Double: [Double]] = [:]
        for round in rounds {
            for point in points(round) {
                found[point.percentile, default: []].append(Double(point.nanoseconds))
            }
        }
        return found.filter { $0.value.count * 2 >= rounds.count }.sorted { $0.key < $1.key }
            .compactMap { percentile, values in
                median(values).map {
                    LatencyFigures.Point(percentile: percentile, nanoseconds: UInt64(min($0, 1e18)))
                }
            }
    }

    private static func points(_ round: LatencyFigures) -> [LatencyFigures.Point] {
        guard round.curve.isEmpty else { return round.curve }
        return [(50, round.p50), (90, round.p90), (99, round.p99), (99.9, round.p999)].map {
            LatencyFigures.Point(percentile: $0.0, nanoseconds: $0.1)
        }
    }
}
