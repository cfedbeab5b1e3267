internal import Glibc
internal import PelmeniCore

/// What went wrong with a connection under load.
enum Fault: Int, CaseIterable, Sendable {
    case wrongByte
    /// The stream ended before all of it had come.
    case short
    /// More came than was asked for.
    case surplus
    /// A datagram that was cut, or put together of several, or of a size that nobody asked for.
    case wrongLength
    /// A datagram of another client.
    case wrongClient
    /// A datagram that had come before, or after one that was sent later.
    case repeated
    case reset
    case refused
    case timeout
    /// Sessions that the proxy cut off while it drained.
    case cut
    /// Sessions that were accepted and did not end in exactly one cause.
    case unaccounted
    /// Not one exchange was completed.
    case nothing
    /// Any other error of the system.
    case other

    /// How a person reads it, after a number.
    var text: String {
        switch self {
        case .wrongByte: "with a wrong byte"
        case .short: "ended early"
        case .surplus: "with bytes too many"
        case .wrongLength: "cut or merged"
        case .wrongClient: "of another client"
        case .repeated: "repeated or out of order"
        case .reset: "reset"
        case .refused: "refused"
        case .timeout: "timed out"
        case .cut: "cut off by the drain"
        case .unaccounted: "without a cause"
        case .nothing: "without any answer"
        case .other: "failed otherwise"
        }
    }

    /// - Parameter error: a positive errno.
    init(errno error: Errno) {
        self =
            switch error.code {
            case ECONNRESET, EPIPE: .reset
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .timeout
            default: .other
            }
    }
}
