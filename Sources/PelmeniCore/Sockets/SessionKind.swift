/// What the two sides of a session are.
package enum SessionKind: UInt8, Sendable {
    /// Two streams whose bytes pass as they come.
    case streams
    case datagrams
    case streamToDatagrams
    case datagramsToStream
    /// Two streams of messages, each with a framing of its own.
    case framedStreams

    /// Its client is one of many that send to the same socket, told apart by their addresses.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }

    /// Both sides are streams, so an end of one and a reset of it go on to the other.
    @inline(__always)
    package var isOfStreams: Bool { self == .streams || self == .framedStreams }
}
