internal import Glibc

/// Stands between this run and a peer, which does not watch its standard input: the guard ends the
/// peer at the end of the input.
package enum PeerGuard {
    private static let sliceMilliseconds: Int32 = 100
    /// A shell's status for this case.
    private static let notStarted: Int32 = 127

    /// Starts the command, prints `pid N`, and waits until either ends.
    ///
    /// - Returns: the exit status.
    package static func run(_ command: [String]) -> Int32 {
        // The guard ends at the end of its input: an earlier signal would leave the peer behind.
        _ = signal(SIGTERM, SIG_IGN)
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        let spawn = SpawnCommand(
            // The peer's output goes to the guard's standard error.
            command: command, input: nothing, output: 2, errorPath: nil)
        guard case .success(let pid) = spawn.start() else { return notStarted }
        let line = Array("pid \(pid)\n".utf8)
        guard write(1, line, line.count) == line.count else { return end(pid) }
        while true {
            var word: Int32 = 0
            if waitpid(pid, &word, WNOHANG) == pid { return 1 }
            var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, sliceMilliseconds) > 0 else { continue }
            var byte: UInt8 = 0
            if read(0, &byte, 1) <= 0 { return end(pid) }
        }
    }

    private static func end(_ pid: pid_t) -> Int32 {
        kill(pid, SIGTERM)
        var word: Int32 = 0
        // Shorter than the time after which the guard itself is killed.
        for _ in 0..<100 where waitpid(pid, &word, WNOHANG) == 0 { usleep(10_000) }
        // The whole group: workers outlive a master that had to be killed.
        kill(-pid, SIGKILL)
        waitpid(pid, &word, 0)
        return 0
    }
}
