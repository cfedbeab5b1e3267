import Pelmeni
import PelmeniCore
import PelmeniRuntime
import Synchronization
import TestSupport
import Testing

/// Names with several addresses: which one serves, and what becomes of those that fail.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AddressTests {
    /// An answer to lookups that a test changes.
    private final class Names: Sendable {
        private let state: Mutex<(hosts: [String], lookups: Int)>

        init(_ hosts: [String]) { state = Mutex((hosts, 0)) }

        func move(to hosts: [String]) { state.withLock { $0.hosts = hosts } }
        var lookups: Int { state.withLock { $0.lookups } }

        func lookup(_ host: String, _ port: UInt16) -> Result<[SocketAddress], Resolver.Failure> {
            let hosts = state.withLock { state in
                state.lookups += 1
                return state.hosts
            }
            return .success(hosts.compactMap { SocketAddress(numeric: $0, port: port) })
        }
    }

    private static let second: UInt32 = 0x7f00_0002

    private func start(
        _ variant: Variant, listen: Endpoint, to upstream: Endpoint, _ names: Names,
        spreads: Bool = false, interval: UInt64 = LookupQueue.refreshInterval
    ) async throws -> EngineRuntime {
        var pair = PairConfiguration(endpoint: listen, upstreams: [upstream])
        pair.names.spreads = spreads
        pair.names.interval = interval
        return try await EngineRuntime.start(
            EngineConfiguration(
                choice: variant.backend, without: variant.without.mask, workers: 1, pairs: [pair],
                lookup: names.lookup))
    }

    private func stop(_ runtime: EngineRuntime) async {
        runtime.stop()
        await runtime.wait()
    }

    /// Whether one of a client's next datagrams is answered: one behind another, a refusal apart.
    private func isServed(
        _ client: DatagramWire, by origin: DatagramWire, within datagrams: Int,
        _ runtime: EngineRuntime
    ) throws -> Bool {
        for _ in 1...datagrams {
            let before = refusals(runtime)
            try client.send("q")
            try waitUntil("a request, or a refusal") {
                try origin.waits(0) || refusals(runtime) > before
            }
            guard try origin.waits(0) else { continue }
            try origin.send("a", to: try origin.receive().from)
            return try client.receiveText() == "a"
        }
        return false
    }

    private func refusals(_ runtime: EngineRuntime) -> UInt64 {
        runtime.workers[0].counters.get(DropReason.noUpstream)
    }

    private func client(of runtime: EngineRuntime) throws -> DatagramWire {
        let client = try DatagramWire()
        try client.connect(toPort: runtime.addresses[0].port)
        return client
    }

    /// The first address refuses datagrams: the second or third one of a client is answered, as are
    /// the first ones of the clients behind it.
    @Test(arguments: Variant.all) func datagramsFindTheAddressThatServes(
        variant: Variant
    ) async throws {
        let origin = try DatagramWire()
        let names = Names(["127.0.0.9", "127.0.0.1"])
        let runtime = try await start(
            variant, listen: .udp(host: "127.0.0.1", port: 0),
            to: .udp(host: "app.test", port: origin.port), names)
        let client = try client(of: runtime)
        #expect(try isServed(client, by: origin, within: 3, runtime))
        let next = try self.client(of: runtime)
        #expect(try isServed(next, by: origin, within: 1, runtime))
        await stop(runtime)
    }

    /// What waits at a listener when its worker begins finds the upstream's address.
    @Test(arguments: Variant.all) func whatCameBeforeTheStartIsServed(
        variant: Variant
    ) async throws {
        let origin = try DatagramWire()
        let folder = try TemporaryFolder()
        let listener = folder.file("listener")
        let client = try DatagramWire(at: .path(folder.file("client")))
        let sending = Mutex<String?>(nil)
        let runtime = try await EngineRuntime.start(
            EngineConfiguration(
                choice: variant.backend, without: variant.without.mask, workers: 1,
                pairs: [
                    PairConfiguration(
                        endpoint: .unixDatagram(path: listener),
                        upstreams: [.udp(host: "app.test", port: origin.port)])
                ],
                lookup: { _, port in
                    // The listener is bound by now, and no worker runs.
                    do {
                        try client.send("early", to: DatagramAddress(.path(listener)))
                    } catch {
                        sending.withLock { $0 = "\(error)" }
                    }
                    guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else {
                        return .failure(.init(reason: "no address"))
                    }
                    return .success([address])
                }))
        #expect(sending.withLock { $0 } == nil)
        #expect(try origin.receiveText() == "early")
        await stop(runtime)
    }

    /// A session that lives on while its name moves leaves the address that refuses.
    @Test(arguments: Variant.all) func datagramsFollowANameThatMoves(
        variant: Variant
    ) async throws {
        let first = try DatagramWire()
        let names = Names(["127.0.0.1"])
        let runtime = try await start(
            variant, listen: .udp(host: "127.0.0.1", port: 0),
            to: .udp(host: "app.test", port: first.port), names)
        let client = try client(of: runtime)
        #expect(try isServed(client, by: first, within: 1, runtime))
        let second = try DatagramWire(at: .port(first.port), host: Self.second)
        names.move(to: ["127.0.0.2"])
        try first.goAway()
        // The first refusal has the name looked up at once.
        let before = names.lookups
        try client.send("lost")
        try waitUntil("a lookup") { names.lookups > before }
        #expect(try isServed(client, by: second, within: 5_000, runtime))
        await stop(runtime)
    }

    /// A lookup that brings the addresses in another order: a refusal is that of the address that
    /// refused, and the other one serves.
    @Test(arguments: Variant.all) func aRefusalIsOfTheAddressThatRefused(
        variant: Variant
    ) async throws {
        let first = try DatagramWire(at: .port(0), host: Self.second)
        let second = try DatagramWire(at: .port(first.port))
        let names = Names(["127.0.0.2", "127.0.0.1"])
        let runtime = try await start(
            variant, listen: .udp(host: "127.0.0.1", port: 0),
            to: .udp(host: "app.test", port: first.port), names, interval: 1_000_000_000)
        let old = try client(of: runtime)
        #expect(try isServed(old, by: first, within: 1, runtime))
        names.move(to: ["127.0.0.1", "127.0.0.2"])
        // New sessions tell which order the worker has.
        try waitUntil("the worker has the other order") {
            try client(of: runtime).send("q")
            try waitUntil("a request") { try first.waits(0) || second.waits(0) }
            defer { _ = try? first.waits(0) ? first.receive() : second.receive() }
            return try second.waits(0)
        }
        try first.goAway()
        let before = refusals(runtime)
        try old.send("lost")
        try waitUntil("a refusal") { refusals(runtime) > before }
        #expect(try isServed(try client(of: runtime), by: second, within: 1, runtime))
        await stop(runtime)
    }

    /// A lone address keeps its session, whatever it is called: its server may return. The address
    /// of all interfaces is one of this host's (and not what the socket says of its far side).
    @Test(arguments: Variant.all, ["127.0.0.1", "0.0.0.0", "app.test"])
    func aLoneAddressKeepsItsSession(variant: Variant, host: String) async throws {
        let origin = try DatagramWire()
        let runtime = try await start(
            variant, listen: .udp(host: "127.0.0.1", port: 0),
            to: .udp(host: host, port: origin.port), Names(["127.0.0.1"]),
            spreads: host == "app.test")
        let client = try client(of: runtime)
        #expect(try isServed(client, by: origin, within: 1, runtime))
        try origin.goAway()
        for _ in 0..<3 {
            let before = refusals(runtime)
            try client.send("lost")
            try waitUntil("a refusal") { refusals(runtime) > before }
        }
        let counters = runtime.workers[0].counters
        #expect(counters.get(.accepted) == 1)
        await stop(runtime)
    }

    /// Streams dial an address that refused only after the others.
    @Test(arguments: Variant.all) func streamsRememberTheAddressThatRefuses(
        variant: Variant
    ) async throws {
        let origin = try TestListener()
        let names = Names(["127.0.0.9", "127.0.0.1"])
        let runtime = try await start(
            variant, listen: .tcp(host: "127.0.0.1", port: 0),
            to: .tcp(host: "app.test", port: origin.port), names)
        for _ in 0..<3 {
            let client = try Wire(toPort: runtime.addresses[0].port)
            let upstream = try origin.accept()
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
        }
        // One dial of the address that refuses, and one of the other for each session.
        #expect(runtime.workers[0].counters.get(.connects) == 4)
        await stop(runtime)
    }

    /// Names share the rows that addresses in digits leave: 64 in all, and 16 of a name.
    @Test(arguments: [
        (0, 1, 16), (31, 1, 16), (48, 1, 16), (60, 1, 4), (63, 1, 1), (0, 4, 16), (0, 5, 12),
        (24, 40, 1), (0, 64, 1),
    ])
    func namesShareRows(literals: Int, names: Int, each: Int) {
        let upstreams =
            (0..<literals).map { Endpoint.tcp(host: "127.0.0.1", port: UInt16(1 + $0)) }
            + (0..<names).map { .tcp(host: "n\($0).test", port: 1) }
        var pair = PairConfiguration(
            endpoint: .tcp(host: "127.0.0.1", port: 0), upstreams: upstreams)
        #expect(pair.rowsOfUpstreams == upstreams.map { _ in 1 })
        pair.names.spreads = true
        #expect(pair.rowsOfUpstreams == upstreams.map { $0.isName ? each : 1 })
    }

    /// With a row for each address, sessions are spread evenly.
    @Test(arguments: Variant.all) func addressesAreUpstreamsOfTheirOwn(
        variant: Variant
    ) async throws {
        let first = try TestListener()
        let second = try TestListener(host: Self.second, port: first.port)
        let names = Names(["127.0.0.1", "127.0.0.2"])
        let runtime = try await start(
            variant, listen: .tcp(host: "127.0.0.1", port: 0),
            to: .tcp(host: "app.test", port: first.port), names, spreads: true)
        var clients: [Wire] = []
        for _ in 0..<3 {
            for origin in [first, second] {
                let client = try Wire(toPort: runtime.addresses[0].port)
                let upstream = try origin.accept()
                try client.write("x")
                #expect(try upstream.readText(1) == "x")
                clients.append(client)
            }
        }
        await stop(runtime)
    }
}
