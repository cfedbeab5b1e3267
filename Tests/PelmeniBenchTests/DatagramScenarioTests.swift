import Foundation
import PelmeniLoad
import Testing

@testable import PelmeniBench

@Suite("Scenarios of datagrams")
struct DatagramScenarioTests {
    private func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    private func peer(_ name: String, udp: String?, only: [String]? = nil) throws -> SubjectPlan {
        var peer = PeerDescription(name: name, title: name.uppercased(), command: ["true"])
        peer.udpConfig = udp
        peer.scenarios = only
        return try SubjectPlan.named(name, peers: [PeerPlan(peer, folder: "/")], version: "")
    }

    private func result(
        _ name: String, lost: Int, exchanges: Int = 1_000
    ) -> SubjectResult {
        var result = SubjectResult(subject: name)
        for round in 1...3 {
            var sample = Sample(round: round)
            sample.seconds = 1
            sample.exchanges = exchanges
            sample.cpuSeconds = 0.5
            sample.lost = lost
            sample.late = 0
            result.samples.append(sample)
        }
        return result
    }

    private func report(_ name: String) throws -> BenchReport {
        let summary = ScenarioSummary(
            scenario: try scenario(name),
            subjects: [ReportSamples.epoll, ReportSamples.haproxy], counting: ["haproxy"])
        var report = ReportSamples.empty
        var result = summary.result([result("epoll", lost: 0), result("haproxy", lost: 4)])
        result.absent = ["SwiftNIO relay"]
        report.scenarios = [result]
        return report
    }

    @Test("they are in the catalog, and run when no name is given")
    func catalog() throws {
        for name in ["udp1", "udp64", "udp-burst"] {
            #expect(try ScenarioCatalog.named([name]).map(\.traffic) == [.datagrams])
            #expect(ScenarioCatalog.usual.contains { $0.name == name })
        }
        #expect(try scenario("rr64").traffic == .streams)
        #expect(try scenario("upload").traffic == .bulk)
    }

    @Test("peers that relay no datagrams are left out by name")
    func absentPeers() throws {
        let plans = [
            try SubjectPlan.named("direct", peers: [], version: ""),
            try SubjectPlan.named("epoll", peers: [], version: ""),
            try peer("a", udp: "a.conf"), try peer("b", udp: nil),
            try peer("c", udp: nil, only: ["download"]),
        ]
        let burst = try scenario("udp-burst")
        #expect(
            BenchRun.plans(plans, for: burst).map(\.subject.name) == ["direct", "epoll", "a"])
        // The last subject is absent for another reason, and is not listed as missing.
        #expect(plans.filter { $0.isUnable(in: burst) }.map(\.subject.name) == ["b"])
        let streams = try scenario("rr64")
        #expect(!plans.contains { $0.isUnable(in: streams) })
    }

    @Test("sockets of datagrams are found in the kernel's table")
    func ports() {
        let table = """
             sl  local_address rem_address   st tx_queue rx_queue
            1: 0100007F:1F90 00000000:0000 07 00000000:00000000
            2: 0100007F:1F91 0100007F:1F90 01 00000000:00000000
            """
        #expect(ListeningPort.isOpen(8_080, in: table, isOfDatagrams: true))
        #expect(!ListeningPort.isOpen(8_081, in: table, isOfDatagrams: true))
        #expect(!ListeningPort.isOpen(8_080, in: table))
    }

    @Test("many datagrams lost are a doubt, and a few are not")
    func lost() throws {
        let summary = ScenarioSummary(
            scenario: try scenario("udp64"),
            subjects: [ReportSamples.epoll, ReportSamples.haproxy], counting: [])
        let doubts = summary.result([result("epoll", lost: 1), result("haproxy", lost: 2)]).doubts
        #expect(doubts == ["haproxy lost 6 datagrams beside 3000 that came"])
    }

    @Test("every form of the report has them")
    func forms() throws {
        let text = TextReport(try report("udp-burst")).text
        #expect(text.contains("8 clients, trains of 40 datagrams of 1,400 B, 1 under way for each"))
        #expect(text.contains("compared by CPU a datagram"))
        for head in [
            "datagrams/s", "CPU µs/datagram", "datagrams/CPU s", "lost", "enters/datagram",
        ] {
            #expect(text.contains(head))
        }
        #expect(text.contains("2,000") && text.contains("12  "))
        #expect(text.contains("no UDP: SwiftNIO relay"))
        let trips = TextReport(try report("udp64")).text
        #expect(trips.contains("64 clients, 64 B each way, 1 under way for each, one worker"))
        #expect(trips.contains("round trips/s") && trips.contains("late"))
        let table = MarkdownTable(try report("udp64"), note: "").text
        #expect(table.contains("(`udp64`): CPU a round trip"))
        #expect(table.contains("- `udp64`: no UDP: SwiftNIO relay"))
        let page = HTMLReport(try report("udp-burst")).html
        #expect(page.contains("CPU a datagram, udp-burst") && page.contains("no UDP: SwiftNIO"))
    }

    @Test("a report is what it was after a way through JSON")
    func roundTrip() throws {
        let report = try report("udp-burst")
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(BenchReport.self, from: data) == report)
        // A result from before there were datagrams.
        var old = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        var results = try #require(old["scenarios"] as? [[String: Any]])
        results[0]["absent"] = nil
        var scenario = try #require(results[0]["scenario"] as? [String: Any])
        for key in ["trainDatagrams", "trainsInFlight"] { scenario[key] = nil }
        results[0]["scenario"] = scenario
        old["scenarios"] = results
        let text = try JSONSerialization.data(withJSONObject: old)
        let read = try JSONDecoder().decode(BenchReport.self, from: text)
        #expect(read.scenarios[0].absent == nil)
        var job = LoadJob(kind: .trains, port: 1)
        job.trainDatagrams = 40
        #expect(
            try JSONDecoder().decode(LoadJob.self, from: JSONEncoder().encode(job)) == job)
    }
}
