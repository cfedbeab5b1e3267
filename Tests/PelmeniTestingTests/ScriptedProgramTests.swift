import Pelmeni
import PelmeniTesting
import Testing

/// Hooks and protocols of a program: right ones pass, and planted bugs are found.
@Suite struct ScriptedProgramTests {
    static let client = TCPClient("upstream.example", port: 9000)

    /// Replaces a word in a stream.
    struct Redactor: BeforeForward {
        static let word = Array("secret".utf8)
        /// Whether it holds back what may be the beginning of the word.
        let holds: Bool

        mutating func beforeForward(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            while let range = data.firstRange(of: Self.word) {
                try data.replaceSubrange(range, with: "******".utf8)
            }
            if holds { try data.hold(last: min(data.count, Self.word.count - 1)) }
            return .forward
        }
    }

    private static func redacted(holds: Bool) -> ScriptedTest {
        ScriptedTest(
            server: TCPServer(client, port: 8080).hook { Redactor(holds: holds) },
            client: [.send("a secret and another secret"), .end, .expectEnd],
            upstream: [.expect("a ****** and another ******"), .expectEnd])
    }

    @Test func aHookThatHolds() throws {
        try Self.redacted(holds: true).run(seeds: 1...300)
    }

    @Test func aHookWithAPlantedBug() throws {
        let it = try #require(try Self.redacted(holds: false).firstFailure(in: 1...50))
        #expect(it.peer == "upstream 0")
        #expect(it.step == 0)
        #expect(try Self.redacted(holds: false).firstFailure(in: [it.seed]) == it)
    }

    /// Sends what comes in blocks of four bytes, each behind its number. The planted bug counts for
    /// all sessions at once.
    struct Blocks: CustomClient {
        final class Shared: @unchecked Sendable { var count: UInt8 = 0 }

        static let carries = Cargo.stream
        let endpoints = ScriptedProgramTests.client.endpoints
        var hooks: [HookTable] = []
        var shared: Shared?

        struct State {
            var count: UInt8 = 0
            var waiting: [UInt8] = []
        }

        func makeState() -> State { State() }

        func protocolSend(
            _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
        ) throws {
            state.waiting += data.array
            while state.waiting.count >= 4 {
                let number = shared?.count ?? state.count
                context.send(try Buffer([number] + state.waiting.prefix(4)))
                state.waiting.removeFirst(4)
                state.count += 1
                shared?.count += 1
            }
        }
    }

    private static func numbered(_ blocks: Blocks) -> ScriptedTest {
        ScriptedTest(
            server: TCPServer(blocks, port: 8080),
            clients: [[.send("aaaabbbb")], [.send("ccccdddd")]],
            upstreams: [
                [.expect([0] + "aaaa".utf8), .expect([1] + "bbbb".utf8)],
                [.expect([0] + "cccc".utf8), .expect([1] + "dddd".utf8)],
            ])
    }

    @Test func aProtocolOfOnesOwn() throws {
        try Self.numbered(Blocks()).run(seeds: 1...200)
    }

    @Test func aProtocolWithAPlantedBug() throws {
        let it = try #require(try Self.numbered(Blocks(shared: .init())).firstFailure(in: 1...50))
        #expect(it.peer?.hasPrefix("upstream") == true)
    }

    /// State beyond a session begins anew with each seed.
    @Test func aServerForEachSeed() throws {
        try ScriptedTest(
            clients: [[.expect("1"), .end]], upstreams: [[.send("?"), .expectEnd]]
        ) {
            let shared = Blocks.Shared()
            return TCPServer(
                Self.client.beforeRespond { data, _ in
                    if data.isEmpty { return .forward }
                    shared.count += 1
                    data = try Buffer("\(shared.count)")
                    return .forward
                }, port: 8080)
        }.run(seeds: 1...20)
    }

    /// It throws at the third byte.
    struct Throwing: CustomServer {
        struct Third: Error {}

        static let carries = Cargo.stream
        let client: any Client = ScriptedProgramTests.client
        let endpoint = Endpoint.tcp(host: "", port: 8080)
        var options = PairOptions()
        var hooks: [HookTable] = []

        func onReceive(
            _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
        ) throws {
            if data.count > 2 { throw Third() }
        }
    }

    @Test func aProtocolThatThrows() throws {
        let test = ScriptedTest(
            server: Throwing(), client: [.send("abc"), .expect("d")], upstream: [.expectReset])
        let it = try #require(try test.firstFailure(in: 1...20))
        #expect(it.peer == "client 0")
        #expect(it.reason == "a reset came")
        #expect(it.closed == ["the protocol Throwing: Third()"])
        #expect("\(it)".contains("; closed by the protocol Throwing: Third()"))
    }

    /// The protocol's sessions end as they do with an engine.
    @Test func aSessionThatTheProtocolEnds() throws {
        struct Quitting: CustomServer {
            static let carries = Cargo.stream
            let client: any Client = ScriptedProgramTests.client
            let endpoint = Endpoint.tcp(host: "", port: 8080)
            var options = PairOptions()
            var hooks: [HookTable] = []

            func onReceive(
                _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
            ) throws {
                while let line = data.takeLine() {
                    guard line.text != "QUIT" else {
                        context.send(try Buffer("bye\n"))
                        return context.end()
                    }
                    context.deliver(line)
                }
            }
        }
        try ScriptedTest(
            server: Quitting(), client: [.send("hello\nQUIT\n"), .expect("bye\n"), .expectEnd],
            upstream: [.expect("hello"), .expectEnd]
        ).run(seeds: 1...200)
    }
}
