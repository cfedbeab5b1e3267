public import PelmeniCore

/// Forwards to a Unix stream socket.
public struct UnixClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]

    /// - Parameter path: of the socket, 1 to 107 bytes, unix(7).
    public init(_ path: String) { self.init([.unix(path: path)]) }

    /// Several endpoints, taken in turn.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.unix`; an ``Engine`` refuses others.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }
}
