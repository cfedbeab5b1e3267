public import PelmeniCore
public import PelmeniRuntime

/// Forwards datagrams to a Unix datagram socket. Datagrams wait for a slow reader, within bounds;
/// they are not lost.
public struct UnixDatagramClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameter path: of the socket, 1 to 107 bytes, unix(7); or `@` and an abstract name.
    public init(_ path: String) { self.init([.unixDatagram(path: path)]) }

    /// Several endpoints, assigned round-robin; a session stays with its own.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.unixDatagram`; an ``Engine`` refuses others.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }
}
