internal import Glibc

/// Stands between this run and a peer, which knows nothing of pipes that close: the guard ends it
/// then.
package enum PeerGuard {
    private static let sliceMilliseconds: Int32 = 100
    /// As a shell says it.
    private static let notStarted: Int32 = 127

    /// Starts the command, prints `pid N`, and waits until either ends.
    ///
    /// - Returns: the exit status.
    package static func run(_ command: [String]) -> Int32 {
        // The input's end is its sign: a signal that came before would leave the peer behind.
        _ = signal(SIGTERM, SIG_IGN)
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        let spawn = SpawnCommand(
            // What it says goes where the guard's errors go.
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
        // Less than the time after which this process is killed.
        for _ in 0..<100 where waitpid(pid, &word, WNOHANG) == 0 { usleep(10_000) }
        // The whole group: workers outlive a master that had to be killed.
        kill(-pid, SIGKILL)
        waitpid(pid, &word, 0)
        return 0
    }
}
