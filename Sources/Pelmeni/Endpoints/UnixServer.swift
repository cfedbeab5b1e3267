public import PelmeniCore
public import PelmeniRuntime

/// Listens on a Unix stream socket.
public struct UnixServer: Server {
    /// Where accepted bytes go.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Where it listens.
    public let endpoint: Endpoint
    /// Of the socket's file.
    public let permissions: SocketPermissions

    /// - Parameters:
    ///   - client: where accepted bytes go.
    ///   - listen: a path, 1 to 107 bytes. A socket file there at which no process listens is
    ///     replaced; anything else is not.
    ///   - permissions: of the file.
    ///   - framing: how datagrams are cut from the stream when `client` takes datagrams, and
    ///     messages when `client` is one of streams: two streams of messages. Nil is what `options`
    ///     say.
    ///   - options: everything else.
    public init(
        _ client: any Client, listen: String, permissions: SocketPermissions = .owner,
        framing: Framing? = nil, options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        self.permissions = permissions
        endpoint = .unix(path: listen)
    }
}
