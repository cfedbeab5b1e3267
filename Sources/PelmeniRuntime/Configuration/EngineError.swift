public import PelmeniCore

/// Why an engine cannot be made, started or kept running: whose side, what, and what to do about
/// it.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What sort of trouble it is; the command's exit codes follow it.
    public enum Kind: Sendable {
        /// What was asked for makes no sense. Exit code 2.
        case usage
        /// The backend asked for is refused. Exit code 3.
        case backendRefused
        /// It made sense, and failed. Exit code 1.
        case failed
    }

    /// Where the trouble lies.
    public enum Side: String, Sendable {
        /// A listening address.
        case listener
        /// Where a client forwards to.
        case upstream
        /// io_uring or epoll.
        case backend
        /// The engine itself.
        case engine
    }

    /// What sort of trouble it is.
    public var kind: Kind
    /// Where it lies.
    public var side: Side
    /// The address, name or option that it is about.
    public var subject: String
    /// The system's error, where there is one.
    public var errno: SystemError?
    /// What happened.
    public var reason: String
    /// What to do about it; empty when nothing helps.
    public var remedy: String

    /// An error about `subject`.
    public init(
        kind: Kind, side: Side, subject: String, errno: SystemError? = nil, reason: String,
        remedy: String = ""
    ) {
        self.kind = kind
        self.side = side
        self.subject = subject
        self.errno = errno
        self.reason = reason
        self.remedy = remedy
    }

    /// One line: `listener 127.0.0.1:80: address in use: EADDRINUSE (…); …`.
    public var description: String {
        var text = "\(side.rawValue) \(subject): \(reason)"
        if let errno { text += ": \(errno)" }
        if !remedy.isEmpty { text += "; \(remedy)" }
        return text
    }
}
