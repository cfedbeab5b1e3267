public import PelmeniCore
public import PelmeniRuntime

/// Listens for datagrams on a Unix datagram socket. Each client with a name has a session of its
/// own; clients without one share a session, and get no responses.
public struct UnixDatagramServer: Server {
    /// The client that forwards datagrams.
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
    ///   - client: forwards datagrams.
    ///   - listen: a path, 1 to 107 bytes. A socket file without a listening process is replaced;
    ///     anything else is not. Or `@` and an abstract name, which every program in this network
    ///     namespace may use.
    ///   - permissions: of the file; of no meaning for an abstract name.
    ///   - framing: of datagrams in the stream, when `client` forwards to streams; nil is the
    ///     framing of `options`.
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
