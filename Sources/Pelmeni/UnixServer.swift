public import PelmeniCore

/// Listens on a Unix stream socket.
public struct UnixServer: Server {
    /// Where accepted bytes go.
    public let client: any Client
    /// Deadlines, caps and placement of the pair.
    public var options: PairOptions
    /// Where it listens.
    public let listens: Destination
    /// The mode of the socket's file.
    public let mode: UInt16

    /// - Parameters:
    ///   - client: where accepted bytes go.
    ///   - path: 1 to 107 bytes. A socket there that nobody listens at is replaced; anything else
    ///     is not.
    ///   - mode: of the file.
    ///   - framing: how datagrams are cut from the stream when `client` takes datagrams; nil is
    ///     what `options` say.
    ///   - options: everything else.
    public init(
        _ client: any Client, path: String, mode: UInt16 = 0o600, framing: Framing? = nil,
        options: PairOptions = PairOptions()
    ) {
        self.client = client
        self.options = options.framed(framing)
        self.mode = mode
        listens = Destination(path: path)
    }
}
