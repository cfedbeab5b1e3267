import CPelmeni
import Foundation
import Pelmeni
import TestSupport
import Testing

/// Engines that start at a socket file while another engine starts, runs or ends there.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct UnixStartTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.file("server.sock") }

    private func engine(
        _ variant: Variant, log: LogCollector = LogCollector()
    ) throws -> Engine {
        let client = UnixClient(folder.file("origin.sock"))
        // A start that checks for a listener leaves a session whose upstream sends nothing.
        var options = PairOptions()
        options.lingerTimeout = .after(.milliseconds(300))
        let server = UnixServer(client, listen: path, options: options)
        return try Engine.variant(variant, servers: [server]) {
            $0.log = log.sink
            $0.logLevel = .debug
        }
    }

    private func datagramEngine(_ variant: Variant) throws -> Engine {
        let client = UDPClient("127.0.0.1", port: 9)
        return try Engine.variant(variant, servers: [UnixDatagramServer(client, listen: path)])
    }

    /// Bound, and closed without an unlink, like a killed process's.
    private func leaveStaleFile() throws {
        let stale = try TestListener(.path(path + ".old"))
        rename(path + ".old", path)
        stale.close()
    }

    /// Nil, or the reason of a failed start.
    private static func refusal(_ engine: Engine) async -> EngineError? {
        do throws(EngineError) {
            try await engine.start()
            return nil
        } catch {
            return error
        }
    }

    private func expectOneOfTwo(_ make: () throws -> Engine) async throws {
        for round in 0..<50 {
            try leaveStaleFile()
            let engines = [try make(), try make()]
            async let first = Self.refusal(engines[0])
            async let second = Self.refusal(engines[1])
            let refusals = await [first, second]
            #expect(refusals.count { $0 == nil } == 1, "round \(round)")
            #expect(
                refusals.compactMap(\.self).allSatisfy { $0.errno?.name == "EADDRINUSE" },
                "round \(round)")
            for engine in engines { await engine.stop() }
            #expect(access(path, F_OK) != 0, "round \(round)")
        }
    }

    @Test(arguments: Variant.all) func oneOfTwoThatStartTogether(variant: Variant) async throws {
        try await expectOneOfTwo { try engine(variant) }
    }

    @Test(arguments: Variant.all) func oneOfTwoWithDatagrams(variant: Variant) async throws {
        try await expectOneOfTwo { try datagramEngine(variant) }
    }

    /// Any process that can read the folder can lock it: that delays a start, and does not stop it.
    @Test func aFolderThatIsLocked() async throws {
        try leaveStaleFile()
        let lock = pelmeni_folder_lock(folder.path, 0)
        #expect(lock >= 0)
        // Also when it removes the file at its end.
        defer { close(lock) }
        let log = LogCollector()
        let engine = try engine(Variant.all[0], log: log)
        try await engine.start()
        _ = try Wire(to: .path(path))
        await engine.stop()
        #expect(access(path, F_OK) != 0)
        let told = log.entries(from: .debug).filter { $0.message.contains("cannot be locked") }
        #expect(told.count == 1)
        #expect(told.first?.fields.contains(.init("errno", "EAGAIN")) == true)
    }

    /// The next engine starts while the first one drains. Its new file may get the number of the
    /// first one's.
    @Test(arguments: Variant.all) func theNextOnesFileStays(variant: Variant) async throws {
        let origin = try TestListener(.path(folder.file("origin.sock")))
        let old = try engine(variant)
        try await old.start()
        let client = try Wire(to: .path(path))
        let upstream = try origin.accept()
        let draining = Task { await old.drain(within: .seconds(30)) }
        let next = try engine(variant)
        try waitUntil("the old one's listener is closed") {
            (try? Wire(to: .path(path)).close()) == nil
        }
        try await next.start()
        client.close()
        upstream.close()
        _ = await draining.value
        let other = try Wire(to: .path(path))
        _ = try origin.accept()
        other.close()
        await next.stop()
        #expect(access(path, F_OK) != 0)
    }

    /// A link in the file's place is neither followed nor taken for the file.
    @Test func aLinkIsNotFollowed() throws {
        let target = folder.file("target")
        try Data().write(to: URL(fileURLWithPath: target))
        #expect(chmod(target, 0o600) == 0)
        #expect(symlink(target, path) == 0)
        let held = pelmeni_file_hold(path)
        defer { close(held) }
        #expect(pelmeni_file_is_socket(held) == 0)
        #expect(pelmeni_file_mode(held, 0o666) != 0)
        var status = stat()
        #expect(stat(target, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }
}
