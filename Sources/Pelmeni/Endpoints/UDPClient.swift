public import PelmeniCore
public import PelmeniRuntime

/// Forwards datagrams over UDP: each session has a connected socket of its own, so that a response
/// reaches the client that asked, and no other client's datagram does.
public struct UDPClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; the last good addresses are kept.
    ///   - port: 1 to 65535.
    public init(_ host: String, port: UInt16) {
        self.init([.udp(host: host, port: port)])
    }

    /// Several endpoints, assigned round-robin; a session stays with its own.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.udp`; an ``Engine`` refuses others.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }
}
