/// The kinds of the two sides of a pair, and of each of its sessions. Some options are valid only
/// for pairs with datagrams, or with messages in a stream.
package enum PairKind: UInt8, Sendable {
    /// A stream on both sides, whose bytes pass as they come.
    case streams
    /// Datagrams on both sides.
    case datagrams
    /// A listener of streams, an upstream of datagrams.
    case streamToDatagrams
    /// A listener of datagrams, an upstream of streams.
    case datagramsToStream
    /// A stream of messages on both sides, each with a framing of its own.
    case framedStreams
    /// A stream on both sides, whose chunks pass hooks in at least one direction.
    case hookedStreams
    /// A stream on both sides, and one driver that speaks with both.
    case drivenStreams

    /// - Parameter isFramed: two streams have framings.
    package init(listensForDatagrams: Bool, forwardsDatagrams: Bool, isFramed: Bool) {
        self =
            switch (listensForDatagrams, forwardsDatagrams) {
            case (false, false): isFramed ? .framedStreams : .streams
            case (true, true): .datagrams
            case (false, true): .streamToDatagrams
            case (true, false): .datagramsToStream
            }
    }

    /// Its client shares the listener's socket: clients differ by their addresses.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }

    /// Both sides are streams: an end or a reset of one is forwarded to the other.
    @inline(__always)
    package var isOfStreams: Bool {
        self == .streams || rawValue >= PairKind.framedStreams.rawValue
    }

    /// Datagrams cross at least one side.
    package var hasDatagrams: Bool { !isOfStreams }

    /// Messages cross the pair, as datagrams or in frames.
    package var hasMessages: Bool { !isOfChunks }

    /// Two streams without messages: bytes pass as they come.
    @inline(__always)
    package var isOfChunks: Bool {
        self == .streams || rawValue >= PairKind.hookedStreams.rawValue
    }

    /// Messages are cut from a stream on at least one side.
    package var isFramed: Bool { !isOfChunks && self != .datagrams }
}
