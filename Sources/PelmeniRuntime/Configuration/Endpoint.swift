package import PelmeniCore

/// One end of a pair, before any name is resolved: where a server listens, or where a client
/// forwards to.
public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A host and a port, for TCP. The host is a name, an IPv4 or an IPv6 address (without
    /// brackets). A listener's host may be empty for all addresses, and its port 0 for a port that
    /// the kernel chooses.
    case tcp(host: String, port: UInt16)
    /// The same, for UDP.
    case udp(host: String, port: UInt16)
    /// The same, for HTTP over TCP.
    case http(host: String, port: UInt16)
    /// The path of a Unix stream socket, 1 to 107 bytes, unix(7). A path that begins with `@` is an
    /// abstract name of 1 to 107 bytes, without a file: every program in this network namespace may
    /// use it. A file of such a name in the working folder is `./@name`.
    case unix(path: String)
    /// The path or the abstract name of a Unix datagram socket.
    case unixDatagram(path: String)
    /// A host without a port, for a protocol of one's own over a socket of datagrams that is not
    /// UDP's (``SocketRequest``). A listener's host may be empty for all IPv4 addresses.
    ///
    /// - Parameter scheme: the protocol's name in logs and errors.
    case host(String, scheme: String)

    /// `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `:80`, a path, or a host without a port:
    /// one word, as it stands in a URL behind `://`, with the odd bytes of a path escaped.
    public var description: String {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port), .http(let host, let port):
            "\(HostText.url(host)):\(port)"
        case .unix(let path), .unixDatagram(let path): PercentCoding.encoded(path: path)
        case .host(let host, _): HostText.url(host)
        }
    }

    /// As a URL: `tcp://[::1]:80`, `unix:@name`.
    package var url: String {
        "\(PercentCoding.encoded(name: scheme)):\(isAbstract ? "" : "//")\(self)"
    }

    /// The port of a TCP or UDP endpoint, else nil.
    public var port: UInt16? {
        if case .host = self { return nil }
        return hostAndPort?.port
    }

    /// The URL's scheme, before `://`.
    package var scheme: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .http: "http"
        case .unix: "unix"
        case .unixDatagram: "unixgram"
        case .host(_, let scheme): scheme
        }
    }

    /// Whether datagrams cross the endpoint, not a stream.
    package var isDatagram: Bool {
        switch self {
        case .udp, .unixDatagram, .host: true
        case .tcp, .http, .unix: false
        }
    }

    /// A path or an abstract name.
    package var isUnix: Bool {
        switch self {
        case .unix, .unixDatagram: true
        case .tcp, .udp, .http, .host: false
        }
    }

    /// A Unix socket without a file.
    package var isAbstract: Bool {
        switch self {
        case .unix(let path), .unixDatagram(let path): path.utf8.first == UInt8(ascii: "@")
        case .tcp, .udp, .http, .host: false
        }
    }

    /// A Unix socket, which is a file while a listener is bound to it.
    package var isFile: Bool { isUnix && !isAbstract }

    /// An address of a multicast group in digits.
    package var isGroup: Bool { hostAndPort != nil && address?.isGroup == true }

    /// Nil for a path. A host without a port has 0.
    package var hostAndPort: (host: String, port: UInt16)? {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port), .http(let host, let port):
            (host, port)
        case .host(let host, _): (host, 0)
        case .unix, .unixDatagram: nil
        }
    }

    /// A host that has to be looked up. An empty host means all addresses.
    package var isName: Bool {
        guard let host = hostAndPort?.host else { return false }
        return !host.isEmpty && address == nil
    }

    /// The address of a numeric host or a path; nil for a name.
    package var address: SocketAddress? {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port), .http(let host, let port):
            SocketAddress(numeric: host, port: port)
        case .unix(let path), .unixDatagram(let path): SocketAddress(path: path)
        case .host(let host, _): SocketAddress(numeric: host.isEmpty ? "0.0.0.0" : host, port: 0)
        }
    }

    /// The same kind of endpoint, with a socket's real address.
    package func at(_ address: SocketAddress) -> Endpoint {
        let host = address.host + zone(at: address)
        return switch self {
        case .tcp: .tcp(host: host, port: address.port ?? 0)
        case .udp: .udp(host: host, port: address.port ?? 0)
        case .http: .http(host: host, port: address.port ?? 0)
        case .unix, .unixDatagram: self
        case .host(_, let scheme): .host(host, scheme: scheme)
        }
    }

    /// The zone as it was given; the interface's number where a name led to the address.
    private func zone(at address: SocketAddress) -> String {
        guard address.scope != 0 else { return "" }
        let given = hostAndPort.flatMap { HostText.parts($0.host).zone }
        return "%\(given.map(String.init) ?? String(address.scope))"
    }
}
