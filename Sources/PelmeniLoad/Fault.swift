internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// A fault of a connection under load.
enum Fault: Int, CaseIterable, Sendable {
    case wrongByte
    /// The stream ended too early.
    case short
    /// More bytes came than were requested.
    case surplus
    /// A datagram that was cut, joined with others, or of a size that was never sent.
    case wrongLength
    /// An answer of HTTP with another status than 200.
    case wrongStatus
    /// A head of HTTP that is malformed, or does not have the body's length.
    case wrongHead
    /// A datagram of another client.
    case wrongClient
    /// A datagram that came twice, or after a later one.
    case repeated
    case reset
    case refused
    case timeout
    /// Sessions that the proxy cut off while it drained.
    case cut
    /// Sessions that were accepted and did not end in exactly one cause.
    case unaccounted
    /// No exchange was completed.
    case nothing
    /// Any other error of the system.
    case other

    /// The text behind a number.
    var text: String {
        switch self {
        case .wrongByte: "with a wrong byte"
        case .short: "ended early"
        case .surplus: "with bytes too many"
        case .wrongLength: "cut or merged"
        case .wrongStatus: "with another status"
        case .wrongHead: "with a wrong head"
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
    init(errno error: SystemError) {
        self =
            switch error.code {
            case ECONNRESET, EPIPE: .reset
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .timeout
            default: .other
            }
    }
}
