public import PelmeniCore
public import PelmeniRuntime

/// Listens for datagrams on a Unix datagram socket. Each client that has a name has a session of
/// its own; those without one share a session, and get no answers.
public struct UnixDatagramServer: Server {
    /// Where datagrams go.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Where it listens.
    public let endpoint: Endpoint
    /// Of the socket's file.
    public let permissions: SocketPermissions

    /// - Parameters:
    ///   - client: where datagrams go.
    ///   - listen: a path, 1 to 107 bytes. A socket file there at which no process listens is
    ///     replaced; anything else is not.
    ///   - permissions: of the file.
    ///   - framing: how datagrams are written into the stream when `client` is one of streams; nil
    ///     is what `options` say.
    ///   - options: everything else.
    public init(
        _ client: any Client, listen: String, permissions: SocketPermissions = .owner,
        framing: Framing? = nil, options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        self.permissions = permissions
        endpoint = .unixDatagram(path: listen)
    }
}
