internal import PelmeniCore

/// Where a ``Client`` forwards to.
public struct Destination: Hashable, Sendable, CustomStringConvertible {
    /// What sort of destination it is.
    public enum Kind: Hashable, Sendable {
        /// A host name or address, and a port.
        case tcp(host: String, port: UInt16)
        /// A host name or address, and a port, for datagrams.
        case udp(host: String, port: UInt16)
        /// The path of a Unix stream socket.
        case unix(path: String)
        /// The path of a Unix datagram socket.
        case unixDatagram(path: String)
    }

    /// What sort of destination it is.
    public let kind: Kind

    /// A destination of whatever kind: for a ``Client`` of one's own.
    public init(_ kind: Kind) { self.kind = kind }

    /// A host name, an IPv4 or an IPv6 address (without brackets), and a port.
    ///
    /// By itself it is a TCP destination; a ``UDPClient`` takes it for a UDP one.
    public init(host: String, port: UInt16) { kind = .tcp(host: host, port: port) }

    /// The path of a Unix socket, 1 to 107 bytes.
    ///
    /// By itself it is a stream destination; a ``UnixDatagramClient`` takes it for one of
    /// datagrams.
    public init(path: String) { kind = .unix(path: path) }

    /// `127.0.0.1:80`, `[::1]:80` or a path.
    public var description: String { place.description }

    /// The same address for a stream.
    var stream: Destination {
        switch kind {
        case .tcp, .unix: self
        case .udp(let host, let port): Destination(.tcp(host: host, port: port))
        case .unixDatagram(let path): Destination(.unix(path: path))
        }
    }

    /// The same address for datagrams.
    var datagram: Destination {
        switch kind {
        case .udp, .unixDatagram: self
        case .tcp(let host, let port): Destination(.udp(host: host, port: port))
        case .unix(let path): Destination(.unixDatagram(path: path))
        }
    }

    package var place: Place {
        switch kind {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .udp(let host, let port): .udp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        case .unixDatagram(let path): .unixDatagram(path: path)
        }
    }
}
