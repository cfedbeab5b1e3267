/// What meets at a pair. Some options mean something only where datagrams cross, or where a stream
/// meets them.
package enum PairKind: Sendable {
    /// A stream on both sides.
    case streams
    /// Datagrams on both sides.
    case datagrams
    /// A listener of streams, an upstream of datagrams.
    case streamToDatagram
    /// A listener of datagrams, an upstream of streams.
    case datagramToStream

    init(listensForDatagrams: Bool, forwardsDatagrams: Bool) {
        self =
            switch (listensForDatagrams, forwardsDatagrams) {
            case (false, false): .streams
            case (true, true): .datagrams
            case (false, true): .streamToDatagram
            case (true, false): .datagramToStream
            }
    }

    /// Datagrams cross at least one side.
    package var hasDatagrams: Bool { self != .streams }

    /// Messages are cut from a stream on one side.
    package var isFramed: Bool { self == .streamToDatagram || self == .datagramToStream }
}
