import Pelmeni
import PelmeniCore
import PelmeniRuntime
import TestSupport
import Testing

/// Names, some of them at a name server that does not answer.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct NameTests {
    /// Names with a stuck lookup, the live one last.
    private static let dead = (0..<8).map { "dead\($0).test" }

    private static func loopback(_ port: UInt16) -> Resolver.Lookup {
        { _, _ in
            guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else {
                return .failure(Resolver.Failure(reason: "no address"))
            }
            return .success([address])
        }
    }

    /// Waits at the gate for each dead name, and knows all others.
    private static func lookup(_ gate: Gate, port: UInt16) -> Resolver.Lookup {
        { host, asked in
            guard dead.contains(host) else { return loopback(port)(host, asked) }
            gate.pass()
            return .failure(.init(reason: "the gate was opened"))
        }
    }

    private func start(
        _ variant: Variant, upstreams: [[Endpoint]], lookup: @escaping Resolver.Lookup
    ) async throws -> EngineRuntime {
        let pairs = upstreams.map {
            PairConfiguration(endpoint: .tcp(host: "127.0.0.1", port: 0), upstreams: $0)
        }
        return try await EngineRuntime.start(
            EngineConfiguration(
                choice: variant.backend, without: variant.without.mask, workers: 1,
                pairs: pairs,
                lookup: lookup))
    }

    private func expectServed(_ runtime: EngineRuntime, pair: Int, _ origin: TestListener) throws {
        let client = try Wire(toPort: runtime.addresses[pair].port)
        let upstream = try origin.accept()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
    }

    /// Each dead name is another pair's: the live pair is served all the same.
    @Test(arguments: Variant.all) func deadNamesLeaveALivePairAlone(variant: Variant) async throws {
        let origin = try TestListener()
        let gate = Gate()
        defer { gate.open() }
        let names = Self.dead + ["live.test"]
        let runtime = try await start(
            variant, upstreams: names.map { [.tcp(host: $0, port: 80)] },
            lookup: Self.lookup(gate, port: origin.port))
        try expectServed(runtime, pair: names.count - 1, origin)
        runtime.stop()
        await runtime.wait()
    }

    /// All are upstreams of one pair, which uses the upstream with an address.
    @Test(arguments: Variant.all) func deadNamesOfTheSamePair(variant: Variant) async throws {
        let origin = try TestListener()
        let gate = Gate()
        defer { gate.open() }
        let upstreams = (Self.dead + ["live.test"]).map { Endpoint.tcp(host: $0, port: 80) }
        let runtime = try await start(
            variant, upstreams: [upstreams], lookup: Self.lookup(gate, port: origin.port))
        for _ in 0..<3 { try expectServed(runtime, pair: 0, origin) }
        runtime.stop()
        await runtime.wait()
    }

    /// A listener's name is looked up off the starting thread, and names are looked up
    /// concurrently.
    @Test func listenersNamesAreLookedUpTogether() async throws {
        let origin = try TestListener()
        let both = Barrier(count: 2)
        let target = Endpoint.tcp(host: "127.0.0.1", port: origin.port)
        let pairs = ["first.test", "second.test"].map {
            PairConfiguration(endpoint: .tcp(host: $0, port: 0), upstreams: [target])
        }
        let runtime = try await EngineRuntime.start(
            EngineConfiguration(choice: .epoll, workers: 1, pairs: pairs) { host, port in
                both.arrive()
                return Self.loopback(port)(host, port)
            })
        try expectServed(runtime, pair: 0, origin)
        try expectServed(runtime, pair: 1, origin)
        runtime.stop()
        await runtime.wait()
    }

    /// Its addresses are not known before, so that the start cannot warn of them.
    @Test func aNameOfAGroup() async throws {
        let log = LogCollector()
        let upstreams = ["one.test", "group.test"].map { Endpoint.udp(host: $0, port: 9) }
        let pair = PairConfiguration(
            endpoint: .udp(host: "127.0.0.1", port: 0), upstreams: upstreams)
        let runtime = try await EngineRuntime.start(
            EngineConfiguration(
                choice: .epoll, workers: 1, pairs: [pair],
                log: EngineLog(level: .warning, sink: log.sink)
            ) { host, port in
                let digits = host == "group.test" ? "239.255.91.7" : "127.0.0.1"
                guard let address = SocketAddress(numeric: digits, port: port) else {
                    return .failure(.init(reason: "no address"))
                }
                return .success([address])
            })
        try waitUntil("the log has it") {
            log.entries(from: .warning).contains { $0.message.contains("no answer comes back") }
        }
        runtime.stop()
        await runtime.wait()
        let entries = log.entries(from: .warning)
        #expect(entries.count == 1)
        #expect(
            entries.first?.fields
                == [.init("name", "group.test"), .init("address", "239.255.91.7:9")])
    }

    @Test func aListenersNameWithoutIPv6() async throws {
        var pair = PairConfiguration(
            endpoint: .tcp(host: "four.test", port: 0),
            upstreams: [.tcp(host: "127.0.0.1", port: 1)])
        pair.network.isIPv6Only = true
        let configuration = EngineConfiguration(
            choice: .epoll, workers: 1, pairs: [pair], lookup: Self.loopback(0))
        let error = await #expect(throws: EngineError.self) {
            try await EngineRuntime.start(configuration)
        }
        #expect(
            error?.description.hasSuffix(
                "no IPv6 address; name another host, or let the listener take IPv4 too") == true)
    }

    @Test func aListenersNameThatHasNoAddress() async throws {
        let pair = PairConfiguration(
            endpoint: .tcp(host: "none.test", port: 0),
            upstreams: [.tcp(host: "127.0.0.1", port: 1)])
        await #expect(throws: EngineError.self) {
            try await EngineRuntime.start(
                EngineConfiguration(choice: .epoll, workers: 1, pairs: [pair]) { _, _ in
                    .failure(.init(reason: "unknown"))
                })
        }
    }
}
