public import PelmeniCore
public import PelmeniRuntime

/// Forwards to an endpoint: one of several when there are several, each in turn, and the next one
/// when a connect fails.
///
/// A description: it holds no connection, and may be shared by any number of servers and engines.
public protocol Client: Sendable {
    /// The endpoints in order; 1 to 64, all of one kind.
    var endpoints: [Endpoint] { get }
    /// How messages stand in the streams to the endpoints; nil is as in the server's streams.
    /// Refused for endpoints of datagrams.
    var framing: Framing? { get }
    /// Bytes of the longest message cut from such a stream; nil is as for the server's streams.
    var frameBytesMax: Int? { get }
}

extension Client {
    /// As in the server's streams.
    public var framing: Framing? { nil }
    /// As for the server's streams.
    public var frameBytesMax: Int? { nil }

    /// The scheme of the endpoints that a client of this type forwards to. Nil for a client of an
    /// embedder's own, which may forward to any.
    var scheme: String? {
        switch self {
        case is TCPClient: "tcp"
        case is UDPClient: "udp"
        case is UnixClient: "unix"
        case is UnixDatagramClient: "unixgram"
        default: nil
        }
    }
}
