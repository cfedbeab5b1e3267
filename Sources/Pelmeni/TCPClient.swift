/// Forwards over TCP.
public struct TCPClient: Client {
    /// The destinations in order.
    public let destinations: [Destination]

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; its last good answer is kept.
    ///   - port: 1 to 65535.
    public init(_ host: String, _ port: UInt16) {
        destinations = [Destination(host: host, port: port)]
    }

    /// Several destinations, taken in turn.
    public init(_ destinations: [Destination]) { self.destinations = destinations.map(\.stream) }
}
