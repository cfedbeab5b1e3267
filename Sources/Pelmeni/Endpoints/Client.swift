public import PelmeniCore
public import PelmeniRuntime

/// Forwards to an endpoint. Several endpoints are dialled round-robin, and the next one when a
/// connect fails.
///
/// A description: it holds no connection, and any number of servers and engines may share it.
public protocol Client: Sendable {
    /// The endpoints in order; 1 to 64, all of one kind.
    var endpoints: [Endpoint] { get }
    /// The framing of messages in the streams to the endpoints; nil is the server's. Refused for
    /// datagram endpoints.
    var framing: Framing? { get }
    /// Bytes of the longest message cut from such a stream; nil is the server's limit.
    var frameBytesMax: Int? { get }
    /// The interface, by its name or number, by which datagrams to endpoints that are multicast
    /// groups leave; nil is the server's. Refused without such an endpoint.
    var interface: String? { get }
    /// The hooks of the sessions that it forwards, in the order of attachment: `[]` for none.
    /// ``hook(_:)``, ``beforeSend(_:)`` and their like add to them.
    var hooks: [HookTable] { get set }
    /// The protocol that its sessions speak with their upstream; nil is the endpoints' own.
    var driver: DriverTable? { get }
}

extension Client {
    /// The server's framing.
    public var framing: Framing? { nil }
    /// The server's limit.
    public var frameBytesMax: Int? { nil }
    /// The server's interface.
    public var interface: String? { nil }
    /// The endpoints' own.
    public var driver: DriverTable? { nil }

    /// The scheme of this client type's endpoints. Nil for an embedder's own type, whose endpoints
    /// may have any.
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
