import Pelmeni

/// The part of a URL before `://`, and how the rest becomes an endpoint.
struct Scheme: Sendable {
    /// The form of an endpoint's text, and the endpoint of its parts.
    enum Form: Sendable {
        case port(@Sendable (_ host: String, _ port: UInt16) -> Endpoint)
        case path(@Sendable (_ path: String) -> Endpoint)
        case host(@Sendable (_ host: String) -> Endpoint)
    }

    let name: String
    let form: Form

    /// The schemes of this build.
    static let served = [
        Scheme(name: "tcp", form: .port { .tcp(host: $0, port: $1) }),
        Scheme(name: "udp", form: .port { .udp(host: $0, port: $1) }),
        Scheme(name: "unix", form: .path { .unix(path: $0) }),
        Scheme(name: "unixgram", form: .path { .unixDatagram(path: $0) }),
        Scheme(name: "icmp", form: .host { .host($0, scheme: "icmp") }),
        Scheme(name: "http", form: .port { .http(host: $0, port: $1) }),
    ]

    /// For messages: `tcp, udp, unix, unixgram`.
    static var servedList: String { served.map(\.name).joined(separator: ", ") }

    /// - Parameters:
    ///   - text: the part before `://`, in any case.
    ///   - url: the whole URL, for the message.
    static func named(_ text: Substring, in url: String) throws(UsageError) -> Scheme {
        let name = text.lowercased()
        if let scheme = served.first(where: { $0.name == name }) { return scheme }
        throw UsageError(
            "unknown scheme \"\(text)\" in \"\(url)\"; valid schemes: \(servedList)")
    }
}
