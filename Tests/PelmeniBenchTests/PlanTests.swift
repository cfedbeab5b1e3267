import Testing

@testable import PelmeniBench

@Suite("Scenarios, subjects, cores")
struct PlanTests {
    @Test("names of scenarios are their own")
    func names() {
        let names = ScenarioCatalog.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(ScenarioCatalog.quick.count == 3)
        #expect(ScenarioCatalog.usual.count == names.count - 3)
    }

    @Test("an unknown name is named, with those that there are")
    func unknown() {
        #expect {
            _ = try ScenarioCatalog.named(["rr64", "rr65"])
        } throws: {
            "\($0)".contains("'rr65'") && "\($0)".contains("rr512")
        }
        #expect {
            _ = try SubjectPlan.named("kqueue", peers: [], version: "")
        } throws: {
            "\($0)".contains("'kqueue'") && "\($0)".contains("io_uring-6.1")
        }
    }

    @Test("placeholders are filled, and other braces stay")
    func placeholders() throws {
        let values = ["listen": "1", "origin": "2"]
        let text = "events { a; }\nlisten {listen};{}\nproxy {origin}; {A} {"
        #expect(
            try Placeholders.fill(text, values, in: "f")
                == "events { a; }\nlisten 1;{}\nproxy 2; {A} {")
        #expect {
            _ = try Placeholders.fill("{lisen}", values, in: "f.cfg")
        } throws: {
            "\($0)".contains("{lisen}") && "\($0)".contains("f.cfg")
                && "\($0)".contains("{listen}")
        }
    }

    @Test("a peer's version is its pattern's group")
    func version() {
        let text = "HAProxy version 3.0.11-1 2025/06/03\nmore\n"
        #expect(PeerPlan.version(in: text, pattern: #"version (\S+)"#) == "3.0.11-1")
        #expect(PeerPlan.version(in: text, pattern: nil) == "HAProxy version 3.0.11-1 2025/06/03")
    }

    @Test("a peer that is not installed is a refusal, not an error")
    func absent() throws {
        let peer = PeerDescription(
            name: "x", title: "X", command: ["no-such-program-anywhere", "{config}"])
        let plan = try SubjectPlan.named(
            "x", peers: [PeerPlan(peer, folder: "/")], version: "")
        #expect(plan.subject.refusal == "no-such-program-anywhere is not installed")
    }

    @Test("where processes stand")
    func cores() throws {
        let pairs = { (core: Int) in [core & ~1, core | 1] }
        let shared = try CorePlan(.shared, usable: [2, 3], siblings: pairs, workers: 1)
        #expect(shared.load.cores == [2] && shared.proxy.cores == [2])
        // A sibling only without a better core.
        let split = try CorePlan(.split, usable: [0, 1, 2, 3], siblings: pairs, workers: 1)
        #expect(split.proxy.cores == [0] && split.load.cores == [2] && split.origin.cores == [2])
        let near = try CorePlan(.split, usable: [0, 1], siblings: pairs, workers: 1)
        #expect(near.load.cores == [1])
        #expect(throws: BenchError.self) {
            try CorePlan(.split, usable: [0], siblings: pairs, workers: 1)
        }
    }

    @Test("two workers: Pelmeni alone, each backend twice")
    func twoWorkers() throws {
        let scenario = try #require(ScenarioCatalog.all.first { $0.name == "two-workers" })
        let plans = try ["direct", "io_uring", "io_uring-6.1", "epoll"].map {
            try SubjectPlan.named($0, peers: [], version: "")
        }
        let chosen = BenchRun.plans(plans, for: scenario)
        #expect(
            chosen.map(\.subject.name) == ["io_uring", "io_uring-2w", "epoll", "epoll-2w"])
        #expect(chosen.map(\.workers) == [1, 2, 1, 2])
    }
}
