import Pelmeni
import PelmeniTesting
import Testing

/// Scripted peers of streams: what passes, and how each kind of failure is reported.
@Suite struct ScriptedStreamTests {
    static let client = TCPClient("upstream.example", port: 9000)
    static let plain = TCPServer(client, port: 8080)

    private static func failure(
        _ client: [PeerStep], _ upstream: [PeerStep], server: any Server = plain
    ) throws -> ScriptFailure {
        let test = ScriptedTest(server: server, client: client, upstream: upstream)
        return try #require(try test.firstFailure(in: 1...20))
    }

    @Test func aConversationPasses() throws {
        try ScriptedTest(
            server: Self.plain,
            client: [.send("get a\n"), .expect("1\n"), .send("get b\n"), .expect("22\n")],
            upstream: [.expect("get a\n"), .send("1\n"), .expect("get b\n"), .send("22\n")]
        ).run(seeds: 1...300)
    }

    @Test func longStreamsAreSpliced() throws {
        let up = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let down = Array(up.reversed())
        try ScriptedTest(
            server: Self.plain, client: [.send(up), .end, .expect(down), .expectEnd],
            upstream: [.send(down), .expect(up), .expectEnd, .end]
        ).run(seeds: 1...20)
    }

    @Test func hooksSeeWhatTheScriptsSend() throws {
        let server = TCPServer(
            Self.client.beforeSend { data, _ in
                data.uppercaseASCII()
                return .forward
            }, port: 8080)
        try ScriptedTest(
            server: server, client: [.send("a small question"), .end, .expect("Yes")],
            upstream: [.expect("A SMALL QUESTION"), .expectEnd, .send("Yes")]
        ).run(seeds: 1...200)
    }

    @Test func severalClientsFindTheirUpstreams() throws {
        let names = (0..<8).map { "name \($0)\n" }
        try ScriptedTest(
            server: Self.plain,
            clients: names.map { [.send($0), .expect("to " + $0)] },
            upstreams: names.map { [.expect($0), .send("to " + $0)] }
        ).run(seeds: 1...100)
    }

    @Test func pausesCostNoTime() throws {
        var server = Self.plain
        server.options.idleTimeout = .after(.seconds(3_600))
        try ScriptedTest(
            server: server, client: [.send("a"), .pause(.seconds(3_000)), .send("b")],
            upstream: [.expect("a"), .pause(.seconds(2_999)), .expect("b")],
            patience: .seconds(3_100)
        ).run(seeds: 1...20)
        server.options.idleTimeout = .after(.seconds(10))
        try ScriptedTest(
            server: server, client: [.send("a"), .expectReset],
            upstream: [.expect("a"), .expectReset]
        ).run(seeds: 1...20)
    }

    @Test func endsAndResetsCrossThePair() throws {
        let names = (0..<6).map { "name \($0)\n" }
        for server in [
            Self.plain as any Server, UnixServer(Self.client, listen: "/run/a"),
            TCPServer(UnixClient("/run/b"), port: 8080),
        ] {
            try ScriptedTest(
                server: server, client: [.expect("hello"), .expectEnd, .send("late"), .end],
                upstream: [.send("hello"), .end, .expect("late"), .expectEnd]
            ).run(seeds: 1...50)
            try ScriptedTest(
                server: server, client: [.send("a"), .expect("b"), .reset],
                upstream: [.expect("a"), .send("b"), .expectReset]
            ).run(seeds: 1...50)
            try ScriptedTest(
                server: server, clients: names.map { [.send($0), .expectReset] },
                upstreams: names.map { [.expect($0), .reset] }
            ).run(seeds: 1...50)
        }
    }

