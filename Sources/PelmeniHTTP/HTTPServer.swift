public import Pelmeni

/// Accepts requests of HTTP/1.1, and answers with what its client got.
///
/// With an ``HTTPClient`` it is a reverse proxy. With another client it is a bridge: a request's
/// body is what the upstream gets, and what the upstream answers is the body of the response.
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

    private let upstreams: any Client
    /// The listening endpoint.
    public let endpoint: Endpoint
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Hooks on messages, before an upstream of datagrams. Elsewhere none has a moment: the hooks
    /// of requests and responses are ``httpHooks``.
    public var hooks: [HookTable] = []
    /// What the listener does with clients while no upstream takes connections.
    public var whenDown = WhenDown.accept
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
    /// The access log of its exchanges; nil is none. Several servers may share one.
    public var accessLog: HTTPAccessLog?

    /// - Parameters:
    ///   - client: forwards the requests.
    ///   - host: of the listening address; empty for all.
    ///   - port: to listen on; 0 is chosen by the kernel.
    ///   - options: everything else.
    public init(
        _ client: any Client, listen host: String = "", port: UInt16 = 8080,
        options: PairOptions = PairOptions()
    ) {
        upstreams = client
        endpoint = .http(host: host, port: port)
        self.options = options
        // A client's connection has deadlines of its own between requests.
        if self.options.idleTimeout == .inherited {
            self.options.idleTimeout = .after(.seconds(3_600))
        }
    }

    /// The client that forwards.
    public var client: any Client {
        speaksWithBoth && upstreams.driver == nil || upstreams is HTTPClient
            ? HTTPUpstreams(of: upstreams) : upstreams
    }

    /// Whether one driver speaks with the client and with a stream of the upstream.
    private var speaksWithBoth: Bool {
        switch upstreams.endpoints.first {
        case .tcp, .http, .unix, nil: true
        case .udp, .unixDatagram, .host: false
        }
    }

    /// HTTP before datagrams, ready to be called by workers.
    public var driver: DriverTable? {
        guard !speaksWithBoth else { return nil }
        return DriverTable(
            HTTPDatagramBridge(
                limits: limits.usable, deadlines: deadlines,
                keepsUpstream: upstreams.driver != nil,
                hooks: HTTPHookChain(server: httpHooks, client: [])))
    }

    /// HTTP between two streams, ready to be called by workers.
    public var pairDriver: PairDriverTable? {
        if let client = upstreams as? HTTPClient {
            return PairDriverTable(
                HTTPProxy(
                    limits: limits.usable, deadlines: deadlines, forwarding: forwarding,
                    authority: StaticText(client.authority),
                    hooks: HTTPHookChain(
                        server: httpHooks, client: client.httpHooks,
                        upstreams: client.endpoints.count),
                    trusted: TrustedClients(trustedClients),
                    abortsHalfClosed: halfClose == .abort, accessLog: accessLog,
                    upstreams: client.endpoints))
        }
        guard speaksWithBoth else { return nil }
        // A whole stream is one message with framing `eof`, and without any.
        guard let framing = upstreams.framing, framing != .eof else {
            return PairDriverTable(
                HTTPStreamBridge(
                    limits: limits.usable, deadlines: deadlines,
                    hooks: HTTPHookChain(server: httpHooks, client: [])))
        }
        let most = upstreams.frameBytesMax ?? Self.frameBytesDefault
        return PairDriverTable(
            HTTPFrameBridge(
                limits: limits.usable, deadlines: deadlines, framing: framing,
                frameBytesMax: min(max(1, most), Self.frameBytesMax),
                hooks: HTTPHookChain(server: httpHooks, client: [])))
    }

    /// Bytes of the longest message of a framed upstream, and the most that may be asked for.
    private static let frameBytesDefault = 64 << 10
    private static let frameBytesMax = 255 << 10
}
