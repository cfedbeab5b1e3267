import Pelmeni
import PelmeniTesting
import Testing

/// Scripted peers of datagrams, and of protocols of a program's own.
@Suite struct ScriptedMessageTests {
    static let udp = UDPServer(UDPClient("upstream.example", port: 53), port: 53)

    @Test func questionsAndAnswers() throws {
        try ScriptedTest(
            server: Self.udp, client: [.send("a?"), .expect("a!"), .send(""), .expect("")],
            upstream: [.expect("a?"), .send("a!"), .expect(""), .send("")]
        ).run(seeds: 1...200)
    }

    @Test func severalClients() throws {
        let names = (0..<6).map { "name \($0)" }
        for server in [
            Self.udp as any Server,
            UnixDatagramServer(UnixDatagramClient("/run/b"), listen: "/run/a"),
        ] {
            try ScriptedTest(
                server: server, clients: names.map { [.send($0), .expect("to " + $0)] },
                upstreams: names.map { [.expect($0), .send("to " + $0)] }
            ).run(seeds: 1...50)
        }
    }

    @Test func streamsAndDatagrams() throws {
        try ScriptedTest(
            server: TCPServer(UDPClient("upstream.example", port: 53), port: 53),
            client: [.send([0, 1]), .send("a"), .expect([0, 2] + Array("bc".utf8))],
            upstream: [.expect("a"), .send("bc")]
        ).run(seeds: 1...100)
        try ScriptedTest(
            server: UDPServer(TCPClient("upstream.example", port: 53), port: 53, framing: .line),
            client: [.send("a"), .expect("bc")], upstream: [.expect("a\n"), .send("bc\n")]
        ).run(seeds: 1...100)
    }

    @Test func anotherDatagram() throws {
        let test = ScriptedTest(
            server: Self.udp, client: [.send("a?"), .expect("a!")],
            upstream: [.expect("a?"), .send("a!!")])
        let it = try #require(try test.firstFailure(in: 1...5))
        #expect(it.peer == "client 0")
        #expect(it.step == 1)
        #expect(it.reason == "a datagram of 3 bytes instead of 2")
        #expect(it.received == Array("a!!".utf8))
    }

    @Test func aDatagramTooMany() throws {
        let test = ScriptedTest(
            server: Self.udp, client: [.send("a?"), .send("b?")], upstream: [.expect("a?")])
        let it = try #require(try test.firstFailure(in: 1...5))
        #expect(it.reason == "a datagram came beyond the script")
    }

    @Test func aMissingAnswer() throws {
        let server = Self.udp.beforeRespond { _, _ in .drop }
        let test = ScriptedTest(
            server: server, client: [.send("a?"), .expect("a!")],
            upstream: [.expect("a?"), .send("a!")])
        let it = try #require(try test.firstFailure(in: 1...5))
        #expect(it.peer == "client 0")
        #expect(it.reason == "waited too long")
    }

    @Test func datagramsHaveNoEnd() {
        #expect(throws: EngineError.self) {
            try ScriptedTest(server: Self.udp, client: [.end], upstream: []).run(seed: 1)
        }
    }
}
