import Testing

@testable import PelmeniBench

@Suite("What a scenario's samples say")
struct ScenarioSummaryTests {
    private static let names: [(String, Subject.Kind)] = [
        ("direct", .direct), ("io_uring", .pelmeni), ("epoll", .pelmeni), ("slow", .peer),
        ("fast", .peer), ("fastest", .peer),
    ]

    private func summary(_ scenario: Scenario) -> ScenarioSummary {
        ScenarioSummary(
            scenario: scenario,
            subjects: Self.names.map { Subject(name: $0.0, title: $0.0, kind: $0.1) },
            counting: ["slow", "fast"])
    }

    private func result(
        _ name: String, cpu: Double, change: (inout Sample) -> Void = { _ in }
    ) -> SubjectResult {
        var result = SubjectResult(subject: name)
        for round in 1...4 {
            var sample = Sample(round: round)
            sample.seconds = 1
            sample.exchanges = 1_000
            sample.cpuSeconds = cpu
            sample.latency.p50 = 50
            change(&sample)
            result.samples.append(sample)
        }
        return result
    }

    private func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    @Test("the best peer is the cheapest of those that count, and comes first")
    func comparisons() throws {
        let results = [
            result("direct", cpu: 0), result("io_uring", cpu: 0.4), result("epoll", cpu: 0.5),
            result("slow", cpu: 0.9), result("fast", cpu: 0.6), result("fastest", cpu: 0.1),
        ]
        let it = summary(try scenario("rr64")).result(results)
        #expect(
            it.comparisons.map { "\($0.subject)/\($0.baseline)" } == [
                "io_uring/fast", "epoll/fast", "io_uring/slow", "epoll/slow", "io_uring/fastest",
                "epoll/fastest", "io_uring/epoll",
            ])
        #expect(it.bestPeer == "fast")
        #expect(it.comparisons[0].verdict == .better)
        #expect(it.subjects[0].median == nil)
        #expect(it.subjects[1].median == 0.4 / 1_000)
        #expect(it.doubts.isEmpty)
    }

    @Test("two workers are held against one")
    func workers() throws {
        let subjects = ["io_uring", "io_uring-2w", "epoll", "epoll-2w"]
        let summary = ScenarioSummary(
            scenario: try scenario("two-workers"),
            subjects: subjects.map { Subject(name: $0, title: $0, kind: .pelmeni) }, counting: [])
        let it = summary.result(subjects.map { result($0, cpu: 1) })
        #expect(
            it.comparisons.map { "\($0.subject)/\($0.baseline)" } == [
                "io_uring/epoll", "io_uring-2w/io_uring", "epoll-2w/epoll",
            ])
    }

    @Test("added latency is what a round's direct run does not have")
    func added() throws {
        let results = [
            result("direct", cpu: 0) { $0.latency.p50 = 20 },
            result("epoll", cpu: 0.5) { $0.latency.p50 = 20 + UInt64($0.round) },
        ]
        let it = summary(try scenario("rr1")).result(results)
        #expect(it.subjects[1].values == [1, 2, 3, 4])
        #expect(it.subjects[0].values.isEmpty)
    }

    @Test("others on the core, unsteady rates and errors are doubts")
    func doubts() throws {
        let results = [
            result("io_uring", cpu: 0.4) { $0.othersShare = $0.round == 2 ? 0.4 : 0.01 },
            result("epoll", cpu: 0.5) { $0.exchanges = $0.round == 1 ? 3_000 : 1_000 },
            result("slow", cpu: 0.5) { $0.errors = ["timed out": 2] },
        ]
        let doubts = summary(try scenario("rr64")).result(results).doubts
        #expect(doubts.count == 3)
        #expect(doubts[0].contains("1 of 4 samples, up to 40 %"))
        #expect(doubts[1].contains("epoll went between 1000 and 3000"))
        #expect(doubts[2].contains("slow had errors: 8 timed out"))
    }
}
