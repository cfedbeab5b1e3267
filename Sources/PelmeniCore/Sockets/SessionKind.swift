/// The kinds of the two sides of a session.
package enum SessionKind: UInt8, Sendable {
    case streams
    case datagrams
    case streamToDatagrams
    case datagramsToStream

    /// Its client shares the listener's socket with other clients, by its address.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }
}
