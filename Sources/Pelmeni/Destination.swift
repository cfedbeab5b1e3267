internal import PelmeniCore

/// Where a ``Client`` forwards to.
public struct Destination: Hashable, Sendable, CustomStringConvertible {
    /// What sort of destination it is.
    public enum Kind: Hashable, Sendable {
        /// A host name or address, and a port.
        case tcp(host: String, port: UInt16)
        /// The path of a Unix stream socket.
        case unix(path: String)
    }

    /// What sort of destination it is.
    public let kind: Kind

    /// A host name, an IPv4 or an IPv6 address (without brackets), and a port.
    public init(host: String, port: UInt16) { kind = .tcp(host: host, port: port) }

    /// The path of a Unix stream socket, 1 to 107 bytes.
    public init(path: String) { kind = .unix(path: path) }

    /// `127.0.0.1:80`, `[::1]:80` or a path.
    public var description: String { place.description }

    package var place: Place {
        switch kind {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        }
    }
}
