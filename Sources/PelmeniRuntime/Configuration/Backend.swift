internal import PelmeniCore

/// The kernel interface of an engine.
public enum Backend: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Batched operations through io_uring(7).
    case ioUring = "io_uring"
    /// Readiness through epoll(7).
    case epoll

    /// The name on the command line and in logs.
    public var description: String { rawValue }
}
