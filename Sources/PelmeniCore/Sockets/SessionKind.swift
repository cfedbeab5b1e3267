/// The kinds of the two sides of a session.
package enum SessionKind: UInt8, Sendable {
    case streams
    case datagrams
    case streamToDatagrams
    case datagramsToStream

    /// Its client shares the listener's socket: clients differ by their addresses.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }
}
