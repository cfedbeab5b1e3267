package import PelmeniCore

/// One end of a pair as it is named, before any name is resolved: where a server listens, or where
/// a client forwards to.
public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A host and a port, for TCP. The host is a name, an IPv4 or an IPv6 address (without
    /// brackets); a listener's may be empty for all addresses, and its port 0 for one that the
    /// kernel chooses.
    case tcp(host: String, port: UInt16)
    /// The same, for UDP.
    case udp(host: String, port: UInt16)
    /// The path of a Unix stream socket, 1 to 107 bytes, unix(7).
    case unix(path: String)
    /// The path of a Unix datagram socket, 1 to 107 bytes.
    case unixDatagram(path: String)

    /// `127.0.0.1:80`, `[::1]:80`, `:80` or a path.
    public var description: String {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path), .unixDatagram(let path): path
        }
    }

    /// The port of a TCP or UDP endpoint, else nil.
    public var port: UInt16? { hostAndPort?.port }

    /// What stands before `://` in its URL.
    package var scheme: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .unix: "unix"
        case .unixDatagram: "unixgram"
        }
    }

    /// Whether datagrams cross it, rather than a stream.
    package var isDatagram: Bool {
        switch self {
        case .udp, .unixDatagram: true
        case .tcp, .unix: false
        }
    }

    /// A path, which becomes a file while a listener has it.
    package var isUnix: Bool {
        switch self {
        case .unix, .unixDatagram: true
        case .tcp, .udp: false
        }
    }

    /// Nil for a path.
    package var hostAndPort: (host: String, port: UInt16)? {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port): (host, port)
        case .unix, .unixDatagram: nil
        }
    }

    /// A host that has to be looked up. An empty one means all addresses.
    package var isName: Bool {
        guard let host = hostAndPort?.host else { return false }
        return !host.isEmpty && address == nil
    }

    /// The address behind it when no name has to be resolved: a numeric host, or a path.
    package var address: SocketAddress? {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port):
            SocketAddress(numeric: host, port: port)
        case .unix(let path), .unixDatagram(let path): SocketAddress(path: path)
        }
    }

    /// The endpoint of the same kind with the address that a socket really has.
    package func at(_ address: SocketAddress) -> Endpoint {
        switch self {
        case .tcp: .tcp(host: address.host, port: address.port ?? 0)
        case .udp: .udp(host: address.host, port: address.port ?? 0)
        case .unix, .unixDatagram: self
        }
    }
}
