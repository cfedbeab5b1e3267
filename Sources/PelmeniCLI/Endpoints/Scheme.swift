import Pelmeni

/// What stands before `://`, and the endpoint that is made of what follows.
struct Scheme: Sendable {
    /// What an endpoint's text is, and what its parts become.
    enum Form: Sendable {
        case port(@Sendable (_ host: String, _ port: UInt16) -> Endpoint)
        case path(@Sendable (_ path: String) -> Endpoint)
    }

    let name: String
    let form: Form

    /// Every scheme that a URL may have in this build.
    static let served = [
        Scheme(name: "tcp", form: .port { .tcp(host: $0, port: $1) }),
        Scheme(name: "udp", form: .port { .udp(host: $0, port: $1) }),
        Scheme(name: "unix", form: .path { .unix(path: $0) }),
        Scheme(name: "unixgram", form: .path { .unixDatagram(path: $0) }),
    ]

    /// Known to the contract, but not in this build.
    private static let elsewhere = ["http", "icmp"]

    /// For messages: `tcp, udp, unix, unixgram`.
    static var servedList: String { served.map(\.name).joined(separator: ", ") }

    /// - Parameters:
    ///   - text: what stood before `://`, in any case.
    ///   - url: the whole, for the message.
    static func named(_ text: Substring, in url: String) throws(UsageError) -> Scheme {
        let name = text.lowercased()
        if let scheme = served.first(where: { $0.name == name }) { return scheme }
        guard elsewhere.contains(name) else {
            throw UsageError(
                "unknown scheme \"\(text)\" in \"\(url)\"; valid schemes: \(servedList)")
        }
        throw UsageError(
            "\(name):// is not in this build (\"\(url)\"); valid schemes: \(servedList)")
    }
}
