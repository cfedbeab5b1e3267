import Glibc
import Pelmeni
import TestSupport
import Testing

/// Unix sockets under abstract names, on both sides: they have no file.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AbstractSocketTests {
    private let mark = "@pelmeni-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private var listening: String { mark + "-listener" }
    private var serving: String { mark + "-origin" }

    private func engine(_ variant: Variant, _ server: any Server, workers: Int = 2) throws -> Engine
    {
        try Engine.variant(variant, workers: workers, servers: [server])
    }

    @Test(arguments: Variant.all) func streams(variant: Variant) async throws {
        let origin = try TestListener(.path(serving))
        let engine = try engine(variant, UnixServer(UnixClient(serving), listen: listening))
        try await engine.start()
        #expect(engine.listeners.map(\.description) == ["unix:\(listening) -> unix:\(serving)"])
        let bytes = Pattern.shared.stream(key: 5, count: 1_000_000)
        for _ in 0..<3 {
            let client = try Wire(to: .path(listening))
            let upstream = try origin.accept()
            try await exchange(bytes, client, upstream)
        }
        #expect(access(listening, F_OK) != 0, "a file stands there")
        await engine.drain()
        #expect(engine.statistics.causes == [.completed: 3])
        // The name is free again at once.
        let next = try TestListener(.path(listening))
        next.close()
    }

    @Test(arguments: Variant.all) func datagrams(variant: Variant) async throws {
        let origin = try DatagramWire(at: .path(serving))
        let engine = try engine(
            variant, UnixDatagramServer(UnixDatagramClient(serving), listen: listening))
        try await engine.start()
        #expect(
            engine.listeners.map(\.description)
                == ["unixgram:\(listening) -> unixgram:\(serving)"])
        let clients = try (0..<3).map { try DatagramWire(at: .path(mark + "-client\($0)")) }
        for (number, client) in clients.enumerated() {
            try client.connect(to: DatagramAddress(.path(listening)))
            try client.send("?\(number)")
            let (bytes, from) = try origin.receive()
            #expect(bytes == Array("?\(number)".utf8))
            try origin.send("!\(number)", to: from)
        }
        for (number, client) in clients.enumerated() {
            #expect(try client.receiveText() == "!\(number)")
        }
        await engine.stop()
        #expect(engine.statistics.accepted == 3)
        #expect(engine.statistics.drops == [:])
    }

    /// A client's abstract name is told to hooks as it is written.
    @Test(arguments: Variant.all) func aClientsNameIsTold(variant: Variant) async throws {
        let origin = try DatagramWire(at: .path(serving))
        let client = UnixDatagramClient(serving).beforeSend { unit, session in
            unit.removeAll()
            try unit.append("\(session.client)")
            return .forward
        }
        let engine = try engine(variant, UnixDatagramServer(client, listen: listening))
        try await engine.start()
        let wire = try DatagramWire(at: .path(mark + "-client"))
        try wire.send("x", to: DatagramAddress(.path(listening)))
        #expect(try origin.receiveText() == mark + "-client")
        await engine.stop()
    }

    @Test(arguments: Variant.all) func aTakenNameIsNamed(variant: Variant) async throws {
        let other = try TestListener(.path(listening))
        let engine = try engine(variant, UnixServer(UnixClient(serving), listen: listening))
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .failed)
        #expect(error?.subject == listening)
        #expect(error?.errno?.name == "EADDRINUSE")
        other.close()
    }

    /// No socket listens: the client's session ends at once.
    @Test(arguments: Variant.all) func aMissingUpstream(variant: Variant) async throws {
        let engine = try engine(variant, UnixServer(UnixClient(serving), listen: listening))
        try await engine.start()
        let client = try Wire(to: .path(listening))
        #expect(try client.readAll().bytes == [])
        await engine.drain()
        #expect(engine.statistics.causes == [.connectRefused: 1])
    }
}
