public import PelmeniCore
public import PelmeniRuntime

/// Listens on TCP.
public struct TCPServer: Server {
    /// The client that forwards accepted bytes.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// What the listener does with clients while no upstream takes connections.
    public var whenDown = WhenDown.accept
    /// The listening endpoint.
    public let endpoint: Endpoint

    /// - Parameters:
    ///   - client: forwards accepted bytes.
    ///   - listen: an address of this machine, a name of it, or empty for all addresses
    ///     (dual-stack).
    ///   - port: 0 asks the kernel for one; ``Engine/listeners`` says which it was.
    ///   - framing: how datagrams are cut from the stream when `client` takes datagrams, and
    ///     messages when `client` is one of streams: two streams of messages. Nil is what `options`
    ///     say.
    ///   - options: everything else.
    public init(
        _ client: any Client, listen: String = "", port: UInt16 = 8080, framing: Framing? = nil,
        options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        endpoint = .tcp(host: listen, port: port)
    }
}
