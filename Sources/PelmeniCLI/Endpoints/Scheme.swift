/// What stands before `://`.
enum Scheme: String, CaseIterable, Sendable {
    case tcp
    case udp
    case unix
    case unixgram
    case http
    case icmp

    /// Whether this build relays it.
    var isServed: Bool {
        switch self {
        case .tcp, .udp, .unix, .unixgram: true
        case .http, .icmp: false
        }
    }

    /// Every scheme that a URL may have in this build.
    static let served = allCases.filter(\.isServed)

    /// For messages: `tcp, udp, unix, unixgram`.
    static var servedList: String { served.map(\.rawValue).joined(separator: ", ") }

    /// - Parameters:
    ///   - name: what stood before `://`, in any case.
    ///   - url: the whole, for the message.
    static func named(_ name: Substring, in url: String) throws(UsageError) -> Scheme {
        guard let scheme = Scheme(rawValue: name.lowercased()) else {
            throw UsageError(
                "unknown scheme \"\(name)\" in \"\(url)\"; valid schemes: \(servedList)")
        }
        guard scheme.isServed else {
            throw UsageError(
                "\(scheme.rawValue):// is not in this build (\"\(url)\"); "
                    + "valid schemes: \(servedList)")
        }
        return scheme
    }
}
