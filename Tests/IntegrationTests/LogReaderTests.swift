import Foundation
import TestSupport
import Testing

extension Integration {
    /// Standard error is a pipe without an active reader.
    @Suite(.timeLimit(.minutes(2))) struct LogReaderTests {
        /// F_SETPIPE_SZ, GNU's own.
        private static let setPipeSize: Int32 = 1_031

        private let folder: TemporaryFolder
        private let pipe: Int32

        init() throws {
            folder = try TemporaryFolder()
            let path = folder.file("errors")
            guard mkfifo(path, 0o600) == 0 else { throw WireError("mkfifo") }
            pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            guard pipe >= 0 else { throw WireError("open \(path)") }
            // The smaller the pipe, the sooner it is full.
            _ = fcntl(pipe, Self.setPipeSize, 4_096)
        }

        /// Connects the command's standard error to the pipe.
        private var prefix: [String] {
            ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>'\(folder.file("errors"))'"]
        }

        private func proxy(_ origin: TestListener, _ backend: CommandBackend) throws -> Proxy {
            let closed = try RefusedPort()
            return try withExtendedLifetime(closed) {
                try Proxy(
                    [
                        "tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)", "tcp://127.0.0.1:0",
                        "tcp://127.0.0.1:\(closed.port)",
                    ], backend: backend, options: ["--workers", "1", "--log-level", "debug"],
                    prefix: prefix)
            }
        }

        /// Two lines each.
        private func makeLines(_ proxy: Proxy, sessions: Int) throws {
            let port = try proxy.port(1)
            for _ in 0..<sessions {
                do {
                    #expect(try Wire(toPort: port).readEnd() == .reset)
                } catch let error as WireError where error.code == ECONNRESET {
                    // The reset was there before the connect returned.
                }
            }
        }

        private func expectServed(_ proxy: Proxy, _ origin: TestListener) throws {
            let client = try Wire(toPort: try proxy.port())
            let upstream = try origin.accept()
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            client.close()
            upstream.close()
        }

        private func expectEnd(_ proxy: Proxy, _ wanted: Int32) throws {
            #expect(try proxy.child.exitCode() == wanted)
            close(pipe)
        }

        @Test(arguments: CommandBackend.granted) func sessionsGoOnAndItEnds(
            backend: CommandBackend
        ) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin, backend)
            try makeLines(proxy, sessions: 200)
            try expectServed(proxy, origin)
            proxy.child.signal(SIGTERM)
            try expectEnd(proxy, 0)
        }

        @Test(arguments: CommandBackend.granted) func aSecondSignalEndsIt(
            backend: CommandBackend
        ) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin, backend)
            try makeLines(proxy, sessions: 200)
            let client = try Wire(toPort: try proxy.port())
            let upstream = try origin.accept()
            proxy.child.signal(SIGTERM)
            // A closed listener shows that the first signal was handled: the log is unreadable.
            let port = try proxy.port()
            try waitUntil("it drains") { (try? Wire(toPort: port).close()) == nil }
            proxy.child.signal(SIGTERM)
            try expectEnd(proxy, 4)
            #expect(try client.readEnd() == .reset)
            upstream.close()
        }

        /// The number of lost lines is logged once the reader reads.
        @Test(arguments: CommandBackend.granted) func whatWasLostIsSaid(
            backend: CommandBackend
        ) throws {
            let origin = try TestListener()
            let proxy = try proxy(origin, backend)
            // A mebibyte waits, and a line has more than fifty bytes.
            try makeLines(proxy, sessions: 10_000)
            try expectServed(proxy, origin)
            var text = ""
            var block = [UInt8](repeating: 0, count: 64 << 10)
            var told = 0
            var lost = 0
            // Of the two lines of each session, each is read, or counted as lost.
            try waitUntil("all lines are accounted for", within: .seconds(20)) {
                let count = read(pipe, &block, block.count)
                if count > 0 { text += String(decoding: block.prefix(count), as: UTF8.self) }
                while let end = text.firstIndex(of: "\n") {
                    let line = text[..<end]
                    if line.contains(" debug session ") { told += 1 }
                    if line.contains("were lost") {
                        lost += Int(line.split(separator: "lines=").last ?? "") ?? 0
                    }
                    text = String(text[text.index(after: end)...])
                }
                return told + lost >= 2 * 10_000
            }
            #expect(lost > 0)
            #expect(told + lost <= 2 * 10_001)
            proxy.child.signal(SIGTERM)
            try expectEnd(proxy, 0)
        }
    }
}
