public import PelmeniCore
public import PelmeniRuntime

/// Listens for datagrams on UDP. Each client address has a session of its own.
public struct UDPServer: Server {
    /// The client that forwards datagrams.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// The listening endpoint.
    public let endpoint: Endpoint

    /// - Parameters:
    ///   - client: forwards datagrams.
    ///   - listen: an address of this machine, a name of it, or empty for all addresses
    ///     (dual-stack). Responses leave from the address that the client sent to. The address of a
    ///     multicast group is joined, on ``PairOptions/interface``; responses to its members leave
    ///     from an address of this host.
    ///   - port: 0 for a port that the kernel chooses; ``Engine/listeners`` has it.
    ///   - framing: of datagrams in the stream, when `client` forwards to streams; nil is the
    ///     framing of `options`.
    ///   - options: everything else.
    public init(
        _ client: any Client, listen: String = "", port: UInt16 = 8080, framing: Framing? = nil,
        options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        endpoint = .udp(host: listen, port: port)
    }
}
