public import Pelmeni

/// Forwards requests of HTTP/1.1 to an upstream, over connections that it keeps:
/// `http://HOST:PORT`.
///
/// It stands behind an ``HTTPServer``.
public struct HTTPClient: Client {
    /// The upstreams in order.
    public let endpoints: [Endpoint]
    /// None: the hooks of HTTP are ``httpHooks``.
    public var hooks: [HookTable] = []
    /// Hooks of requests and responses, in the order of attachment.
    public var httpHooks: [HTTPHookTable] = []

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets).
    ///   - port: of the upstream.
    public init(_ host: String, _ port: UInt16) {
        self.init([.http(host: host, port: port)])
    }

    /// Several upstreams, assigned round-robin to requests.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.http`.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }
}
