public import Pelmeni

/// Accepts requests of HTTP/1.1, and answers with what its ``HTTPClient`` got: a reverse proxy.
///
/// Messages are read strictly by RFC 9110 and RFC 9112, and written anew in their canonical form. A
/// request that two readers might take for two different ones is answered with 400, and its
/// connection is closed.
public struct HTTPServer: Server {
    /// What a client's end of its stream means behind a whole request.
    public enum HalfClose: String, Sendable, CaseIterable {
        /// The client still reads: it gets its response.
        case deliver
        /// The client is gone: the exchange ends, with its upstream's connection. Not where bytes
        /// of another request come before the end.
        case abort
    }

    private let upstreams: HTTPClient
    /// The listening endpoint.
    public let endpoint: Endpoint
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// None: the hooks of HTTP are ``httpHooks``.
    public var hooks: [HookTable] = []
    /// Hooks of requests and responses, in the order of attachment.
    public var httpHooks: [HTTPHookTable] = []
    /// Bounds of messages.
    public var limits = HTTPLimits()
    /// Bounds in time.
    public var deadlines = HTTPDeadlines()
    /// What a client's end of its stream means behind a whole request.
    public var halfClose = HalfClose.deliver
    /// What upstreams are told of the proxy and its clients.
    public var forwarding: HTTPForwarding = [.via, .xForwarded]
    /// Clients that are proxies of one's own: what they say of their clients in Forwarded and
    /// X-Forwarded-For, -Proto and -Host is kept, and ``forwarding`` adds to it. Of all other
    /// clients these fields are removed.
    public var trustedClients: [HTTPNetwork] = []
    /// Where lines of exchanges go; nil for nowhere. Several servers may share a log.
    public var accessLog: HTTPAccessLog?

    /// - Parameters:
    ///   - client: forwards the requests.
    ///   - host: of the listening address; empty for all.
    ///   - port: to listen on; 0 is chosen by the kernel.
    ///   - options: everything else.
    public init(
        _ client: HTTPClient, listen host: String = "", port: UInt16 = 8080,
        options: PairOptions = PairOptions()
    ) {
        upstreams = client
        endpoint = .http(host: host, port: port)
        self.options = options
    }

    /// The client that forwards.
    public var client: any Client { upstreams }

    /// HTTP, ready to be called by workers.
    public var pairDriver: PairDriverTable? {
        let first = upstreams.endpoints.first
        return PairDriverTable(
            HTTPProxy(
                limits: limits.usable, deadlines: deadlines, forwarding: forwarding,
                authority: StaticText(first?.description ?? "localhost"),
                hooks: HTTPHookChain(server: httpHooks, client: upstreams.httpHooks),
                trusted: TrustedClients(trustedClients),
                abortsHalfClosed: halfClose == .abort, accessLog: accessLog,
                upstreams: upstreams.endpoints))
    }
}
