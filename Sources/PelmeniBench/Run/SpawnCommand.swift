internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// A call of posix_spawn(3).
struct SpawnCommand: Sendable {
    let command: [String]
    let input: Int32
    let output: Int32
    /// A file to append errors to; nil is this process's standard error.
    let errorPath: String?

    func start() -> Result<pid_t, SystemError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        if let errorPath {
            posix_spawn_file_actions_addopen(
                &actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        // After the actions above, so that the file for the errors is in place already.
        _ = pelmeni_spawn_close_from(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals are blocked here; a child must inherit neither that nor the ignored SIGPIPE.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        // A group of its own: Ctrl-C reaches this process alone, which then ends its children in
        // order.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let code = posix_spawn(
            &pid, command.first ?? "", &actions, &attributes, arguments, environ)
        return code == 0 ? .success(pid) : .failure(SystemError(code: code))
    }
}
