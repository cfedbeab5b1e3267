/// One end of a pair as a user names it, before any name is resolved.
package enum Place: Hashable, Sendable, CustomStringConvertible {
    /// A host name, an address, or empty for all addresses of a listener.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// `127.0.0.1:80`, `[::1]:80`, `:80` or a path.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    package var scheme: String {
        switch self {
        case .tcp: "tcp"
        case .unix: "unix"
        }
    }

    /// The address behind it when no name has to be resolved: a numeric host, or a path.
    package var address: SocketAddress? {
        switch self {
        case .tcp(let host, let port): SocketAddress(numeric: host, port: port)
        case .unix(let path): SocketAddress(path: path)
        }
    }
}
