import Pelmeni
import PelmeniCore
import PelmeniRuntime
import Testing

@testable import Pelmeni

/// The embedder's declarations about datagrams, and their errors. No socket is opened.
@Suite struct DatagramFaceTests {
    private static let tcp = TCPClient("127.0.0.1", port: 9)
    private static let udp = UDPClient("127.0.0.1", port: 9)
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

    private func configuration(_ server: any Server) throws -> PairConfiguration {
        let configuration = try EngineCheck(spelling: .library).configuration(
            backend: .epoll, workers: 1, servers: [server], options: EngineOptions())
        return try #require(configuration.pairs.first)
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

    // MARK: Endpoints

    @Test func aConfigurationKeepsTheKinds() throws {
        let resolver = try configuration(UDPServer(Self.udp, port: 53))
        #expect(resolver.endpoint == .udp(host: "", port: 53))
        #expect(resolver.upstreams == [.udp(host: "127.0.0.1", port: 9)])
        #expect(resolver.kind == .datagrams)
        let local = try configuration(
            UnixDatagramServer(
                UnixDatagramClient("/b"), listen: "/a",
                permissions: SocketPermissions(rawValue: 0o640)))
        #expect(local.endpoint == .unixDatagram(path: "/a"))
        #expect(local.upstreams == [.unixDatagram(path: "/b")])
        #expect(local.mode == 0o640)
    }

    @Test func upstreamsAreChecked() {
        refuses(datagram(to: UDPClient("127.0.0.1", port: 0)), "port", subject: "127.0.0.1:0")
        refuses(datagram(to: UDPClient("", port: 9)), "host", subject: ":9")
        refuses(datagram(to: UDPClient([])), "not 0")
        refuses(datagram(to: UnixDatagramClient("")), "1 to 107", subject: "")
        let long = "/" + String(repeating: "x", count: 107)
        refuses(UnixDatagramServer(Self.udp, listen: long), "1 to 107", subject: long)
        refuses(UnixDatagramServer(Self.udp, listen: ""), "1 to 107", subject: "")
    }

    @Test func upstreamsAreOfOneKind() throws {
        let tcp = Endpoint.tcp(host: "a", port: 1)
        let udp = Endpoint.udp(host: "a", port: 1)
        let mixed = stream(to: OwnClient(endpoints: [tcp, udp]))
        refuses(mixed, "one kind", "tcp and udp", "a pair for each")
        refuses(datagram(to: UDPClient([udp, .unixDatagram(path: "/a")])), "udp and unixgram")
        _ = try configuration(stream(to: OwnClient(endpoints: [udp, udp])))
    }

    @Test func aClientsUpstreamsAreOfItsKind() {
        let udp = Endpoint.udp(host: "a", port: 1)
        refuses(stream(to: TCPClient([udp])), "a TCPClient forwards to tcp", "not to udp")
        refuses(stream(to: UDPClient([.tcp(host: "a", port: 1)])), "udp endpoints, not to tcp")
        refuses(stream(to: UnixClient([.unixDatagram(path: "/a")])), "unix endpoints")
        refuses(stream(to: UnixDatagramClient([.unix(path: "/a")])), "unixgram endpoints")
    }

    // MARK: Deadlines

    @Test func theIdleTimeFollowsThePair() throws {
        func idle(_ server: any Server) throws -> UInt64 {
            try configuration(server).deadlines.idle
        }
        let hour: UInt64 = 3_600_000_000_000
        let minute: UInt64 = 60_000_000_000
        #expect(try idle(stream(to: Self.tcp)) == hour)
        #expect(try idle(stream(to: Self.udp)) == minute)
        #expect(try idle(datagram(to: Self.tcp)) == minute)
        #expect(try idle(datagram(to: Self.udp)) == minute)
        #expect(try idle(UnixServer(UnixClient("/b"), listen: "/a")) == hour)
        #expect(try idle(UnixServer(UnixDatagramClient("/b"), listen: "/a")) == minute)
        #expect(try idle(UnixDatagramServer(Self.tcp, listen: "/a")) == minute)
        // An explicit value counts, also when it is the other kind's default.
        #expect(
            try idle(datagram(to: Self.udp) { $0.idleTimeout = .after(.seconds(3600)) }) == hour)
        #expect(try idle(datagram(to: Self.udp) { $0.idleTimeout = .never }) == 0)
        #expect(try idle(stream(to: Self.tcp) { $0.idleTimeout = .never }) == 0)
        #expect(
            try idle(datagram(to: Self.udp) { $0.idleTimeout = .after(.seconds(7)) }) == minute / 60
                * 7)
    }

    @Test func timeoutsAreInheritedUnlessTheyAreSet() {
        let inherited = PairOptions().durations(of: .streams)
        #expect(inherited.firstByte == nil)
        #expect(inherited.idle == .seconds(3600))
        #expect(inherited.linger == .seconds(30))
        #expect(inherited.stall == .seconds(300))
        let never = options {
            $0.idleTimeout = .never
            $0.lingerTimeout = .never
            $0.stallTimeout = .never
            $0.firstByteTimeout = .after(.seconds(1))
        }.durations(of: .datagrams)
        #expect(never.firstByte == .seconds(1))
        #expect(never.idle == nil)
        #expect(never.linger == nil)
        #expect(never.stall == nil)
        #expect(options { $0.idleTimeout = .after(.seconds(3600)) } != PairOptions())
    }

    @Test func theDNSProfile() throws {
        let configuration = try configuration(UDPServer(Self.udp, port: 53, options: .dns))
        #expect(configuration.deadlines.idle == 5_000_000_000)
        #expect(configuration.messages.responses == 1)
        #expect(configuration.messages.requests == 0)
        var rest = PairOptions.dns
        rest.responseLimit = nil
        rest.idleTimeout = .inherited
        #expect(rest == PairOptions())
    }

    // MARK: Messages

    @Test func messagesHaveDefaults() throws {
        #expect(try configuration(stream(to: Self.udp)).messages == FramingConfiguration())
        #expect(try configuration(datagram(to: Self.udp)).messages == FramingConfiguration())
        let all = try configuration(
            stream(to: Self.udp) {
                $0.framing = .fixed(100_000)
                $0.frameBytesMax = 16 << 20
                $0.requestLimit = 1
                $0.responseLimit = Int(Int32.max)
            })
        #expect(
            all.messages
                == FramingConfiguration(
                    framing: .fixed(100_000), maxFrame: 16 << 20, requests: 1,
                    responses: UInt32(Int32.max)))
    }

    @Test func framingMayStandBesideTheOptions() throws {
        let other = options {
            $0.framing = .raw
            $0.frameBytesMax = 9
        }
        let servers: [any Server] = [
            TCPServer(Self.udp, framing: .line, options: other),
            UnixServer(Self.udp, listen: "/a", framing: .line, options: other),
            UDPServer(Self.tcp, framing: .line, options: other),
            UnixDatagramServer(Self.tcp, listen: "/a", framing: .line, options: other),
        ]
        for server in servers {
            #expect(
                try configuration(server).messages
                    == FramingConfiguration(framing: .line, maxFrame: 9))
        }
        #expect(TCPServer(Self.udp, options: other).options.framing == .raw)
    }

    @Test func framingNeedsAStream() {
        refuses(
            datagram(to: Self.udp) { $0.framing = .line }, "framing has no meaning",
            "datagrams on both sides")
        refuses(datagram(to: Self.udp) { $0.frameBytesMax = 9 }, "frameBytesMax has no meaning")
    }

    @Test func countsNeedDatagrams() throws {
        refuses(
            stream(to: Self.tcp) { $0.requestLimit = 1 }, "requestLimit has no meaning",
            "leave it out")
        refuses(stream(to: Self.tcp) { $0.responseLimit = 1 }, "responseLimit has no meaning")
        refuses(TCPServer(Self.tcp, listen: "127.0.0.1", options: .dns), "responseLimit")
        refuses(
            datagram(to: Self.udp) { $0.requestLimit = 0 }, "requestLimit", "1 to 2147483647",
            "not 0")
        refuses(datagram(to: Self.tcp) { $0.responseLimit = -1 }, "responseLimit", "not -1")
        refuses(datagram(to: Self.udp) { $0.responseLimit = 1 << 31 }, "not 2147483648")
        #expect(
            try configuration(stream(to: Self.udp) { $0.requestLimit = 2 }).messages.requests == 2)
        #expect(
            try configuration(datagram(to: Self.tcp) { $0.responseLimit = 2 }).messages.responses
                == 2)
    }

    @Test func framesHaveASize() throws {
        refuses(
            stream(to: Self.udp) { $0.frameBytesMax = 0 }, "frameBytesMax is 1 to 16777216", "not 0"
        )
        refuses(datagram(to: Self.tcp) { $0.frameBytesMax = (16 << 20) + 1 }, "not 16777217")
        refuses(
            stream(to: Self.udp) {
                $0.framing = .fixed(9)
                $0.frameBytesMax = 8
            }, "fixed=9 is longer than frameBytesMax, 8", "set frameBytesMax to 9")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(65_537) }, "frameBytesMax, 65536")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(0) }, "fixed=N", "not 0")
        refuses(stream(to: Self.udp) { $0.framing = .fixed(1 << 30) }, "not 1073741824")
        _ = try configuration(stream(to: Self.udp) { $0.framing = .fixed(65_536) })
    }

    @Test func aWholeStreamIsNoAnswerToEachDatagram() throws {
        refuses(
            datagram(to: Self.tcp) { $0.framing = .eof }, "framing eof", "a connection of its own",
            "u16be")
        #expect(
            try configuration(stream(to: Self.udp) { $0.framing = .eof }).messages.client.framing
                == .eof)
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
        let port = try #require(engine.listeners.first?.port)
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
private struct OwnClient: Client {
    var hooks: [HookTable] = []
    let endpoints: [Endpoint]
}
