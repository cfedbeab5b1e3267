import Foundation
import PelmeniLoad
import Testing

@testable import PelmeniBench

@Suite("Scenarios of HTTP")
struct HTTPScenarioTests {
    private static let names = [
        "http64", "http512", "http-connect", "http-download", "http-upload", "http-idle",
    ]

    private func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    private func plan(_ name: String, _ change: (inout PeerDescription) -> Void) throws
        -> SubjectPlan
    {
        var peer = PeerDescription(
            name: name, title: name.uppercased(), command: ["true", "{listen}"])
        change(&peer)
        return try SubjectPlan.named(name, peers: [PeerPlan(peer, folder: "/")], version: "")
    }

    private func report(_ name: String) throws -> BenchReport {
        let scenario = try scenario(name)
        var results: [SubjectResult] = []
        for (subject, cost) in [("epoll", 1.0), ("haproxy", 2.0)] {
            var result = SubjectResult(subject: subject)
            for round in 1...3 {
                var sample = Sample(round: round)
                sample.seconds = 1
                sample.exchanges = 1_000
                sample.bytes = 1_000_000_000
                sample.cpuSeconds = 0.02 * cost
                sample.residentAtStartBytes = 1 << 20
                sample.residentBytes = 1 << 20 + UInt64(cost) * 4_096_000
                result.samples.append(sample)
            }
            results.append(result)
        }
        let summary = ScenarioSummary(
            scenario: scenario, subjects: [ReportSamples.epoll, ReportSamples.haproxy],
            counting: ["haproxy"])
        var report = ReportSamples.empty
        var result = summary.result(results)
        result.absent = ["mitmproxy"]
        report.scenarios = [result]
        return report
    }

    @Test("they are in the catalog, and run when no name is given")
    func catalog() throws {
        let found = ScenarioCatalog.all.filter(\.isOfHTTP)
        #expect(found.map(\.name) == Self.names)
        #expect(found.allSatisfy { ScenarioCatalog.usual.contains($0) })
        #expect(try scenario("http64").traffic == .http)
        #expect(try scenario("http-idle").traffic == .http)
        #expect(try scenario("http-download").traffic == .httpBulk)
        #expect(try scenario("http-upload").traffic == .httpBulk)
        #expect(try scenario("rr64").traffic == .streams)
        for traffic in [Scenario.Traffic.http, .httpBulk] { #expect(traffic.pairs == .http) }
        for traffic in [Scenario.Traffic.streams, .bulk, .stalls] { #expect(traffic.pairs == .tcp) }
        #expect(Scenario.Traffic.datagrams.pairs == .udp)
    }

    @Test("peers that are no proxies of HTTP are left out by name, and so are hooks of TCP")
    func peers() throws {
        let plans = [
            try SubjectPlan.named("direct", peers: [], version: ""),
            try SubjectPlan.named("io_uring", peers: [], version: ""),
            try SubjectPlan.named("io_uring-6.1", peers: [], version: ""),
            try SubjectPlan.named("epoll+noop", peers: [], version: ""),
            try plan("a") { $0.httpConfig = "a.cfg" },
            try plan("b") { $0.httpCommand = ["true", "{listen}"] },
            try plan("c") { $0.udpConfig = "c.cfg" },
            try plan("d") { $0.scenarios = ["download"] },
        ]
        let small = try scenario("http64")
        #expect(
            BenchRun.plans(plans, for: small).map(\.subject.name) == [
                "direct", "io_uring", "a", "b",
            ])
        #expect(plans.filter { $0.isUnable(in: small) }.map(\.subject.name) == ["c"])
        #expect(try BenchRun.plans(plans, for: scenario("rr64")).count == 7)
        // Without a proxy there is no memory of one.
        #expect(
            try BenchRun.plans(plans, for: scenario("http-idle")).map(\.subject.name)
                == ["io_uring", "a", "b"])
    }

    @Test("a peer's configuration and command are those for HTTP")
    func command() throws {
        let scratch = try ScratchFolder()
        let folder = try scratch.newFolder("source")
        for name in ["small", "bulk"] {
            try "\(name) {listen} {origin}".write(
                toFile: "\(folder)/\(name).cfg", atomically: true, encoding: .utf8)
        }
        var peer = PeerDescription(name: "a", title: "A", command: ["cat", "{config}"])
        peer.httpConfig = "small.cfg"
        func text(_ traffic: Scenario.Traffic) throws -> String {
            let words = try PeerPlan(peer, folder: folder).command(
                pairs: [(1, 2)], workers: 1, traffic: traffic, scratch: scratch)
            return try String(contentsOfFile: try #require(words.last), encoding: .utf8)
        }
        #expect(try text(.http) == "small 1 2")
        #expect(try text(.httpBulk) == "small 1 2")
        peer.httpBulkConfig = "bulk.cfg"
        #expect(try text(.httpBulk) == "bulk 1 2")
        peer.httpCommand = ["echo", "--http", "{config}"]
        let words = try PeerPlan(peer, folder: folder).command(
            pairs: [(1, 2)], workers: 1, traffic: .http, scratch: scratch)
        #expect(words.contains("--http"))
    }

    @Test("every form of the report has them")
    func forms() throws {
        let small = TextReport(try report("http64")).text
        #expect(small.contains("64 connections, bodies of 0 B up, 64 B down, one worker"))
        #expect(small.contains("compared by CPU a request"))
        #expect(small.contains("no HTTP: mitmproxy"))
        let bulk = TextReport(try report("http-download")).text
        #expect(bulk.contains("GB/s") && bulk.contains("CPU s/GB"))
        let idle = TextReport(try report("http-idle")).text
        #expect(idle.contains("compared by memory a client's connection"))
        #expect(idle.contains("resident/client") && !idle.contains("resident/pair"))
        #expect(idle.contains("414 B") && idle.contains("827 B"))
        let table = MarkdownTable(try report("http-idle"), note: "").text
        #expect(table.contains("(`http-idle`): memory a client's connection"))
        let page = HTMLReport(try report("http-upload")).html
        #expect(page.contains("CPU a GB, http-upload") && page.contains("no HTTP: mitmproxy"))
    }

    @Test("a sweep over connections has no HTTP in it")
    func sweep() throws {
        var report = try report("http64")
        report.scenarios += try self.report("http512").scenarios
        #expect(!HTMLReport(report).html.contains("against connections"))
    }

    @Test("a report is what it was after a way through JSON, with or without HTTP")
    func roundTrip() throws {
        for name in ["http-download", "rr64"] {
            let report = try report(name)
            let data = try JSONEncoder().encode(report)
            #expect(try JSONDecoder().decode(BenchReport.self, from: data) == report)
        }
        var job = LoadJob(kind: .exchange, port: 1)
        job.isHTTP = true
        #expect(try JSONDecoder().decode(LoadJob.self, from: JSONEncoder().encode(job)) == job)
    }

    @Test("each hook goes on pairs of one protocol", arguments: BenchHook.allCases)
    func hooks(hook: BenchHook) throws {
        let plan = try SubjectPlan.named("epoll+\(hook.rawValue)", peers: [], version: "")
        #expect(try plan.isPart(of: scenario("rr64")) == (hook.pairs == .tcp))
        #expect(try plan.isPart(of: scenario("http64")) == (hook.pairs == .http))
    }
}
