public import PelmeniCore

/// Forwards over TCP.
public struct TCPClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; its last good answer is kept.
    ///   - port: 1 to 65535.
    public init(_ host: String, port: UInt16) {
        self.init([.tcp(host: host, port: port)])
    }

    /// Several endpoints, taken in turn.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.tcp`; an ``Engine`` refuses others.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }
}
