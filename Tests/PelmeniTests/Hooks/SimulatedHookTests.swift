import Pelmeni
import PelmeniTesting
import Synchronization
import Testing

/// What the other suites show of hooks on real sockets, on the simulated ring: each seed cuts,
/// delays and reorders otherwise.
@Suite struct SimulatedHookTests {
    /// The kinds of pairs that messages cross: framed streams, and those with datagrams.
    private enum Kind: CaseIterable {
        case streams
        case datagrams
        case streamToDatagrams
        case datagramsToStream

        var hasStreamOfClients: Bool { self == .streams || self == .streamToDatagrams }
        var hasStreamOfUpstream: Bool { self == .streams || self == .datagramsToStream }

        func server(
            onClient: (any Client) -> any Client, onServer: (any Server) -> any Server
        ) -> any Server {
            let client: any Client =
                hasStreamOfUpstream
                ? TCPClient("upstream.example", port: 1, framing: .u16be)
                : UDPClient("upstream.example", port: 1)
            let framing: Framing? = self == .streams ? .u16be : nil
            let server: any Server =
                hasStreamOfClients
                ? TCPServer(onClient(client), port: 1, framing: framing)
                : UDPServer(onClient(client), port: 1)
            return onServer(server)
        }

        func ofClient(_ text: String) -> [UInt8] { Self.bytes(text, hasStreamOfClients) }
        func ofUpstream(_ text: String) -> [UInt8] { Self.bytes(text, hasStreamOfUpstream) }

        private static func bytes(_ text: String, _ isStream: Bool) -> [UInt8] {
            isStream ? BridgeClient.framed(Array(text.utf8)) : Array(text.utf8)
        }
    }

    /// Adds its name to what passes.
    private struct Named: BeforeForward, BeforeSend, BeforeRespond {
        let name: String

        private func mark(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            if !session.isEnd { try data.append(" \(name)") }
            return .forward
        }

        func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            try mark(&data, session)
        }

