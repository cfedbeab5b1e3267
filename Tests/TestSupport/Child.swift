import CPelmeni
import Glibc
import Synchronization

/// A process that a test started: its output, line by line, and its end. It ends with its owner.
package final class Child: Sendable {
    package let pid: Int32
    package let output: LineReader
    package let errors: LineReader
    private let ending: Ending

    /// - Parameter arguments: the first one is the program's path.
    package init(_ arguments: [String], environment: [String: String] = [:]) throws {
        (pid, output, errors) = try Self.spawn(arguments, environment)
        ending = Ending(pid)
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> (pid_t, LineReader, LineReader) {
        let (outputRead, outputWrite) = try pipe()
        let (errorRead, errorWrite) = try pipe()
        defer {
            close(outputWrite)
            close(errorWrite)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite, 1)
        posix_spawn_file_actions_adddup2(&actions, errorWrite, 2)
        // Descriptors of other tests would count against a limit that a test sets, and hold their
        // sockets open.
        _ = pelmeni_spawn_close_from(&actions, 3)

        // Threads of a test runner may have signals blocked, and children inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        sigaddset(&usual, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = arguments.map { strdup($0) } + [nil]
        var envp = Self.environment(with: environment).map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        guard error == 0 else {
            close(outputRead)
            close(errorRead)
            throw WireError("start \(arguments[0])", error)
        }
        return (pid, LineReader(outputRead), LineReader(errorRead))
    }

    deinit { ending.kill(SIGKILL) }

    package func signal(_ number: Int32) { ending.kill(number) }

    /// Its exit code once it has ended; the negated number of the signal that ended it.
    package func exitCode(within: Duration = Patience.usual) throws -> Int32 {
        let patience = Patience(within)
        while true {
            if let code = ending.code { return code }
            guard !patience.isOver else {
                let said = errors.everything.suffix(2_000)
                throw patience.failure("process \(pid) ends; it said: \(said)")
            }
            usleep(2_000)
        }
    }

    package var hasEnded: Bool { ending.code != nil }

    /// Everything it wrote, once it has ended.
    package func finish(
        within: Duration = Patience.usual
    ) throws -> (code: Int32, output: String, errors: String) {
        let code = try exitCode(within: within)
        try output.waitForEnd()
        try errors.waitForEnd()
        return (code, output.everything, errors.everything)
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let error = pelmeni_spawn_pipe(&ends)
        guard error == 0 else { throw WireError("pipe", -error) }
        return (ends[0], ends[1])
    }

    private static func environment(with changes: [String: String]) -> [String] {
        var all: [String] = []
        var next = environ
        while let text = next.pointee {
            let entry = String(cString: text)
            let name = String(entry.prefix { $0 != "=" })
            if changes[name] == nil { all.append(entry) }
            next += 1
        }
        return all + changes.map { "\($0)=\($1)" }
    }
}

/// The end of a process; never signals a number that is no longer its own.
private final class Ending: Sendable {
    private let pid: pid_t
    private let ended = Mutex<Int32?>(nil)

    init(_ pid: pid_t) { self.pid = pid }

    func kill(_ number: Int32) {
        ended.withLock { ended in
            guard reap(&ended, WNOHANG) == nil else { return }
            Glibc.kill(pid, number)
            if number == SIGKILL { reap(&ended, 0) }
        }
    }

    var code: Int32? { ended.withLock { reap(&$0, WNOHANG) } }

    @discardableResult
    private func reap(_ ended: inout Int32?, _ options: Int32) -> Int32? {
        guard ended == nil else { return ended }
        var status: Int32 = 0
        guard waitpid(pid, &status, options) == pid else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? (status >> 8) & 0xff : -signal
        return ended
    }
}
