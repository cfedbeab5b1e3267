internal import PelmeniCore

/// The backend that an engine is asked to run on.
public enum BackendChoice: String, Sendable, CaseIterable, CustomStringConvertible {
    /// io_uring where the kernel grants it, else epoll; the log says which and why.
    case auto
    /// io_uring or nothing.
    case ioUring = "io_uring"
    /// epoll.
    case epoll

    /// The name on the command line and in logs.
    public var description: String { rawValue }
}
