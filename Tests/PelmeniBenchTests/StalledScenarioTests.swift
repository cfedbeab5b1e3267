import Testing

@testable import PelmeniBench

@Suite("Readers that stall, and clients that pause")
struct StalledScenarioTests {
    private func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    private func plan(_ name: String, _ change: (inout PeerDescription) -> Void) throws
        -> SubjectPlan
    {
        var peer = PeerDescription(name: name, title: name.uppercased(), command: ["true"])
        change(&peer)
        return try SubjectPlan.named(name, peers: [PeerPlan(peer, folder: "/")], version: "")
    }

    @Test("peers take part that have a second pair, and the others are absent by name")
    func peers() throws {
        let plans = [
            try SubjectPlan.named("direct", peers: [], version: ""),
            try SubjectPlan.named("io_uring", peers: [], version: ""),
            try SubjectPlan.named("io_uring-6.1", peers: [], version: ""),
            try plan("a") { $0.stalledConfig = "a.cfg" },
            try plan("b") { $0.stalledCommand = ["true", "{stalled-listen}"] },
            try plan("c") { $0.udpConfig = "c.cfg" },
            try plan("d") { $0.scenarios = ["download"] },
        ]
        let stalled = try scenario("stalled")
        #expect(
            BenchRun.plans(plans, for: stalled).map(\.subject.name)
                == ["direct", "io_uring", "a", "b"])
        #expect(plans.filter { $0.isUnable(in: stalled) }.map(\.subject.name) == ["c"])
        var result = ScenarioResult(scenario: stalled)
        result.absent = ["C"]
        #expect(ScenarioView(result, subjects: []).absence == "no second pair: C")
    }

    @Test("a second pair has ports of its own, in the command that is for it")
    func command() throws {
        var peer = PeerDescription(name: "a", title: "A", command: ["true", "{listen}"])
        peer.stalledCommand = ["true", "{listen}", "{origin}", "{stalled-listen}-{stalled-origin}"]
        let plan = PeerPlan(peer, folder: "/")
        let scratch = try ScratchFolder()
        let two = try plan.command(
            pairs: [(1, 2), (3, 4)], workers: 1, traffic: .stalls, scratch: scratch)
        #expect(Array(two.dropFirst()) == ["1", "2", "3-4"])
        let one = try plan.command(
            pairs: [(1, 2)], workers: 1, traffic: .streams, scratch: scratch)
        #expect(Array(one.dropFirst()) == ["1"])
        #expect(throws: BenchError.self) {
            try plan.command(pairs: [(1, 2)], workers: 1, traffic: .stalls, scratch: scratch)
        }
    }

    @Test("free ports differ")
    func ports() throws {
        #expect(Set(try ListeningPort.free(8, isOfDatagrams: false)).count == 8)
    }

    @Test("pauses are told, and run when no name is given")
    func pauses() throws {
        let think = try scenario("think512")
        #expect(ScenarioCatalog.usual.contains(think))
        let view = ScenarioView(ScenarioResult(scenario: think), subjects: [])
        #expect(view.detail.contains("512 connections, 64 B up, 64 B down, each pauses 200 ms"))
        // Even without any work: too few to keep a core busy.
        let most = think.connections * 1_000_000 / Int(think.thinkMicroseconds)
        #expect((2_000...6_000).contains(most))
    }
}
