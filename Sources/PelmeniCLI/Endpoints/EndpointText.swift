import Pelmeni

/// The part of a URL between `://` and its options, or one part of it between commas.
struct EndpointText {
    /// unix(7): the path and its terminating zero fill 108 bytes.
    private static let pathMost = 107
    /// An abstract name has a zero byte in front.
    private static let nameMost = 107

    private let text: Substring
    private let scheme: Scheme
    private let side: EndpointSide
    /// The whole URL, for messages.
    private let url: String

    init(_ text: Substring, scheme: Scheme, side: EndpointSide, url: String) {
        self.text = text
        self.scheme = scheme
        self.side = side
        self.url = url
    }

    func endpoint() throws(UsageError) -> Endpoint {
        guard !text.contains("://") else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\": the scheme stands once, before the first address; "
                    + "write \(scheme.name)://A,B")
        }
        switch scheme.form {
        case .path(let make): return make(try path())
        case .port(let make):
            let (host, port) = try hostAndPort()
            return make(host, port)
        case .host(let make):
            let (host, rest) = try hostAndRest()
            guard rest.isEmpty else {
                throw UsageError(
                    "\"\(rest)\" in \"\(url)\": \(scheme.name):// takes no port; "
                        + "write \(scheme.name)://HOST")
            }
            return make(host)
        }
    }

    private func path() throws(UsageError) -> String {
        guard let path = PercentCoding.decoded(text), !path.utf8.contains(0) else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a path: a % stands before two hex digits, and the "
                    + "bytes are UTF-8 without a zero")
        }
        guard path.first != "@" else {
            guard (1...Self.nameMost).contains(path.utf8.count - 1) else {
                throw UsageError(
                    "\"\(path)\" in \"\(url)\" is not an abstract name; "
                        + "valid: 1 to \(Self.nameMost) bytes behind the @")
            }
            return path
        }
        guard path.hasPrefix("/") else {
            throw UsageError(
                "\"\(path)\" in \"\(url)\" is not an absolute path; "
                    + "write \(scheme.name):///run/a.sock, or \(scheme.name):@name")
        }
        guard !path.hasSuffix("/") else {
            throw UsageError(
                "\"\(path)\" in \"\(url)\" is a folder; a socket has a name of its own")
        }
        guard path.utf8.count <= Self.pathMost else {
            throw UsageError(
                "\"\(path)\" has \(path.utf8.count) bytes; a unix socket's path has at most \(Self.pathMost)"
            )
        }
        return path
    }

    private func hostAndPort() throws(UsageError) -> (String, UInt16) {
        let (host, rest) = try hostAndRest()
        guard rest.first == ":" else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" has no port; write \(scheme.name)://HOST:PORT")
        }
        return (host, try port(rest.dropFirst()))
    }

    /// The host, and what follows it.
    private func hostAndRest() throws(UsageError) -> (String, Substring) {
        if let slash = text.firstIndex(of: "/") {
            throw UsageError(
                "\"\(text[slash...])\" in \"\(url)\": \(scheme.name):// takes no path")
        }
        let host: String
        let rest: Substring
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else {
                throw UsageError("\"\(text)\" in \"\(url)\" has a [ without a ]")
            }
            host = try ipv6(text[text.index(after: text.startIndex)..<close])
            rest = text[text.index(after: close)...]
        } else {
            guard text.count(where: { $0 == ":" }) < 2 else {
                throw UsageError(
                    "\"\(text)\" in \"\(url)\" has several colons; an IPv6 address stands in brackets, "
                        + "as in \(scheme.name)://[::1]:80")
            }
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = try plainHost(text[..<end])
            rest = text[end...]
        }
        return (host, rest)
    }

    private func port(_ text: Substring) throws(UsageError) -> UInt16 {
        let least: UInt16 = side == .listener ? 0 : 1
        // Only digits: UInt16("+80") is a number too.
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(text), port >= least
        else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a port; valid: \(least) to 65535")
        }
        return port
    }

    private func ipv6(_ text: Substring) throws(UsageError) -> String {
        guard let host = HostText.ipv6(url: text) else {
            let zone =
                text.contains("%")
                ? "; behind the % stands an interface's name or number, as in [fe80::1%eth0]" : ""
            throw UsageError("\"\(text)\" in \"\(url)\" is not an IPv6 address\(zone)")
        }
        return host
    }

    private func plainHost(_ text: Substring) throws(UsageError) -> String {
        guard !text.isEmpty else {
            if side == .listener { return "" }
            throw UsageError("\"\(url)\" has no host; an upstream needs one")
        }
        let host = String(text)
        guard !HostText.isNumeric(host) || HostText.isIPv4(host) else {
            throw UsageError("\"\(text)\" in \"\(url)\" is not an IPv4 address")
        }
        guard HostText.isValid(host) else {
            throw UsageError(
                "\"\(text)\" in \"\(url)\" is not a host; valid: a name, an IPv4 address, [IPv6]")
        }
        return host
    }
}
