/// Forwards datagrams over UDP: each session has a connected socket of its own, so that an answer
/// reaches the client that asked, and nobody else's datagram does.
public struct UDPClient: Client {
    /// The destinations in order.
    public let destinations: [Destination]

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; its last good answer is kept.
    ///   - port: 1 to 65535.
    public init(_ host: String, _ port: UInt16) {
        self.init([Destination(host: host, port: port)])
    }

    /// Several destinations, taken in turn; a session stays with its own. A host and a port are
    /// taken for UDP.
    public init(_ destinations: [Destination]) { self.destinations = destinations.map(\.datagram) }
}
