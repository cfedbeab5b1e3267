/// What the two sides of a session are.
package enum SessionKind: UInt8, Sendable {
    case streams
    case datagrams
    case streamToDatagrams
    case datagramsToStream

    /// Its client is one of many that send to the same socket, told apart by their addresses.
    @inline(__always)
    package var hasNamedClient: Bool { self == .datagrams || self == .datagramsToStream }

    @inline(__always)
    package var forwardsDatagrams: Bool { self == .datagrams || self == .streamToDatagrams }
}
