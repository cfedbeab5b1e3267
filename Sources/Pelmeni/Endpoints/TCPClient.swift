public import PelmeniCore
public import PelmeniRuntime

/// Forwards over TCP.
public struct TCPClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// The framing of messages in its streams; nil is the server's.
    public var framing: Framing?
    /// Bytes of the longest message from its streams; nil is the server's limit.
    public var frameBytesMax: Int?

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; the last good addresses are kept.
    ///   - port: 1 to 65535.
    ///   - framing: of messages in its streams; nil is the server's.
    ///   - frameBytesMax: bytes of the longest message from such a stream, 1 to 261,888 between two
    ///     streams; nil is the server's limit.
    public init(
        _ host: String, port: UInt16, framing: Framing? = nil, frameBytesMax: Int? = nil
    ) {
        self.init([.tcp(host: host, port: port)], framing: framing, frameBytesMax: frameBytesMax)
    }

    /// Several endpoints, dialled round-robin.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.tcp`; an ``Engine`` refuses others.
    ///   - framing: of messages in its streams; nil is the server's.
    ///   - frameBytesMax: bytes of the longest message from such a stream; nil is the server's
    ///     limit.
    public init(_ endpoints: [Endpoint], framing: Framing? = nil, frameBytesMax: Int? = nil) {
        self.endpoints = endpoints
        self.framing = framing
        self.frameBytesMax = frameBytesMax
    }
}
