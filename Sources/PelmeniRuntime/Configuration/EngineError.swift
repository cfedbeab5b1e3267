public import PelmeniCore

/// Why an engine cannot be made, started or kept running: side, subject, reason and remedy.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error, which decides the command's exit code.
    public enum Kind: Sendable {
        /// The options or endpoints make no sense. Exit code 2.
        case usage
        /// The kernel refuses the backend. Exit code 3.
        case backendRefused
        /// The call made sense, and failed. Exit code 1.
        case failed
    }

    /// The part of the engine at fault.
    public enum Side: String, Sendable {
        /// A listening address.
        case listener
        /// An address that a client forwards to.
        case upstream
        /// io_uring or epoll.
        case backend
        /// The engine itself.
        case engine
    }

    /// The kind of error.
    public var kind: Kind
    /// The part at fault.
    public var side: Side
    /// The address, name or option at fault.
    public var subject: String
    /// The system's error, where there is one.
    public var errno: SystemError?
    /// The fault.
    public var reason: String
    /// The remedy; empty when there is none.
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

    /// One line: `listener 127.0.0.1:80: address in use: EADDRINUSE (…); …`. Control characters of
    /// a subject are escaped.
    public var description: String {
        var text = "\(side.rawValue) \(subject): \(reason)"
        if let errno { text += ": \(errno)" }
        if !remedy.isEmpty { text += "; \(remedy)" }
        return OneLine.escaped(text)
    }
}