    /// Bytes behind a hook that asks for no more are spliced; their content is the script's.
    @Test func aReleasedHook() throws {
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }
        try ScriptedTest(
            server: Self.plain.beforeForward { _, _ in .release },
            client: [.send(bytes), .expect(bytes)], upstream: [.expect(bytes), .send(bytes)]
        ).run(seeds: 1...100)
    }

    @Test func framesAreMessages() throws {
        let server = TCPServer(
            TCPClientOfFrames(), port: 8080, framing: .line)
        try ScriptedTest(
            server: server, client: [.send("one\ntwo\n"), .expect("three\n")],
            upstream: [
                .expect([0, 3] + Array("one".utf8) + [0, 3] + Array("two".utf8)),
                .send([0, 5] + Array("three".utf8)),
            ]
        ).run(seeds: 1...100)
    }

    // MARK: Failures

    @Test func anotherByte() throws {
        let it = try Self.failure(
            [.send("hello"), .expect("there")], [.expect("hello"), .send("thxre")])
        #expect(it.peer == "client 0")
        #expect(it.step == 1)
        #expect(it.stepText == "expect \"there\"")
        #expect(it.reason == "byte 2 is another one")
        #expect(it.received.starts(with: Array("thx".utf8)))
        #expect(
            "\(it)".hasPrefix("seed 1: client 0, step 1, expect \"there\": byte 2 is another one"))
        #expect("\(it)".hasSuffix("(to repeat it: run(seed: 1) { print($0) })"))
    }

    @Test func bytesBeyondTheScript() throws {
        let it = try Self.failure([.send("hello!")], [.expect("hello")])
        #expect(it.peer == "upstream 0")
        #expect(it.step == 1)
        #expect(it.stepText == "behind the last step")
        #expect(it.received == Array("!".utf8))
    }

    @Test func anEndInsteadOfBytes() throws {
        let it = try Self.failure([.send("hel"), .end], [.expect("hello")])
        #expect(it.peer == "upstream 0")
        #expect(it.reason == "the end of the stream came")
        #expect(it.received == Array("hel".utf8))
    }

    @Test func aResetInsteadOfBytes() throws {
        let server = Self.plain.beforeForward { _, _ in .close("no") }
        let it = try Self.failure(
            [.send("hello"), .expect("you")], [.expectReset], server: server)
        #expect(it.peer == "client 0")
        #expect(it.step == 1)
        #expect(it.reason == "a reset came")
        #expect(it.closed == ["the hook beforeForward: no"])
    }

    @Test func aStepThatWaitsForEver() throws {
        let it = try Self.failure([.send("hel"), .expect("you")], [.expect("hello")])
        #expect(it.reason == "waited too long")
        #expect(it.step == (it.peer == "client 0" ? 1 : 0))
    }

    @Test func anUpstreamThatIsNeverUsed() throws {
        let server = Self.plain.onOpen { _ in .close("closed") }
        let it = try Self.failure([.expectReset], [.expect("hello")], server: server)
        #expect(it.peer == "upstream 0")
        #expect(it.reason == "no connection or message has begun this script")
    }

    @Test func aCheckThatThrows() throws {
        struct Wrong: Error {}
        let it = try Self.failure(
            [.send("hello")],
            [
                .expect("five bytes") { $0.count < 5 ? nil : 5 },
                .expect("more") { _ in throw Wrong() },
            ])
        #expect(it.step == 1)
        #expect(it.stepText == "expect more")
        #expect(it.reason == "Wrong()")
    }

    @Test func whatMakesNoSenseIsRefused() {
        let hook = TCPServer(
            Self.client.beforeSend(deadline: .seconds(1)) { data, _ in .forward(data) })
        #expect(throws: EngineError.self) {
            try ScriptedTest(server: hook, client: [], upstream: []).run(seed: 1)
        }
        #expect(throws: EngineError.self) {
            try ScriptedTest(server: Self.plain, client: [.reset, .end], upstream: []).run(seed: 1)
        }
        #expect(throws: EngineError.self) {
            try ScriptedTest(server: Self.plain, clients: [[]], upstreams: [[], []]).run(seed: 1)
        }
        var server = Self.plain
        server.options.frameBytesMax = 10
        #expect(throws: EngineError.self) {
            try ScriptedTest(server: server, client: [], upstream: []).run(seed: 1)
        }
    }

    // MARK: Seeds

    @Test func aSeedRepeatsItsRun() throws {
        let test = ScriptedTest(
            server: Self.plain, client: [.send("a question"), .expect("an answer")],
            upstream: [.expect("a question"), .send("an answer")])
        for seed in 1...20 as ClosedRange<UInt64> {
            #expect(try test.outcome(of: seed).0.hash == test.outcome(of: seed).0.hash)
            var (first, second): ([String], [String]) = ([], [])
            try test.run(seed: seed) { first.append($0) }
            try test.run(seed: seed) { second.append($0) }
            #expect(first == second)
        }
        #expect(try test.outcome(of: 1).0.hash != test.outcome(of: 2).0.hash)
    }
}

/// A client of streams with frames of their own.
private struct TCPClientOfFrames: Client {
    let endpoints = [Endpoint.tcp(host: "upstream.example", port: 9000)]
    let framing: Framing? = .u16be
    var hooks: [HookTable] = []
}
