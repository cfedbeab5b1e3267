import Testing

@testable import PelmeniBench

@Suite("Prototypes: what ours are held against, and nobody's peer")
struct PrototypeTests {
    private static let names: [(name: String, kind: Subject.Kind, of: String?)] = [
        ("io_uring", .pelmeni, nil), ("io_uring-6.1", .pelmeni, nil), ("epoll", .pelmeni, nil),
        ("c-io_uring", .prototype, "io_uring"), ("c-epoll", .prototype, "epoll"),
        ("haproxy", .peer, nil),
    ]

    private static var subjects: [Subject] {
        names.map {
            var subject = Subject(name: $0.name, title: $0.name, kind: $0.kind)
            subject.prototypeOf = $0.of
            return subject
        }
    }

    private static func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    /// The prototypes are the cheapest of all.
    private static func report() throws -> BenchReport {
        let results = names.map { name, kind, _ in
            var result = SubjectResult(subject: name)
            for round in 1...4 {
                var sample = Sample(round: round)
                sample.seconds = 1
                sample.exchanges = 1_000
                sample.cpuSeconds = kind == .prototype ? 0.1 : kind == .peer ? 0.4 : 0.2
                result.samples.append(sample)
            }
            return result
        }
        let summary = ScenarioSummary(
            scenario: try scenario("rr64"), subjects: subjects,
            // Even if its description lets it count.
            counting: ["haproxy"])
        var report = ReportSamples.empty
        report.subjects = subjects
        report.scenarios = [summary.result(results)]
        return report
    }

    private static func plan(
        _ change: (inout PeerDescription) -> Void = { _ in }
    ) throws -> SubjectPlan {
        var peer = PeerDescription(name: "c", title: "C", command: ["true", "{listen}"])
        peer.prototypeOf = "epoll"
        peer.countsInBest = true
        change(&peer)
        return try SubjectPlan.named("c", peers: [PeerPlan(peer, folder: "/")], version: "")
    }

    @Test("each is compared with its own backend alone, after the peers")
    func comparisons() throws {
        let result = try Self.report().scenarios[0]
        #expect(
            result.comparisons.map { "\($0.subject)/\($0.baseline)" } == [
                "io_uring/haproxy", "io_uring-6.1/haproxy", "epoll/haproxy",
                "io_uring/c-io_uring", "epoll/c-epoll", "io_uring/epoll", "io_uring-6.1/epoll",
            ])
        #expect(result.bestPeer == "haproxy")
    }

    @Test("none is the best peer, whatever its description says, nor the best proxy")
    func best() throws {
        let plan = try Self.plan()
        #expect(plan.subject.kind == .prototype && plan.subject.prototypeOf == "epoll")
        #expect(!plan.countsInBest)
        let report = try Self.report()
        let view = ScenarioView(report.scenarios[0], subjects: report.subjects)
        #expect(view.best == "io_uring")
        #expect(MarkdownTable(report, note: "").text.contains("| c-io_uring | c-epoll | haproxy |"))
    }

    @Test("a target may be set by the prototype of the same backend")
    func targets() throws {
        var report = try Self.report()
        report.targets = ["io_uring", "epoll", "io_uring-6.1"].map {
            Target(scenario: "rr64", subject: $0, baseline: Target.prototype, most: 1.03)
        }
        let rows = TargetRow.rows(of: report)
        #expect(rows.map(\.verdict) == [.missed, .missed, .unknown])
        #expect(rows[1].words.hasPrefix("rr64, epoll beside c-epoll: at most 1.03, was 2.00"))
        #expect(rows[2].words.hasPrefix("rr64, io_uring-6.1 beside nobody"))
    }

    @Test("another program may relay datagrams")
    func datagrams() throws {
        var peer = PeerDescription(name: "c", title: "C", command: ["true", "{listen}"])
        #expect(!peer.covers(.datagrams))
        peer.udpCommand = ["true", "udp", "{origin}"]
        #expect(peer.covers(.datagrams))
        let plan = PeerPlan(peer, folder: "/")
        let scratch = try ScratchFolder()
        func arguments(_ traffic: Scenario.Traffic) throws -> [String] {
            let command = try plan.command(
                pairs: [(1, 2)], workers: 1, traffic: traffic, scratch: scratch)
            return Array(command.dropFirst())
        }
        #expect(try arguments(.datagrams) == ["udp", "2"])
        #expect(try arguments(.streams) == ["1"])
    }

    @Test("each looks like nobody else")
    func styles() {
        let styles = SeriesStyle.assigned(to: Self.subjects)
        #expect(Set(styles.values.map { "\($0)" }).count == Self.names.count)
    }
}
