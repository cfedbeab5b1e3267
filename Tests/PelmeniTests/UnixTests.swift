import Foundation
import Pelmeni
import TestSupport
import Testing

/// Unix stream sockets at both ends, and their files.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct UnixTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.file("server.sock") }

    private func engine(
        _ variant: Variant, permissions: SocketPermissions = .owner, workers: Int = 1
    ) throws -> (engine: Engine, origin: TestListener) {
        let origin = try TestListener(.path(folder.file("origin.sock")))
        let server = UnixServer(
            UnixClient(folder.file("origin.sock")), listen: path, permissions: permissions)
        return (try Engine.variant(variant, workers: workers, servers: [server]), origin)
    }

    private func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    @Test(arguments: Variant.all) func bothEnds(variant: Variant) async throws {
        let (engine, origin) = try engine(variant, workers: 2)
        try await engine.start()
        #expect(mode(path) == 0o600)
        #expect(
            engine.listeners.map(\.description)
                == ["unix://\(path) -> unix://\(folder.file("origin.sock"))"])
        #expect(engine.listeners.first?.port == nil)
        let bytes = Pattern.shared.stream(key: 3, count: 3_000_000)
        for _ in 0..<4 {
            let client = try Wire(to: .path(path))
            let upstream = try origin.accept()
            try await exchange(bytes, client, upstream)
        }
        await engine.drain()
        #expect(engine.statistics.causes == [.completed: 4])
        #expect(mode(path) == nil)
        #expect(engine.statistics.accepted == 4)
    }

    /// A multishot receive on a Unix socket may miss an end that comes right behind bytes
    /// (liburing's issue 1549): often enough that many tries find it.
    @Test(arguments: Variant.all) func noEndIsMissed(variant: Variant) async throws {
        let (engine, origin) = try engine(variant)
        try await engine.start()
        let bytes = Pattern.shared.stream(key: 4, count: 2_000_000)
        for round in 0..<40 {
            let client = try Wire(to: .path(path))
            let upstream = try origin.accept()
            let asking = beside {
                try client.write(bytes)
                client.finish()
            }
            #expect(try upstream.readAll() == (bytes, .clean), "round \(round)")
            try await asking.value
            let answering = beside {
                try upstream.write(bytes)
                upstream.close()
            }
            #expect(try client.readAll() == (bytes, .clean), "round \(round)")
            try await answering.value
        }
        await engine.drain()
        #expect(engine.statistics.causes == [.completed: 40])
    }

    @Test(arguments: Variant.all) func theModeIsTheOneAskedFor(variant: Variant) async throws {
        let (engine, _) = try engine(variant, permissions: [.owner, .group, .others])
        try await engine.start()
        #expect(mode(path) == 0o666)
        await engine.stop()
        #expect(mode(path) == nil)
    }

    @Test(arguments: Variant.all) func aStaleSocketIsReplaced(variant: Variant) async throws {
        // Bound, and closed without an unlink, like a killed process's.
        let stale = try SocketFile(path)
        stale.close()
        let (engine, origin) = try engine(variant)
        try await engine.start()
        let client = try Wire(to: .path(path))
        let upstream = try origin.accept()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        await engine.stop()
        #expect(mode(path) == nil)
    }

    @Test(arguments: Variant.all) func aLiveSocketIsLeftAlone(variant: Variant) async throws {
        let live = try TestListener(.path(path))
        let (engine, _) = try engine(variant)
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .failed)
        #expect(error?.subject == path)
        #expect(error?.errno?.name == "EADDRINUSE")
        let client = try Wire(to: .path(path))
        _ = try live.accept()
        client.close()
    }

    @Test(arguments: Variant.all) func aFileIsLeftAlone(variant: Variant) async throws {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        let (engine, _) = try engine(variant)
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .failed)
        #expect(error?.subject == path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test(arguments: Variant.all) func anothersFileIsNotRemoved(variant: Variant) async throws {
        let (engine, _) = try engine(variant)
        try await engine.start()
        // Another file is in its place.
        unlink(path)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        await engine.stop()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func aMissingFolderIsNamed() async throws {
        let missing = folder.file("none/server.sock")
        let server = UnixServer(TCPClient("127.0.0.1", port: 9), listen: missing)
        let engine = try Engine(backend: .epoll, workers: 1, servers: [server])
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .failed)
        #expect(error?.subject == missing)
        #expect(error?.errno?.name == "ENOENT")
    }

    /// An upstream whose queue is full for a moment is slow, not dead.
    @Test(arguments: Variant.all) func aBusyUpstreamIsWaitedFor(variant: Variant) async throws {
        let origin = try TestListener(.path(folder.file("busy.sock")), backlog: 0)
        let waiting = try Wire(to: origin.name)
        let relay = try await Relay.start(
            variant, to: UnixClient(folder.file("busy.sock")), origin: origin)
        let client = try relay.connect()
        try client.write("patience")
        try waitUntil("the session is there") { relay.engine.statistics.open == 1 }
        // No event shows that the connect was tried: wait for a few loops of the worker.
        usleep(50_000)
        waiting.close()
        _ = try origin.accept()
        let upstream = try origin.accept()
        #expect(try upstream.readText(8) == "patience")
        client.close()
        upstream.close()
        await relay.expect([.completed: 1])
    }
}

/// A bound socket without a listener, and its file.
private struct SocketFile {
    private let listener: TestListener

    init(_ path: String) throws {
        // The listener never unlinks it: it is bound under another name and moved.
        listener = try TestListener(.path(path + ".old"))
        rename(path + ".old", path)
    }

    func close() { listener.close() }
}
