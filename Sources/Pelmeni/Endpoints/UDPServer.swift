public import PelmeniCore
public import PelmeniRuntime

/// Listens for datagrams on UDP. Each client address has a session of its own.
public struct UDPServer: Server {
    /// Where datagrams go.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Where it listens.
    public let endpoint: Endpoint

    /// - Parameters:
    ///   - client: where datagrams go.
    ///   - listen: an address of this machine, a name of it, or empty for all addresses
    ///     (dual-stack). Answers leave from the address that the client sent to.
    ///   - port: 0 asks the kernel for one; ``Engine/listeners`` says which it was.
    ///   - framing: how datagrams are written into the stream when `client` is one of streams; nil
    ///     is what `options` say.
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
