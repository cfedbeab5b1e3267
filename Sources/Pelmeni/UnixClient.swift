/// Forwards to a Unix stream socket.
public struct UnixClient: Client {
    /// The destinations in order.
    public let destinations: [Destination]

    /// - Parameter path: of the socket, 1 to 107 bytes, unix(7).
    public init(_ path: String) { destinations = [Destination(path: path)] }

    /// Several destinations, taken in turn.
    public init(_ destinations: [Destination]) { self.destinations = destinations.map(\.stream) }
}
