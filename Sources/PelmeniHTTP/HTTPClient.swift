public import Pelmeni

/// Forwards requests of HTTP/1.1 to an upstream, over connections that it keeps:
/// `http://HOST:PORT`.
///
/// Behind an ``HTTPServer`` it takes requests as they are. Behind a server of messages, which are
/// datagrams or frames of a stream, each message becomes the body of a `POST`, and the body of its
/// response the answer.
public struct HTTPClient: Client {
    /// The upstreams in order.
    public let endpoints: [Endpoint]
    /// Hooks on messages. Behind an ``HTTPServer`` none has a moment: its hooks are ``httpHooks``.
    public var hooks: [HookTable] = []
    /// Hooks of requests and responses, in the order of attachment.
    public var httpHooks: [HTTPHookTable] = []
    /// The target of a `POST`: a path, and a query or none.
    public var target = "/"
    /// Bounds of responses to a `POST`.
    public var limits = HTTPLimits()
    /// Bounds in time of a `POST`: how long its answer and the answer's body may take, and how long
    /// a connection is kept.
    public var deadlines = HTTPDeadlines()
    /// What upstreams are told of the client of a `POST`.
    public var forwarding: HTTPForwarding = [.via, .xForwarded]

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

    /// HTTP for messages, ready to be called by workers.
    public var driver: DriverTable? {
        let isValid =
            target.utf8.first == UInt8(ascii: "/")
            && target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }
        return DriverTable(
            HTTPPostBridge(
                limits: limits.usable, deadlines: deadlines,
                writer: PostWriter(
                    target: StaticText(target), authority: StaticText(authority),
                    forwarding: forwarding),
                isValid: isValid, hooks: HTTPHookChain(server: [], client: httpHooks)))
    }

    /// The Host of requests that have none. A zone has a meaning on this machine alone.
    var authority: String {
        guard case .http(let host, let port)? = endpoints.first else { return "localhost" }
        let name = host.prefix { $0 != "%" }
        return "\(Endpoint.http(host: String(name), port: port))"
    }
}
