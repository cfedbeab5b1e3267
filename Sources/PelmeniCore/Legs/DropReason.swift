/// Why a datagram was not forwarded. Every one that was received and not sent on counts under one
/// of them.
public enum DropReason: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// Longer than a datagram of the other side, or a frame of it, can be; or empty, where a frame
    /// cannot be.
    case oversize
    /// The kernel cut it: longer than a block.
    case truncated
    /// As many sessions as may be at once, and its client has none.
    case tableFull
    /// The other side does not take them fast enough.
    case queueFull
    /// Nobody listens at the upstream, or it cannot be reached.
    case noUpstream
    /// An answer to a client that has no name.
    case noReturnAddress
    /// No socket, or no local port, was left for a session.
    case noPort
    /// From a client without a session, while the engine drains.
    case draining
    /// More than its session takes: the pair's `requests` or `responses` was reached.
    case surplus

    /// The name in logs, statistics and the summary line: `table_full`, say.
    public var description: String {
        switch self {
        case .oversize: "oversize"
        case .truncated: "truncated"
        case .tableFull: "table_full"
        case .queueFull: "queue_full"
        case .noUpstream: "no_upstream"
        case .noReturnAddress: "no_return_address"
        case .noPort: "no_port"
        case .draining: "draining"
        case .surplus: "surplus"
        }
    }
}
