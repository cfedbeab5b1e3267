public import PelmeniCore
public import PelmeniRuntime

/// Forwards over TCP.
public struct TCPClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// How messages stand in its streams; nil is as in the server's.
    public var framing: Framing?
    /// Bytes of the longest message that its streams may bring; nil is as for the server's.
    public var frameBytesMax: Int?

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets). A name is looked up off the
    ///     workers and again every thirty seconds; its last good answer is kept.
    ///   - port: 1 to 65535.
    ///   - framing: how messages stand in its streams, where they are not as in the server's.
    ///   - frameBytesMax: bytes of the longest message that such a stream may bring, 1 to 261,888
    ///     between two streams; nil is as for the server's.
    public init(
        _ host: String, port: UInt16, framing: Framing? = nil, frameBytesMax: Int? = nil
    ) {
        self.init([.tcp(host: host, port: port)], framing: framing, frameBytesMax: frameBytesMax)
    }

    /// Several endpoints, taken in turn.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.tcp`; an ``Engine`` refuses others.
    ///   - framing: how messages stand in its streams, where they are not as in the server's.
    ///   - frameBytesMax: bytes of the longest message that such a stream may bring; nil is as for
    ///     the server's.
    public init(_ endpoints: [Endpoint], framing: Framing? = nil, frameBytesMax: Int? = nil) {
        self.endpoints = endpoints
        self.framing = framing
        self.frameBytesMax = frameBytesMax
    }
}
