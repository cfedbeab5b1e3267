public import PelmeniCore
public import PelmeniRuntime

/// Forwards datagrams over UDP: each session has a connected socket of its own, so that a response
/// reaches the client that asked, and no other client's datagram does.
public struct UDPClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// The interface by which datagrams to multicast groups leave; nil is the server's.
    public var interface: String?

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; the last good addresses are kept. Datagrams to a
    ///     multicast group reach its members; no answer comes back from one.
    ///   - port: 1 to 65535.
    ///   - interface: by which datagrams to a group leave; nil is the server's.
    public init(_ host: String, port: UInt16, interface: String? = nil) {
        self.init([.udp(host: host, port: port)], interface: interface)
    }

    /// Several endpoints, assigned round-robin; a session stays with its own.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.udp`; an ``Engine`` refuses others.
    ///   - interface: by which datagrams to groups leave; nil is the server's.
    public init(_ endpoints: [Endpoint], interface: String? = nil) {
        self.endpoints = endpoints
        self.interface = interface
    }
}
