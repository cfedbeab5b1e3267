internal import Glibc
internal import PelmeniCore

extension ListenerSet {
    /// The error about a listener, with the remedy for its errno.
    func failed(_ subject: String, _ error: Int32?, _ reason: String) -> EngineError {
        let errno = error.map { SystemError(code: $0) }
        let remedy =
            switch errno?.code {
            case EADDRINUSE: "another process, or another pair, listens there; choose another one"
            case EACCES: "ports below 1024 and that folder need a right that this user lacks"
            case EADDRNOTAVAIL: "this machine has no such address"
            case EMFILE, ENFILE: "raise RLIMIT_NOFILE (`ulimit -n`)"
            default: ""
            }
        return EngineError(
            kind: .failed, side: .listener, subject: subject, errno: errno, reason: reason,
            remedy: remedy)
    }
}
