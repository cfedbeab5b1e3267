/// One end of a pair as a user names it, before any name is resolved.
package enum Place: Hashable, Sendable, CustomStringConvertible {
    /// A host name, an address, or empty for all addresses of a listener.
    case tcp(host: String, port: UInt16)
    case udp(host: String, port: UInt16)
    /// A stream socket.
    case unix(path: String)
    case unixDatagram(path: String)

    /// `127.0.0.1:80`, `[::1]:80`, `:80` or a path.
    package var description: String {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path), .unixDatagram(let path): path
        }
    }

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

    package var isUnix: Bool {
        switch self {
        case .unix, .unixDatagram: true
        case .tcp, .udp: false
        }
    }

    /// The host and port of a place in a network.
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
}
