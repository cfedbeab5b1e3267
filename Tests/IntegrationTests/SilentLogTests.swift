import Glibc
import TestSupport
import Testing

extension Integration {
    /// A process holds the pipe of the log and does not read it.
    @Suite(.timeLimit(.minutes(2))) struct SilentLogTests {
        /// Clients cause more lines than a pipe holds: neither the workers nor the end of the
        /// engine wait for the pipe's reader.
        @Test(arguments: CommandBackend.granted)
        func aLogThatNobodyReads(backend: CommandBackend) throws {
            let folder = try TemporaryFolder()
            let path = folder.file("log")
            try #require(mkfifo(path, 0o600) == 0)
            // Both ends at once, so that neither open waits.
            let pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(pipe) }
            let echo = try CrowdOrigin(.echo)
            let datagrams = try DatagramWire()
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0?framing=u16be&max-frame=16",
                    "udp://127.0.0.1:\(datagrams.port)",
                    "tcp://127.0.0.1:0", "tcp://127.0.0.1:\(echo.listener.port)",
                ], backend: backend, options: ["--workers", "1"],
                prefix: Launcher.errors(to: path))
            let neighbour = try Wire(toPort: try proxy.port(1))
            func exchange() throws -> Duration {
                let start = ContinuousClock.now
                try neighbour.write("ping")
                #expect(try neighbour.readText(4) == "ping")
                return ContinuousClock.now - start
            }
            var longest = try exchange()
            for round in 0..<1_000 {
                let client = try Wire(toPort: try proxy.port(0))
                // A length of 255, over the limit.
                try client.write([0, 255])
                #expect(try client.readEnd() == .reset)
                if round % 20 == 0 { longest = max(longest, try exchange()) }
            }
            longest = max(longest, try exchange())
            print("neighbour, unread log, \(backend.rawValue): max \(longest.inMilliseconds) ms")
            #expect(longest < .seconds(2))
            neighbour.close()
            proxy.child.signal(SIGTERM)
            #expect(try proxy.child.exitCode(within: .seconds(20)) == 0)
            try echo.stop()
        }
    }
}
