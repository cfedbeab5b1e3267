import ArgumentParser
import Pelmeni
import Testing
import Yams

@testable import PelmeniCLI

@Suite("check")
struct CheckTests {
    private func check(_ arguments: [String], unresolved: [String] = []) async throws -> String {
        let command = try CheckCommand.parse(arguments)
        return try await command.text(try EndpointPair.list(command.endpoints)) { _ in unresolved }
    }

    @Test("what it prints is YAML, and means the plan")
    func roundTrip() async throws {
        let arguments = [
            "tcp://[::1]:8080?on=1,0", "tcp://10.0.0.1:80,web:81?idle=none",
            "unix:///a%20b?mode=0640", "unix:///c", "--workers", "3", "--backend", "epoll",
            "--pool", "64m", "--sessions", "7",
            "--drain-timeout", "90s", "--pin",
        ]
        let text = try await check(arguments)
        let plan = try YAMLDecoder().decode(RunPlan.self, from: text)
        let command = try CheckCommand.parse(arguments)
        let pairs = try EndpointPair.list(command.endpoints)
        #expect(try RunPlan(pairs, command.engineArguments) == plan)
        #expect(plan.backend.asked == "epoll")
        #expect(plan.backend.runs == "epoll")
        #expect(plan.workers == 3)
        #expect(plan.pin)
        #expect(plan.sessions == 7)
        #expect(plan.pool == "64m")
        #expect(plan.drainTimeout == "90s")
        try #require(plan.pairs.count == 2)
        #expect(plan.pairs[0].listen == "tcp://[::1]:8080")
        #expect(plan.pairs[0].upstreams == ["tcp://10.0.0.1:80", "tcp://web:81"])
        #expect(plan.pairs[0].on == [0, 1])
        #expect(plan.pairs[0].idle == "none")
        #expect(plan.pairs[0].connect == "5s")
        #expect(plan.pairs[1].on == [0, 1, 2])
        #expect(plan.pairs[1].mode == "0640")
        #expect(plan.pairs[1].listen == "unix:///a%20b")
    }

    private func pairs(_ endpoints: [String]) async throws -> [RunPlan.PairPlan] {
        let text = try await check(endpoints + ["--backend", "epoll"])
        return try YAMLDecoder().decode(RunPlan.self, from: text).pairs
    }

    @Test("what means something for a pair is there, and nothing else")
    func messages() async throws {
        let pairs = try await pairs([
            "tcp://:1", "tcp://10.0.0.1:1",
            "tcp://:2?framing=delim=10&max-frame=8192", "udp://10.0.0.1:1",
            "udp://:3", "unix:///a", "udp://:4?profile=dns", "udp://10.0.0.1:1",
            "unixgram:///b?mode=0660&requests=7&idle=1h", "unixgram:///c",
        ])
        try #require(pairs.count == 5)
        #expect(pairs.map(\.framing) == [nil, "delim=0x0A", "u16be", nil, nil])
        #expect(pairs.map(\.maxFrame) == [nil, "8k", "64k", nil, nil])
        #expect(pairs.map(\.requests) == [nil, nil, nil, nil, 7])
        #expect(pairs.map(\.responses) == [nil, nil, nil, 1, nil])
        #expect(pairs.map(\.idle) == ["1h", "1m", "1m", "5s", "1h"])
        #expect(pairs.map(\.mode) == [nil, nil, nil, nil, "0660"])
        #expect(pairs[3].listen == "udp://:4")
        #expect(pairs[4].upstreams == ["unixgram:///c"])
    }

    @Test("their names are those of the options")
    func messageNames() async throws {
        let text = try await check([
            "tcp://:1?max-frame=8k&requests=1&responses=2&receive-buffer=64k", "udp://10.0.0.1:1",
        ])
        for line in [
            "framing: u16be", "max-frame: 8k", "requests: 1", "responses: 2", "receive-buffer: 64k",
        ] {
            #expect(text.contains("  \(line)\n"), "\(line) in \(text)")
        }
    }

    @Test("two streams of messages have the values of either end")
    func twoStreams() async throws {
        let endpoints = [
            "tcp://:1?framing=line&max-frame=8k", "tcp://10.0.0.1:1?framing=u32be&max-frame=100k",
            "tcp://:2", "unix:///a?framing=u16be",
            "unix:///b?framing=delim=0&max-frame=9", "tcp://10.0.0.1:2",
            "tcp://:3", "tcp://10.0.0.1:3", "tcp://:4?framing=line", "udp://10.0.0.1:4",
        ]
        let pairs = try await pairs(endpoints)
        try #require(pairs.count == 5)
        #expect(pairs.map(\.framing) == ["line", "u16be", "delim=0x00", nil, "line"])
        #expect(pairs.map(\.maxFrame) == ["8k", "64k", "9", nil, "64k"])
        #expect(pairs.map(\.upstreamFraming) == ["u32be", "u16be", "delim=0x00", nil, nil])
        #expect(pairs.map(\.upstreamMaxFrame) == ["100k", "64k", "9", nil, nil])
        #expect(pairs.map(\.idle) == ["1h", "1h", "1h", "1h", "1m"])
        let text = try await check(Array(endpoints.prefix(2)))
        for line in [
            "framing: line", "max-frame: 8k", "upstream-framing: u32be", "upstream-max-frame: 100k",
        ] {
            #expect(text.contains("  \(line)\n"), "\(line) in \(text)")
        }
    }