        func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            try mark(&data, session)
        }

        func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            try mark(&data, session)
        }
    }

    /// S1 S2 C1 C2 out, C2 C1 S2 S1 back, on each kind of pair.
    @Test func theOrder() throws {
        for kind in Kind.allCases {
            let server = kind.server(
                onClient: { $0.hook { Named(name: "C1") }.hook { Named(name: "C2") } },
                onServer: { $0.hook { Named(name: "S1") }.hook { Named(name: "S2") } })
            try ScriptedTest(
                server: server,
                client: [
                    .send(kind.ofClient("?")), .expect(kind.ofClient("! C2 C1 S2 S1")),
                ],
                upstream: [
                    .expect(kind.ofUpstream("? S1 S2 C1 C2")), .send(kind.ofUpstream("!")),
                ]
            ).run(seeds: 1...60)
        }
    }

    /// A message that is dropped is on no wire, and its neighbours are; nor is one that closes its
    /// session.
    @Test func verdictsOnMessages() throws {
        for kind in Kind.allCases {
            let server = kind.server(
                onClient: {
                    $0.beforeSend { data, _ in data.text.hasPrefix("drop") ? .drop : .forward }
                },
                onServer: {
                    $0.beforeForward { data, _ in
                        switch data.text {
                        case "ask": .reply(try Buffer("told"))
                        case "drop here": .drop
                        default: .forward
                        }
                    }
                })
            let words = ["one", "drop here", "two", "drop there", "ask", "three"]
            try ScriptedTest(
                server: server,
                client: words.map { .send(kind.ofClient($0)) } + [.expect(kind.ofClient("told"))],
                upstream: ["one", "two", "three"].map { .expect(kind.ofUpstream($0)) }
            ).run(seeds: 1...60)
        }
    }

    /// A chunk that closes its session is on no wire, nor is a byte from behind it.
    @Test func closedStreams() throws {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) | 1 }
        for isThrown in [false, true] {
            let server = TCPServer(TCPClient("upstream.example", port: 1), port: 1)
                .beforeForward { data, session in
                    guard data.array.contains(0) else { return .forward }
                    if isThrown { throw HookTestError(description: "a zero") }
                    return .close("a zero")
                }
            let came = Mutex<[UInt8]>([])
            // It takes no byte, and is called with all that came: the reset that ends the script
            // overtakes some.
            let look = PeerStep.expect("a prefix") { bytes in
                came.withLock { $0 = bytes }
                return nil
            }
            var some = 0
            for seed in UInt64(1)...60 {
                came.withLock { $0 = [] }
                let test = ScriptedTest(
                    server: server, client: [.send(bytes + [0] + bytes), .expectReset],
                    upstream: [look])
                let failure = try #require(try test.firstFailure(in: [seed]))
                #expect(failure.reason == "a reset came")
                let prefix = came.withLock { $0 }
                #expect(bytes.starts(with: prefix))
                some += prefix.count
            }
            #expect(some > 0, "no byte came in any seed")
        }
    }

    // MARK: Held bytes and ends

    /// Two hooks that hold what may be the beginning of their text: the far side has what one look
    /// at the whole stream would make of it, however it is cut.
    @Test func rewritesAreAsTheReference() throws {
        let text = (0..<160).map { "x\($0 % 7)ababa--abcab.aab,ba!cdab" }.joined()
        let wanted = text.replacing("ab", with: "<cd>").replacing("cd>c", with: "[]")
        let server = TCPServer(
            TCPClient("upstream.example", port: 1).hook { Replacing(pattern: "cd>c", text: "[]") },
            port: 1
        ).hook { Replacing(pattern: "ab", text: "<cd>") }
        #expect(text.utf8.count > 4_096)
        try ScriptedTest(
            server: server, client: [.send(text), .end, .expectEnd],
            upstream: [.expect(wanted), .expectEnd]
        ).run(seeds: 1...60)
    }

    /// A trailer on a half-closed stream stands behind the held bytes, and before the end; the
    /// other direction goes on.
    @Test func trailersBeforeTheEnd() throws {
        let server = TCPServer(TCPClient("upstream.example", port: 1), port: 1)
            .hook { Sealing() }
        try ScriptedTest(
            server: server,
            client: [.send("question"), .end, .expect("an answer.end"), .expectEnd],
            upstream: [.expect("question.end"), .expectEnd, .send("an answer"), .end]
        ).run(seeds: 1...200)
    }

    private struct Sealing: BeforeForward, BeforeRespond {
        private func seal(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            if session.isEnd { try data.append(".end") }
            try data.hold(last: 4)
            return .forward
        }

        func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            try seal(&data, session)
        }

        func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            try seal(&data, session)
        }
    }

    // MARK: Growth, and many clients

    /// Each chunk grows by itself: 1,024 times its bytes, in place, in another block, and beyond
    /// all blocks.
    @Test func growth() throws {
        let server = TCPServer(TCPClient("upstream.example", port: 1), port: 1)
            .beforeForward { data, session in
                let bytes = data.array
                data.removeAll()
                for byte in bytes {
                    try data.append(contentsOf: [UInt8](repeating: byte, count: 1_024))
                }
                return .forward
            }
        for count in [64, 1_024] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
            let wanted = bytes.flatMap { [UInt8](repeating: $0, count: 1_024) }
            try ScriptedTest(
                server: server, client: [.send(bytes), .end, .expectEnd],
                upstream: [.expect(wanted), .expectEnd]
            ).run(seeds: 1...(count == 64 ? 40 : 8))
        }
    }

    /// A hook answers a hundred clients: each has its own answer, and no hook sees one.
    @Test func repliesToWhoAsked() throws {
        let names = (0..<100).map { "client \($0)" }
        let seen = Mutex(0)
        let server = UDPServer(UDPClient("upstream.example", port: 1), port: 1)
            .beforeForward { data, _ in .reply(try Buffer("to \(data.text)")) }
            .beforeRespond { _, _ in
                seen.withLock { $0 += 1 }
                return .forward
            }
        try ScriptedTest(
            server: server, clients: names.map { [.send($0), .expect("to \($0)")] }, upstreams: [[]]
        ).run(seeds: 1...20)
        #expect(seen.withLock { $0 } == 0)
    }
}
