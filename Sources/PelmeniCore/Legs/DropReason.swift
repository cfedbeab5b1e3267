/// Why a datagram was not forwarded: each datagram received and not sent on has one reason.
public enum DropReason: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// Longer than a datagram or frame of the other side can be; or empty, where a frame cannot.
    case oversize
    /// Longer than a block: the kernel truncated it.
    case truncated
    /// From a client without a session, with the session limit reached.
    case tableFull
    /// The other side takes datagrams too slowly.
    case queueFull
    /// The upstream has no listener, or cannot be reached.
    case noUpstream
    /// A response to a client without a name.
    case noReturnAddress
    /// A session found no socket, or no local port.
    case noPort
    /// From a client without a session, while the engine drains.
    case draining
    /// Over the pair's `requests` or `responses`.
    case surplus
    /// A hook dropped it, or closed its session; or a protocol knows no session for it.
    case hook
    /// Sent, and not answered in time: an echo of ICMP, or what else a protocol counts so.
    case unanswered

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
        case .hook: "hook"
        case .unanswered: "unanswered"
        }
    }
}
