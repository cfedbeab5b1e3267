public import PelmeniCore
public import PelmeniRuntime

/// Forwards to a Unix stream socket.
public struct UnixClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// How messages stand in its streams; nil is as in the server's.
    public var framing: Framing?
    /// Bytes of the longest message that its streams may bring; nil is as for the server's.
    public var frameBytesMax: Int?

    /// - Parameters:
    ///   - path: of the socket, 1 to 107 bytes, unix(7).
    ///   - framing: how messages stand in its streams, where they are not as in the server's.
    ///   - frameBytesMax: bytes of the longest message that such a stream may bring, 1 to 261,888
    ///     between two streams; nil is as for the server's.
    public init(
        _ path: String, framing: Framing? = nil, frameBytesMax: Int? = nil
    ) {
        self.init([.unix(path: path)], framing: framing, frameBytesMax: frameBytesMax)
    }

    /// Several endpoints, taken in turn.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.unix`; an ``Engine`` refuses others.
    ///   - framing: how messages stand in its streams, where they are not as in the server's.
    ///   - frameBytesMax: bytes of the longest message that such a stream may bring; nil is as for
    ///     the server's.
    public init(_ endpoints: [Endpoint], framing: Framing? = nil, frameBytesMax: Int? = nil) {
        self.endpoints = endpoints
        self.framing = framing
        self.frameBytesMax = frameBytesMax
    }
}
