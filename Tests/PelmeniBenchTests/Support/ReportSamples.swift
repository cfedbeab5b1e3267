@testable import PelmeniBench

/// Reports of invented numbers.
enum ReportSamples {
    static let direct = Subject(name: "direct", title: "no proxy", kind: .direct)
    static let ring = Subject(
        name: "io_uring", title: "Pelmeni <io_uring>", kind: .pelmeni, version: "0.1.0")
    static let epoll = Subject(
        name: "epoll", title: "Pelmeni epoll", kind: .pelmeni, version: "0.1.0")
    static let haproxy = Subject(
        name: "haproxy", title: "HAProxy", kind: .peer, version: "3.0.8")
    static let nginx = Subject(
        name: "nginx", title: "nginx", kind: .peer, refusal: "nginx is not installed")

    static var empty: BenchReport {
        var machine = MachineFacts()
        machine.processor = "AMD EPYC & Co"
        machine.logicalCores = 2
        machine.kernel = "Linux 6.18.5"
        machine.mitigations = ["retbleed": "Mitigation: untrained return thunk", "mds": "Clear"]
        machine.loadCores = [1]
        machine.proxyCores = [1]
        machine.originCores = [1]
        return BenchReport(
            startedAt: "2026-11-24T19:00:00Z", pelmeniVersion: "0.1.0", rounds: 3,
            windowSeconds: 2, warmUpSeconds: 0.5, placement: .shared, loadRing: "io_uring",
            machine: machine, subjects: [direct, ring, epoll, haproxy, nginx])
    }

    /// Two sweeps, an open loop with an error, and idle connections.
    static var full: BenchReport {
        var report = empty
        for (connections, cost) in [(1, 9.0), (64, 5.0), (512, 5.5)] {
            report.scenarios.append(exchange(connections: connections, microseconds: cost))
        }
        report.scenarios.append(open)
        report.scenarios.append(idle)
        report.crossCheck = CrossCheck(
            scenario: "rr64", subject: "haproxy", ownCPUPerRequest: 8e-6, wrkCPUPerRequest: 8.2e-6,
            ownRequestsPerSecond: 50_000, wrkRequestsPerSecond: 51_000)
        return report
    }

    private static func exchange(connections: Int, microseconds: Double) -> ScenarioResult {
        let scenario = Scenario(
            "rr\(connections)", .exchange, .cpuPerRequest, connections: connections,
            summary: "64 bytes there & back <\(connections)>")
        var result = ScenarioResult(scenario: scenario)
        for (subject, factor) in [(direct, 0), (ring, 0.69), (epoll, 1.01), (haproxy, 1.0)] {
            result.subjects.append(
                subjectResult(subject, scenario) { round in
                    var sample = sample(round, slowness: factor + 0.4)
                    sample.cpuSeconds =
                        Double(sample.exchanges) * microseconds * 1e-6 * factor
                        * (1 + Double(round) * 0.02)
                    return sample
                })
        }
        result.bestPeer = "haproxy"
        result.comparisons = [
            Comparison(
                subject: "io_uring", baseline: "haproxy", ratio: 0.69, low: 0.67, high: 0.71,
                verdict: .better),
            Comparison(
                subject: "epoll", baseline: "haproxy", ratio: 1.01, low: 0.98, high: 1.03,
                verdict: .noDifference),
            Comparison(
                subject: "io_uring", baseline: "epoll", ratio: 0.68, low: 0.66, high: 0.70,
                verdict: .better),
        ]
        return result
    }

    private static var open: ScenarioResult {
        var scenario = Scenario(
            "open", .open, .tailLatency, connections: 64, summary: "at a fixed rate")
        scenario.requestsPerSecond = 30_000
        var result = ScenarioResult(
            scenario: scenario, doubts: ["17 % of the core went to <others>"])
        for (subject, factor) in [(direct, 0.5), (ring, 0.8), (epoll, 0.9), (haproxy, 1.0)] {
            result.subjects.append(
                subjectResult(subject, scenario) { round in
                    var sample = sample(round, slowness: factor)
                    if subject == epoll, round == 1 {
                        sample.errors = ["reset": 3, "timed out": 1]
                    }
                    return sample
                })
        }
        result.subjects[3].failure = "haproxy ended"
        result.bestPeer = "haproxy"
        result.comparisons = [
            Comparison(
                subject: "io_uring", baseline: "haproxy", ratio: 1.2, low: 1.1, high: 1.3,
                verdict: .worse),
            Comparison(
                subject: "epoll", baseline: "haproxy", ratio: 0, low: 0, high: 0,
                verdict: .unknown),
        ]
        return result
    }

    private static var idle: ScenarioResult {
        let scenario = Scenario(
            "idle1000", .idle, .residentPerPair, connections: 1_000, summary: "idle pairs")
        var result = ScenarioResult(scenario: scenario)
        for (subject, bytes) in [(ring, 816), (epoll, 820), (haproxy, 2_650)] {
            result.subjects.append(
                subjectResult(subject, scenario) { round in
                    var sample = Sample(round: round)
                    sample.residentAtStartBytes = 8_000_000
                    sample.residentBytes = 8_000_000 + UInt64(bytes * 1_000 + round * 4096)
                    sample.residentPeakBytes = sample.residentBytes + 100_000
                    return sample
                })
        }
        return result
    }

    private static func sample(_ round: Int, slowness: Double) -> Sample {
        var sample = Sample(round: round)
        sample.seconds = 2
        sample.exchanges = Int(120_000 / slowness) + round * 900
        sample.bytes = UInt64(sample.exchanges * 128)
        sample.userShare = 0.24
        sample.enters = UInt64(sample.exchanges / 7)
        sample.residentPeakBytes = 17_000_000
        sample.residentBytes = 16_000_000
        sample.othersShare = 0.03
        sample.cpuSeconds = 1.1 * slowness
        let base = 180_000 * slowness * (1 + Double(round) * 0.03)
        for (percentile, factor) in [
            (0.0, 0.4), (25.0, 0.8), (50, 1), (75, 1.2), (90, 1.5), (95, 1.9), (98, 2.4), (99, 3.1),
            (99.5, 4), (99.8, 5.2), (99.9, 7), (99.95, 9), (99.99, 15), (100, 30),
        ] {
            sample.latency.curve.append(
                LatencyFigures.Point(
                    percentile: percentile, nanoseconds: UInt64(base * factor)))
        }
        sample.latency.p50 = UInt64(base)
        sample.latency.p90 = UInt64(base * 1.5)
        sample.latency.p99 = UInt64(base * 3.1)
        sample.latency.p999 = UInt64(base * 7)
        sample.latency.max = UInt64(base * 30)
        return sample
    }

    private static func subjectResult(
        _ subject: Subject, _ scenario: Scenario, sample: (Int) -> Sample
    ) -> SubjectResult {
        var result = SubjectResult(subject: subject.name)
        result.samples = (1...3).map(sample)
        result.values = result.samples.compactMap {
            $0.value(scenario.measure, connections: scenario.connections, direct: nil)
        }
        result.median = SubjectFigures.median(result.values)
        return result
    }
}