    @Test("a group's silence is a comment, and an interface that is not here")
    func groups() async throws {
        let text = try await check(["udp://:1", "udp://239.1.2.3:2?interface=none9"])
        #expect(text.contains("# warning: udp://:1: an upstream is a multicast group"))
        #expect(
            text.contains(
                "# warning: this would not start now: upstream 239.1.2.3:2: "
                    + "there is no interface \"none9\"; `ip link` lists them\n"))
        #expect(text.contains("upstream-interface: none9\n"))
        let joining = try await check(["udp://239.1.2.3:1?interface=lo", "udp://10.0.0.1:2"])
        #expect(!joining.contains("warning: udp"))
        #expect(!joining.contains("no interface"))
        #expect(joining.contains("  interface: lo\n"))
    }

    @Test(
        "what `run` would refuse on this machine now is a comment",
        arguments: [
            ("udp://:1", "udp://127.255.255.255:1", "127.255.255.255:1: it is a broadcast"),
            ("tcp://127.255.255.255:1", "tcp://10.0.0.1:1", "a stream has one peer; use udp"),
            ("udp://:1", "udp://[ff15::5%lo]:1?interface=none9", "there is no interface \"none9\""),
            ("udp://[ff02::1%none9]:1", "udp://10.0.0.1:1", "%none9]:1: there is no interface"),
            ("tcp://[fe80::1%4294967295]:1", "tcp://10.0.0.1:1", "no interface \"4294967295\""),
        ])
    func refusedNow(listen: String, upstream: String, part: String) async throws {
        let lines = try await check([listen, upstream]).split(separator: "\n").filter {
            $0.hasPrefix("# warning: this would not start now: ")
        }
        #expect(lines.count == 1)
        #expect(lines.allSatisfy { $0.contains(part) }, "\(lines)")
    }

    @Test("an upstream's zone that is not here is a comment, and no refusal")
    func zones() async throws {
        let text = try await check(["tcp://127.0.0.1:1", "tcp://[fe80::1%none9]:2"])
        #expect(
            text.hasPrefix(
                "# warning: upstream [fe80::1%none9]:2: there is no interface \"none9\"; "
                    + "`ip link` lists them\n"))
        #expect(!text.contains("would not start"))
    }

    @Test("a listener on all IPv6 addresses has v6only, and no other one")
    func oneFamily() async throws {
        let pairs = try await pairs([
            "tcp://:1", "tcp://10.0.0.1:1", "udp://[::]:2?v6only=yes", "udp://10.0.0.1:1",
            "http://[::]:3", "http://10.0.0.1:1", "tcp://0.0.0.0:4", "tcp://10.0.0.1:1",
            "tcp://[::1]:5", "tcp://10.0.0.1:1", "unix:@a", "tcp://10.0.0.1:1",
        ])
        #expect(pairs.map { $0.sockets?.v6Only } == ["no", "yes", "no", nil, nil, nil])
    }

    @Test("one worker serves a listener for many, and one of Unix datagrams")
    func workers() async throws {
        let pairs = try await pairs([
            "udp://239.1.1.1:1", "udp://10.0.0.1:1", "udp://127.255.255.255:2?on=1,2",
            "udp://10.0.0.1:1", "unixgram:@a", "udp://10.0.0.1:1", "udp://:3", "udp://10.0.0.1:1",
            "tcp://:4?on=2", "udp://10.0.0.1:1", "--workers", "3",
        ])
        #expect(pairs.map(\.on) == [[0], [1], [0], [0, 1, 2], [2]])
    }

    @Test("raw framing is a comment")
    func raw() async throws {
        let upstreams = ["udp://10.0.0.1:2", "tcp://10.0.0.1:2", "tcp://10.0.0.1:2?framing=line"]
        for upstream in upstreams {
            let text = try await check(["tcp://:1?framing=raw", upstream])
            #expect(
                text.hasPrefix("# warning: tcp://:1: raw framing keeps no message boundaries\n"))
        }
        let text = try await check(["tcp://:1", "tcp://10.0.0.1:2?framing=raw"])
        #expect(text.hasPrefix("# warning: tcp://:1: raw framing keeps no message boundaries\n"))
    }

    @Test(
        "the engine's refusals have the command's words",
        arguments: [
            ("tcp://:1?max-frame=8k", "tcp://10.0.0.1:1", "max-frame has no meaning"),
            ("tcp://:1", "tcp://10.0.0.1:1?max-frame=8k", "max-frame has no meaning"),
            (
                "tcp://:1?framing=line&max-frame=256k", "tcp://10.0.0.1:1",
                "max-frame is 1 to 261888"
            ),
            ("tcp://:1?framing=line", "tcp://10.0.0.1:1?max-frame=1m", "max-frame is 1 to 261888"),
            ("tcp://:1?framing=eof", "tcp://10.0.0.1:1", "framing eof"),
            ("tcp://:1", "unix:///a?framing=eof", "framing eof"),
            ("tcp://:1?framing=line&requests=1", "tcp://10.0.0.1:1", "requests has no meaning"),
            ("tcp://:1?framing=line", "tcp://10.0.0.1:1?responses=1", "responses has no meaning"),
            ("udp://:1?framing=line", "udp://10.0.0.1:1", "framing has no meaning"),
            ("tcp://239.1.2.3:1", "tcp://10.0.0.1:1", "239.1.2.3:1: it is a multicast group"),
            ("tcp://:1", "tcp://[ff15::1]:1", "[ff15::1]:1: it is a multicast group"),
            ("http://:1", "http://239.1.2.3:1", "multicast group"),
            ("http://:1", "udp://239.1.2.3:1", "http waits for an answer"),
            ("udp://:1", "icmp://224.0.0.1", "no answer"),
            ("icmp://127.0.0.1", "udp://239.1.2.3:1", "upstream 239.1.2.3:1: icmp waits for"),
            ("icmp://239.1.2.3?interface=lo", "udp://10.0.0.1:1", "listener 239.1.2.3: an echo"),
            ("icmp://[ff15::1]", "udp://10.0.0.1:1", "listen on an address of this host"),
            ("udp://:1", "udp://255.255.255.255:1", "255.255.255.255:1: it is a broadcast address"),
            ("tcp://255.255.255.255:1", "tcp://10.0.0.1:1", "a stream has one peer; use udp"),
            ("tcp://:1", "tcp://[fe80::1]:1", "upstream [fe80::1]:1: a link-local address means"),
            ("udp://[febf::1]:1", "tcp://10.0.0.1:1", "write its zone, as in [fe80::1%eth0]"),
            ("udp://:1?responses=1", "udp://239.1.2.3:1", "responses has no meaning"),
            ("udp://:1?interface=lo", "udp://10.0.0.1:1", "interface is for a multicast group"),
            ("udp://127.0.0.1:1?v6only=yes", "udp://10.0.0.1:1", "v6only is for a TCP, UDP or"),
            ("icmp://[::1]?v6only=yes", "udp://10.0.0.1:1", "v6only is for a TCP, UDP or http"),
            ("tcp://:1?df=keep", "tcp://10.0.0.1:1", "df has no meaning"),
            ("unix:///a?receive-buffer=8k", "unix:@b", "receive-buffer has no meaning"),
            ("tcp://:1?when-down=refuse", "udp://10.0.0.1:1", "when-down refuse is for upstreams"),
            ("http://:1", "icmp://10.0.0.1?when-down=refuse", "when-down refuse is for upstreams"),
        ])
    func refusals(listen: String, upstream: String, part: String) async throws {
        let error = await #expect(throws: EngineError.self) {
            _ = try await check([listen, upstream])
        }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test("what a listener does while no upstream is up is of TCP")
    func whenDown() async throws {
        let pairs = try await pairs([
            "tcp://:1", "unix:///a", "http://:2?when-down=refuse", "http://10.0.0.1:1",
            "udp://:3", "tcp://10.0.0.1:1", "unix:///b", "tcp://10.0.0.1:1",
            "tcp://:4", "tcp://10.0.0.1:1?when-down=accept",
        ])
        #expect(pairs.map(\.whenDown) == ["accept", "refuse", nil, nil, "accept"])
        let text = try await check(["tcp://:1?when-down=refuse", "tcp://10.0.0.1:1"])
        #expect(text.contains("  when-down: refuse\n"))
    }

    @Test("a name that does not resolve is a comment")
    func unresolved() async throws {
        let text = try await check(["tcp://:1", "tcp://web:2"], unresolved: ["web"])
        #expect(text.hasPrefix("# warning: \"web\" does not resolve now\n"))
        #expect(try YAMLDecoder().decode(RunPlan.self, from: text).pairs.count == 1)
    }

    @Test("localhost resolves")
    func localhost() async { #expect(await NameCheck.unresolved(["localhost"]) == []) }
}
