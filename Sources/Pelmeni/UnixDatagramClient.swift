/// Forwards datagrams to a Unix datagram socket. They wait for a slow reader, within bounds, rather
/// than get lost.
public struct UnixDatagramClient: Client {
    /// The destinations in order.
    public let destinations: [Destination]

    /// - Parameter path: of the socket, 1 to 107 bytes, unix(7).
    public init(_ path: String) { self.init([Destination(path: path)]) }

    /// Several destinations, taken in turn; a session stays with its own. A path is taken for
    /// datagrams.
    public init(_ destinations: [Destination]) { self.destinations = destinations.map(\.datagram) }
}
