/// What crosses the two sides of a pair, and so of each of its sessions. Some options mean
/// something only where datagrams cross a side, or where a stream meets them.
package enum PairKind: UInt8, Sendable {
    /// A stream on both sides.
    case streams
    /// Datagrams on both sides.
    case datagrams
    /// A listener of streams, an upstream of datagrams.
    case streamToDatagrams
    /// A listener of datagrams, an upstream of streams.
    case datagramsToStream

    package init(listensForDatagrams: Bool, forwardsDatagrams: Bool) {
        self =
            switch (listensForDatagrams, forwardsDatagrams) {
            case (false, false): .streams
            case (true, true): .datagrams
            case (false, true): .streamToDatagrams
            case (true, false): .datagramsToStream
            }
    }

    /// The client of a session is one of many that send to the same socket, told apart by their
    /// addresses.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }

    /// Datagrams cross at least one side.
    package var hasDatagrams: Bool { self != .streams }

    /// Messages are cut from a stream on one side.
    package var isFramed: Bool { self == .streamToDatagrams || self == .datagramsToStream }
}
