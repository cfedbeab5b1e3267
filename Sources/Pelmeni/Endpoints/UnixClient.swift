public import PelmeniCore
public import PelmeniRuntime

/// Forwards to a Unix stream socket.
public struct UnixClient: Client {
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// The framing of messages in its streams; nil is the server's.
    public var framing: Framing?
    /// Bytes of the longest message from its streams; nil is the server's limit.
    public var frameBytesMax: Int?

    /// - Parameters:
    ///   - path: of the socket, 1 to 107 bytes, unix(7); or `@` and an abstract name.
    ///   - framing: of messages in its streams; nil is the server's.
    ///   - frameBytesMax: bytes of the longest message from such a stream, 1 to 261,888 between two
    ///     streams; nil is the server's limit.
    public init(
        _ path: String, framing: Framing? = nil, frameBytesMax: Int? = nil
    ) {
        self.init([.unix(path: path)], framing: framing, frameBytesMax: frameBytesMax)
    }

    /// Several endpoints, dialled round-robin.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.unix`; an ``Engine`` refuses others.
    ///   - framing: of messages in its streams; nil is the server's.
    ///   - frameBytesMax: bytes of the longest message from such a stream; nil is the server's
    ///     limit.
    public init(_ endpoints: [Endpoint], framing: Framing? = nil, frameBytesMax: Int? = nil) {
        self.endpoints = endpoints
        self.framing = framing
        self.frameBytesMax = frameBytesMax
    }
}
