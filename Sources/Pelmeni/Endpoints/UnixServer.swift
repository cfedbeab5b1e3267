public import PelmeniCore
public import PelmeniRuntime

/// Listens on a Unix stream socket.
public struct UnixServer: Server {
    /// The client that forwards accepted bytes.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// The listening endpoint.
    public let endpoint: Endpoint
    /// The mode of the socket's file.
    public let permissions: SocketPermissions

    /// - Parameters:
    ///   - client: forwards accepted bytes.
    ///   - listen: a path, 1 to 107 bytes. A socket file without a listening process is replaced;
    ///     anything else is not. Or `@` and an abstract name, which every program in this network
    ///     namespace may use.
    ///   - permissions: of the file; of no meaning for an abstract name.
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
