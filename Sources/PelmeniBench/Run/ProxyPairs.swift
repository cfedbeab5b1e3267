/// The protocol of the pairs of a ``ProxyChild``.
package enum ProxyPairs: String, Sendable {
    case tcp
    case udp
    case http
}

extension Scenario.Traffic {
    /// The pairs of Pelmeni that carry it.
    var pairs: ProxyPairs {
        switch self {
        case .streams, .bulk, .stalls: .tcp
        case .datagrams: .udp
        case .http, .httpBulk: .http
        }
    }
}
