import Pelmeni
import TestSupport
import Testing

/// The upstream of a session, and the end of a session without one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct UpstreamTests {
    private func endpoint(_ listener: TestListener) -> Endpoint {
        .tcp(host: "127.0.0.1", port: listener.port)
    }

    @Test(arguments: Variant.all) func inTurn(variant: Variant) async throws {
        let origins = try (0..<3).map { _ in try TestListener() }
        let relay = try await Relay.start(
            variant, to: TCPClient(origins.map(endpoint)), origin: origins[0])
        for round in 0..<9 {
            let client = try relay.connect()
            let upstream = try origins[round % 3].accept()
            try client.write("turn \(round)")
            #expect(try upstream.readText(6) == "turn \(round)")
            client.close()
            upstream.close()
        }
        await relay.expect([.completed: 9])
    }

    @Test(arguments: Variant.all) func aRefusedOneIsSkipped(variant: Variant) async throws {
        let origin = try TestListener()
        let closed = try RefusedPort()
        let refused = Endpoint.tcp(host: "127.0.0.1", port: closed.port)
        let relay = try await Relay.start(
            variant, to: TCPClient([refused, endpoint(origin)]), origin: origin)
        for _ in 0..<6 {
            let (client, upstream) = try relay.session()
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            client.close()
            upstream.close()
        }
        await relay.expect([.completed: 6])
        let warnings = relay.log.entries(from: .warning)
        #expect(warnings.count == 1)
        let fields = warnings.first?.fields ?? []
        #expect(fields.contains(.init("upstream", refused.description)))
        #expect(fields.contains(.init("cause", "connect_refused")))
        withExtendedLifetime(closed) {}
    }

    @Test(arguments: Variant.all) func allRefused(variant: Variant) async throws {
        let origin = try TestListener()
        let closed = try (0..<3).map { _ in try RefusedPort() }
        let refused = closed.map { Endpoint.tcp(host: "127.0.0.1", port: $0.port) }
        let relay = try await Relay.start(variant, to: TCPClient(refused), origin: origin)
        // Also while all of them back off: each session tries for itself.
        for _ in 0..<4 {
            let client = try relay.connect()
            #expect(try client.readEnd() == .reset)
        }
        await relay.expect([.connectRefused: 4])
        withExtendedLifetime(closed) {}
    }

    @Test(arguments: Variant.all) func aUnixUpstreamThatIsNotThere(variant: Variant) async throws {
        let origin = try TestListener()
        let folder = try TemporaryFolder()
        let relay = try await Relay.start(
            variant, to: UnixClient(folder.file("none.sock")), origin: origin)
        #expect(try relay.connect().readEnd() == .reset)
        await relay.expect([.connectRefused: 1])
    }

    @Test(arguments: Variant.all) func itComesBack(variant: Variant) async throws {
        let port = try SocketName.unusedPort()
        let stand = try TestListener()
        let relay = try await Relay.start(
            variant, to: TCPClient("127.0.0.1", port: port), origin: stand)
        #expect(try relay.connect().readEnd() == .reset)
        let origin = try TestListener(.port(port))
        let client = try relay.connect()
        let upstream = try origin.accept()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        client.close()
        upstream.close()
        await relay.expect([.connectRefused: 1, .completed: 1])
        #expect(relay.log.entries(from: .info).contains { $0.message.contains("again") })
    }

    /// A name under .invalid never resolves, RFC 6761.
    @Test(arguments: Variant.all) func aNameThatDoesNotResolve(variant: Variant) async throws {
        let origin = try TestListener()
        let relay = try await Relay.start(
            variant, to: TCPClient("no-such-host.invalid", port: 80), origin: origin)
        try waitUntil("it warns") {
            relay.log.entries(from: .warning).contains { entry in
                entry.message.contains("does not resolve")
                    && entry.fields.contains(.init("name", "no-such-host.invalid"))
            }
        }
        #expect(try relay.connect().readEnd() == .reset)
        await relay.expect([.resolveFailed: 1])
    }

    @Test(arguments: Variant.all) func aNameThatDoes(variant: Variant) async throws {
        let origin = try TestListener()
        let relay = try await Relay.start(
            variant, to: TCPClient("localhost", port: origin.port), origin: origin)
        // `localhost` may be ::1 first, without a listener: the next address is tried.
        let (client, upstream) = try relay.session()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        client.close()
        upstream.close()
        await relay.expect([.completed: 1])
    }
}
