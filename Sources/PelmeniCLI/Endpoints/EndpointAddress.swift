import Glibc
import Pelmeni

/// Where an endpoint is: what stands between `://` and the options, or one part of it between
/// commas.
enum EndpointAddress: Hashable, Sendable {
    /// The host may be empty on a listener: all addresses.
    case tcp(host: String, port: UInt16)
    case udp(host: String, port: UInt16)
    case unix(path: String)
    /// A datagram socket.
    case unixgram(path: String)

    /// unix(7): the path and its terminating zero fill 108 bytes.
    private static let pathMost = 107

    /// - Parameter url: the whole, for messages.
    init(_ text: Substring, scheme: Scheme, side: EndpointSide, url: String) throws(UsageError) {
        guard !text.contains("://") else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\": the scheme stands once, before the first address; "
                    + "write \(scheme.rawValue)://A,B")
        }
        switch scheme {
        case .unix: self = .unix(path: try Self.path(text, scheme, url))
        case .unixgram: self = .unixgram(path: try Self.path(text, scheme, url))
        case .udp:
            let (host, port) = try Self.hostAndPort(text, scheme, side, url)
            self = .udp(host: host, port: port)
        // The other two are refused as schemes.
        case .tcp, .http, .icmp:
            let (host, port) = try Self.hostAndPort(text, scheme, side, url)
            self = .tcp(host: host, port: port)
        }
    }

    var scheme: Scheme {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        case .unix: .unix
        case .unixgram: .unixgram
        }
    }

    /// As a URL: `tcp://[::1]:80`.
    var url: String { "\(scheme.rawValue)://\(part)" }

    /// As one part of a URL with commas.
    var part: String {
        switch self {
        case .tcp(let host, let port), .udp(let host, let port):
            (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        case .unix(let path), .unixgram(let path): PercentCoding.encoded(path: path)
        }
    }

    /// A host that only a resolver can turn into an address.
    var name: String? {
        switch self {
        case .tcp(let host, _), .udp(let host, _):
            host.isEmpty || host.contains(":") || Self.isIPv4(host) ? nil : host
        case .unix, .unixgram: nil
        }
    }

    /// A listener whose port the kernel is to choose: two of them are two listeners.
    var takesAnyPort: Bool {
        switch self {
        case .tcp(_, let port), .udp(_, let port): port == 0
        case .unix, .unixgram: false
        }
    }

    /// The path of a socket, which has a file with a mode.
    var hasFile: Bool {
        switch self {
        case .tcp, .udp: false
        case .unix, .unixgram: true
        }
    }

    private static func path(
        _ text: Substring, _ scheme: Scheme, _ url: String
    ) throws(UsageError) -> String {
        guard let path = PercentCoding.decoded(text), !path.utf8.contains(0) else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a path: a % stands before two hex digits")
        }
        guard path.hasPrefix("/") else {
            throw UsageError(
                "\"\(path)\" in \"\(url)\" is not an absolute path; "
                    + "write \(scheme.rawValue):///run/a.sock")
        }
        guard !path.hasSuffix("/") else {
            throw UsageError(
                "\"\(path)\" in \"\(url)\" is a folder; a socket has a name of its own")
        }
        guard path.utf8.count <= pathMost else {
            throw UsageError(
                "\"\(path)\" has \(path.utf8.count) bytes; a unix socket's path has at most \(pathMost)"
            )
        }
        return path
    }

    private static func hostAndPort(
        _ text: Substring, _ scheme: Scheme, _ side: EndpointSide, _ url: String
    ) throws(UsageError) -> (String, UInt16) {
        if let slash = text.firstIndex(of: "/") {
            throw UsageError(
                "\"\(text[slash...])\" in \"\(url)\": \(scheme.rawValue):// takes no path")
        }
        let host: String
        let rest: Substring
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else {
                throw UsageError("\"\(text)\" in \"\(url)\" has a [ without a ]")
            }
            host = try ipv6(text[text.index(after: text.startIndex)..<close], url)
            rest = text[text.index(after: close)...]
        } else {
            guard text.count(where: { $0 == ":" }) < 2 else {
                throw UsageError(
                    "\"\(text)\" in \"\(url)\" has several colons; an IPv6 address stands in brackets, "
                        + "as in \(scheme.rawValue)://[::1]:80")
            }
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = try plainHost(text[..<end], side, url)
            rest = text[end...]
        }
        guard rest.first == ":" else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" has no port; write \(scheme.rawValue)://HOST:PORT")
        }
        return (host, try port(rest.dropFirst(), side, url))
    }

    private static func port(
        _ text: Substring, _ side: EndpointSide, _ url: String
    ) throws(UsageError) -> UInt16 {
        let least: UInt16 = side == .listener ? 0 : 1
        // Only digits: UInt16("+80") is a number too.
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(text), port >= least
        else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a port; valid: \(least) to 65535")
        }
        return port
    }

    private static func ipv6(_ text: Substring, _ url: String) throws(UsageError) -> String {
        let host = PercentCoding.decoded(text) ?? String(text)
        var address = in6_addr()
        let plain = String(host.prefix { $0 != "%" })
        guard inet_pton(AF_INET6, plain, &address) == 1, !host.hasSuffix("%") else {
            throw UsageError("\"\(text)\" in \"\(url)\" is not an IPv6 address")
        }
        return host
    }

    private static func plainHost(
        _ text: Substring, _ side: EndpointSide, _ url: String
    ) throws(UsageError) -> String {
        guard !text.isEmpty else {
            if side == .listener { return "" }
            throw UsageError("\"\(url)\" has no host; an upstream needs one")
        }
        let valid = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard valid, text.utf8.count <= 253, !text.hasPrefix("."), !text.contains("..") else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a host; valid: a name, an IPv4 address, [IPv6]")
        }
        let host = String(text)
        let numeric = host.allSatisfy { $0.isNumber || $0 == "." }
        guard !numeric || isIPv4(host) else {
            throw UsageError("\"\(text)\" in \"\(url)\" is not an IPv4 address")
        }
        return host
    }

    private static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }
}

extension EndpointAddress {
    /// As the library names where to forward.
    var destination: Destination {
        switch self {
        case .tcp(let host, let port): Destination(host: host, port: port)
        case .udp(let host, let port): Destination(.udp(host: host, port: port))
        case .unix(let path): Destination(path: path)
        case .unixgram(let path): Destination(.unixDatagram(path: path))
        }
    }
}
