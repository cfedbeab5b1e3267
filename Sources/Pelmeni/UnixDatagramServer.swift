public import PelmeniCore

/// Listens for datagrams on a Unix datagram socket. Each client that has a name has a session of
/// its own; those without one share a session, and get no answers.
public struct UnixDatagramServer: Server {
    /// Where datagrams go.
    public let client: any Client
    /// Deadlines, caps and placement of the pair.
    public var options: PairOptions
    /// Where it listens.
    public let listens: Destination
    /// The mode of the socket's file.
    public let mode: UInt16

    /// - Parameters:
    ///   - client: where datagrams go.
    ///   - path: 1 to 107 bytes. A socket there that nobody listens at is replaced; anything else
    ///     is not.
    ///   - mode: of the file.
    ///   - framing: how datagrams are written into the stream when `client` is one of streams; nil
    ///     is what `options` say.
    ///   - options: everything else.
    public init(
        _ client: any Client, path: String, mode: UInt16 = 0o600, framing: Framing? = nil,
        options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        self.mode = mode
        listens = Destination(.unixDatagram(path: path))
    }
}
