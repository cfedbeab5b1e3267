import Pelmeni
import PelmeniCore
import Testing

@testable import Pelmeni

/// The embedder's declarations about datagrams, and their errors. No socket is opened.
@Suite struct DatagramFaceTests {
    private static let tcp = TCPClient("127.0.0.1", 9)
    private static let udp = UDPClient("127.0.0.1", 9)
    private static let subject = "127.0.0.1:8080"

    private func options(_ change: (inout PairOptions) -> Void) -> PairOptions {
        var options = PairOptions()
        change(&options)
        return options
    }

    private func stream(
        to client: any Client, _ change: (inout PairOptions) -> Void = { _ in }
    ) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 8080, options: options(change))
    }

    private func datagram(
        to client: any Client, _ change: (inout PairOptions) -> Void = { _ in }
    ) -> UDPServer {
        UDPServer(client, listen: "127.0.0.1", port: 8080, options: options(change))
    }

    private func plan(_ server: any Server) throws -> PairPlan {
        let plan = try EngineCheck.plan(
            backend: .epoll, workers: 1, servers: [server], options: EngineOptions())
        return try #require(plan.pairs.first)
    }

    private func refuses(
        _ server: any Server, _ parts: String..., subject: String = Self.subject,
        location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: EngineError.self, sourceLocation: location) {
            _ = try Engine(workers: 1, servers: [server])
        }
        #expect(error?.kind == .usage, sourceLocation: location)
        #expect(error?.subject == subject, sourceLocation: location)
        for part in parts {
            #expect(
                error?.description.contains(part) == true, "\(String(describing: error))",
                sourceLocation: location)
        }
    }

    // MARK: Destinations

    @Test func aClientSaysHowItsDestinationsAreReached() {
        let host = Destination(host: "a", port: 1)
        let path = Destination(path: "/a")
        #expect(UDPClient([host]).destinations.map(\.kind) == [.udp(host: "a", port: 1)])
        #expect(UDPClient("a", 1).destinations == UDPClient([host]).destinations)
        #expect(UnixDatagramClient([path]).destinations.map(\.kind) == [.unixDatagram(path: "/a")])
        #expect(
            UnixDatagramClient("/a").destinations == UnixDatagramClient([path]).destinations)
        // Options refused for a datagram client are accepted for a stream.
        #expect(TCPClient(UDPClient([host]).destinations).destinations == [host])
        #expect(UnixClient(UnixDatagramClient([path]).destinations).destinations == [path])
        #expect(Destination(.udp(host: "::1", port: 5)).description == "[::1]:5")
        #expect(Destination(.unixDatagram(path: "/a")).description == "/a")
        #expect(Destination(.udp(host: "a", port: 1)) != host)
    }

    @Test func aPlanKeepsTheKinds() throws {
        let resolver = try plan(UDPServer(Self.udp, port: 53))
        #expect(resolver.listen == .udp(host: "", port: 53))
        #expect(resolver.upstreams == [.udp(host: "127.0.0.1", port: 9)])
        #expect(resolver.upstreamDescription == "udp://127.0.0.1:9")
        let local = try plan(UnixDatagramServer(UnixDatagramClient("/b"), path: "/a", mode: 0o640))
        #expect(local.listen == .unixDatagram(path: "/a"))
        #expect(local.upstreams == [.unixDatagram(path: "/b")])
        #expect(local.mode == 0o640)
    }

    @Test func destinationsAreChecked() {
        refuses(datagram(to: UDPClient("127.0.0.1", 0)), "port", subject: "127.0.0.1:0")
        refuses(datagram(to: UDPClient("", 9)), "host", subject: ":9")
        refuses(datagram(to: UDPClient([])), "not 0")
        refuses(datagram(to: UnixDatagramClient("")), "1 to 107", subject: "")
        let long = "/" + String(repeating: "x", count: 107)
        refuses(UnixDatagramServer(Self.udp, path: long), "1 to 107", subject: long)
        refuses(UnixDatagramServer(Self.udp, path: ""), "1 to 107", subject: "")
    }

    @Test func destinationsAreOfOneKind() {
        let mixed = [
            Destination(.tcp(host: "a", port: 1)), Destination(.udp(host: "a", port: 1)),
        ]
        refuses(stream(to: AnyDestinations(mixed)), "one kind", "tcp and udp", "a pair for each")
        let local = UDPClient([Destination(host: "a", port: 1), Destination(path: "/a")])
        refuses(datagram(to: local), "udp and unixgram")
    }

    // MARK: Deadlines

    @Test func theIdleTimeFollowsThePair() throws {
        func idle(_ server: any Server) throws -> UInt64 { try plan(server).deadlines.idle }
        let hour: UInt64 = 3_600_000_000_000
        let minute: UInt64 = 60_000_000_000
        #expect(try idle(stream(to: Self.tcp)) == hour)
        #expect(try idle(stream(to: Self.udp)) == minute)
        #expect(try idle(datagram(to: Self.tcp)) == minute)
        #expect(try idle(datagram(to: Self.udp)) == minute)
        #expect(try idle(UnixServer(UnixClient("/b"), path: "/a")) == hour)
        #expect(try idle(UnixServer(UnixDatagramClient("/b"), path: "/a")) == minute)
        #expect(try idle(UnixDatagramServer(Self.tcp, path: "/a")) == minute)
        // An explicit value counts, also when it is the other kind's default.
        #expect(try idle(datagram(to: Self.udp) { $0.idle = .seconds(3600) }) == hour)
        #expect(try idle(datagram(to: Self.udp) { $0.idle = nil }) == 0)
        #expect(try idle(stream(to: Self.tcp) { $0.idle = nil }) == 0)
        #expect(try idle(datagram(to: Self.udp) { $0.idle = .seconds(7) }) == minute / 60 * 7)
    }

    @Test func whetherIdleWasSet() {
        #expect(!PairOptions().hasIdle)
        #expect(options { $0.idle = nil }.hasIdle)
        #expect(options { $0.idle = .seconds(3600) } != PairOptions())
        #expect(!options { $0.linger = nil }.hasIdle)
    }

    @Test func theDNSProfile() throws {
        let plan = try plan(UDPServer(Self.udp, port: 53, options: .dns))
        #expect(plan.deadlines.idle == 5_000_000_000)
        #expect(plan.messages.responses == 1)
        #expect(plan.messages.requests == 0)
        var rest = PairOptions.dns
        rest.responses = nil
        rest.idle = PairOptions().idle
        #expect(rest == options { $0.idle = .seconds(3600) })
    }

    // MARK: Messages

    @Test func messagesHaveDefaults() throws {
        #expect(try plan(stream(to: Self.udp)).messages == MessagePlan())
        #expect(try plan(datagram(to: Self.udp)).messages == MessagePlan())
        let all = try plan(
            stream(to: Self.udp) {
                $0.framing = .fixed(100_000)
                $0.maxFrame = 16 << 20
                $0.requests = 1
                $0.responses = Int(Int32.max)
            })
        #expect(
            all.messages
                == MessagePlan(
                    framing: .fixed(100_000), maxFrame: 16 << 20, requests: 1,
                    responses: UInt32(Int32.max)))
    }

    @Test func framingMayStandBesideTheOptions() throws {
        let other = options {
            $0.framing = .raw
            $0.maxFrame = 9
        }
        let servers: [any Server] = [
            TCPServer(Self.udp, framing: .line, options: other),
            UnixServer(Self.udp, path: "/a", framing: .line, options: other),
            UDPServer(Self.tcp, framing: .line, options: other),
            UnixDatagramServer(Self.tcp, path: "/a", framing: .line, options: other),
        ]
        for server in servers {
            #expect(try plan(server).messages == MessagePlan(framing: .line, maxFrame: 9))
        }
        #expect(TCPServer(Self.udp, options: other).options.framing == .raw)
    }

    @Test func framingNeedsAStreamThatMeetsDatagrams() {
        refuses(
            stream(to: Self.tcp) { $0.framing = .line }, "framing has no meaning", "two streams",
            "leave it out")
        refuses(stream(to: Self.tcp) { $0.maxFrame = 9 }, "max-frame has no meaning", "two streams")
        refuses(
            datagram(to: Self.udp) { $0.framing = .line }, "framing has no meaning",
            "datagrams on both sides")
        refuses(datagram(to: Self.udp) { $0.maxFrame = 9 }, "max-frame has no meaning")
        refuses(
            TCPServer(UnixClient("/b"), listen: "127.0.0.1", port: 8080, framing: .u16be),
            "framing has no meaning")
    }

    @Test func countsNeedDatagrams() throws {
        refuses(stream(to: Self.tcp) { $0.requests = 1 }, "requests has no meaning", "leave it out")
        refuses(stream(to: Self.tcp) { $0.responses = 1 }, "responses has no meaning")
        refuses(TCPServer(Self.tcp, listen: "127.0.0.1", options: .dns), "responses")
        refuses(datagram(to: Self.udp) { $0.requests = 0 }, "requests", "1 to 2147483647", "not 0")
        refuses(datagram(to: Self.tcp) { $0.responses = -1 }, "responses", "not -1")
        refuses(datagram(to: Self.udp) { $0.responses = 1 << 31 }, "not 2147483648")
        #expect(try plan(stream(to: Self.udp) { $0.requests = 2 }).messages.requests == 2)
        #expect(try plan(datagram(to: Self.tcp) { $0.responses = 2 }).messages.responses == 2)
    }

    @Test func framesHaveASize() throws {
        refuses(stream(to: Self.udp) { $0.maxFrame = 0 }, "max-frame is 1 to 16777216", "not 0")
        refuses(datagram(to: Self.tcp) { $0.maxFrame = (16 << 20) + 1 }, "not 16777217")
        refuses(
            stream(to: Self.udp) {
                $0.framing = .fixed(9)
                $0.maxFrame = 8
            }, "fixed=9 is longer than max-frame, 8", "set max-frame to 9")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(65_537) }, "max-frame, 65536")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(0) }, "fixed=N", "not 0")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(1 << 30) }, "not 1073741824")
        _ = try plan(stream(to: Self.udp) { $0.framing = .fixed(65_536) })
    }

    @Test func aWholeStreamIsNoAnswerToEachDatagram() throws {
        refuses(
            datagram(to: Self.tcp) { $0.framing = .eof }, "framing eof", "a connection of its own",
            "u16be")
        #expect(try plan(stream(to: Self.udp) { $0.framing = .eof }).messages.framing == .eof)
    }

    @Test func rawIsWarnedAboutOnceAPair() async throws {
        let log = LogCollector()
        var options = EngineOptions()
        options.log = log.sink
        let engine = try Engine(
            backend: .epoll, workers: 2,
            servers: [
                TCPServer(Self.udp, listen: "127.0.0.1", port: 0, framing: .raw),
                TCPServer(Self.udp, listen: "127.0.0.1", port: 0),
            ], options: options)
        try await engine.start()
        let port = try #require(engine.listening.first?.port)
        await engine.stop()
        #expect(
            log.entries(from: .warning) == [
                LogEntry(
                    .warning, "raw framing keeps no message boundaries",
                    [.init("pair", "127.0.0.1:\(port)")])
            ])
    }

    // MARK: Statistics

    @Test func statisticsNameDatagramsForEachWorker() async throws {
        #expect(Statistics().drops.isEmpty)
        let engine = try Engine(
            backend: .epoll, workers: 2,
            servers: [TCPServer(Self.udp, listen: "127.0.0.1", port: 0)])
        try await engine.start()
        let statistics = engine.statistics
        await engine.stop()
        #expect(statistics.datagramsToUpstream == 0)
        #expect(statistics.datagramsToClient == 0)
        #expect(statistics.drops == [:])
        #expect(statistics.workers.map(\.datagramsToUpstream) == [0, 0])
        #expect(statistics.workers.map(\.datagramsToClient) == [0, 0])
        #expect(statistics.workers.map(\.drops) == [[:], [:]])
    }
}

/// A client type of the embedder's own.
private struct AnyDestinations: Client {
    let destinations: [Destination]

    init(_ destinations: [Destination]) { self.destinations = destinations }
}
