import CPelmeni
import Glibc
import PelmeniCore
import Testing

@testable import PelmeniBench

/// Programs started by the bench.
@Suite struct SpawnTests {
    /// Sockets of a load in this process are not inherited by a peer.
    @Test func aProgramGetsTheStandardStreamsAlone() throws {
        let open = (0..<40).map { _ in fcntl(0, F_DUPFD, 3) }
        defer { for descriptor in open { close(descriptor) } }
        var ends: [Int32] = [-1, -1]
        try #require(pelmeni_spawn_pipe(&ends) == 0)
        let command = SpawnCommand(
            command: ["/bin/sh", "-c", "echo /proc/self/fd/*"], input: 0, output: ends[1],
            errorPath: nil)
        let pid = try command.start().get()
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(ends[0], &bytes, bytes.count)
        close(ends[0])
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        // The shell has the folder itself open while it lists it.
        #expect(
            String(decoding: bytes[..<max(0, count)], as: UTF8.self)
                == (0...3).map { "/proc/self/fd/\($0)" }.joined(separator: " ") + "\n")
    }
}
