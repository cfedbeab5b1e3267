import Pelmeni

/// A parsed endpoint URL: `tcp://10.0.0.1:80,10.0.0.2:80?connect=2s`.
struct EndpointURL: Sendable {
    /// As given.
    let url: String
    /// One for a listener, one or more for an upstream.
    let endpoints: [Endpoint]
    /// The path behind an http upstream: where its messages go.
    let target: String?
    let options: [PairOption: PairOption.Value]

    init(_ url: String, side: EndpointSide) throws(UsageError) {
        let colon = url.firstIndex(of: ":") ?? url.endIndex
        let behind = url[colon...].dropFirst()
        let hasSlashes = behind.hasPrefix("//")
        // An abstract socket has no path, so its URL has no slashes.
        guard hasSlashes || behind.first == "@" else {
            throw Self.noEndpoint(url, scheme: url[..<colon].lowercased())
        }
        let scheme = try Scheme.named(url[..<colon], in: url)
        self.url = url
        let rest = hasSlashes ? behind.dropFirst(2) : behind
        if hasSlashes, rest.first == "@", case .path = scheme.form {
            throw UsageError(
                "\"\(url)\": an abstract socket stands behind the colon; "
                    + "write \(scheme.name):\(rest)")
        }
        let end = rest.firstIndex(of: "?") ?? rest.endIndex
        var text = rest[..<end]
        // A lone slash is the path that is meant without one.
        if scheme.name == "http", side == .upstream, let slash = text.firstIndex(of: "/") {
            target = try Self.target(text[slash...], url)
            text = text[..<slash]
        } else {
            target = nil
        }
        endpoints = try Self.endpoints(text, scheme, side, url)
        options = end < rest.endIndex ? try Self.options(rest[end...].dropFirst(), url) : [:]
    }

    private static func noEndpoint(_ url: String, scheme name: String) -> UsageError {
        if let scheme = Scheme.served.first(where: { $0.name == name }), case .path = scheme.form {
            return UsageError(
                "\"\(url)\" is not an endpoint; write \(name):///run/a.sock, or \(name):@name")
        }
        return UsageError(
            "\"\(url)\" is not an endpoint; write SCHEME://ADDRESS, as in "
                + "tcp://127.0.0.1:8080; valid schemes: \(Scheme.servedList)")
    }

    private static func target(_ text: Substring, _ url: String) throws(UsageError) -> String {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
            throw UsageError("\"\(text)\" in \"\(url)\" is not a path of printable ASCII")
        }
        return String(text)
    }

    private static func endpoints(
        _ text: Substring, _ scheme: Scheme, _ side: EndpointSide, _ url: String
    ) throws(UsageError) -> [Endpoint] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard side == .upstream || parts.count == 1 else {
            throw UsageError(
                "\"\(url)\" has \(parts.count) addresses; a listener has one, "
                    + "further ones are pairs of their own")
        }
        var endpoints: [Endpoint] = []
        for part in parts {
            guard !part.isEmpty || parts.count == 1 else {
                throw UsageError("\"\(url)\" has an empty address beside a comma")
            }
            let endpoint = try EndpointText(part, scheme: scheme, side: side, url: url).endpoint()
            guard !endpoints.contains(endpoint) else {
                throw UsageError("\"\(part)\" stands twice in \"\(url)\"")
            }
            endpoints.append(endpoint)
        }
        return endpoints
    }

    private static func options(
        _ query: Substring, _ url: String
    ) throws(UsageError) -> [PairOption: PairOption.Value] {
        var options: [PairOption: PairOption.Value] = [:]
        for part in query.split(separator: "&", omittingEmptySubsequences: false) {
            let sign = part.firstIndex(of: "=") ?? part.endIndex
            let option = try PairOption.named(part[..<sign], in: url)
            guard sign < part.endIndex, let text = PercentCoding.decoded(part[sign...].dropFirst())
            else {
                throw UsageError(
                    "option \"\(part)\" in \"\(url)\" has no value; write \(option.rawValue)=VALUE")
            }
            let value = try option.value(text, in: url)
            if let other = options[option], other != value {
                throw UsageError(
                    "option \"\(option.rawValue)\" stands twice in \"\(url)\", "
                        + "as \(other) and as \(value)")
            }
            options[option] = value
        }
        return options
    }
}
