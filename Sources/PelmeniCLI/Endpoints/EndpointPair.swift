import Pelmeni
import PelmeniHTTP
import PelmeniICMP

/// A listener, its upstreams, and the options of both URLs.
struct EndpointPair: Sendable {
    let listener: Endpoint
    let upstreams: [Endpoint]
    let options: PairOptions
    /// The framing of the upstream's streams, where both sides are streams.
    let upstreamFraming: Framing?
    let upstreamFrameBytesMax: Int?
    /// Of the upstream's groups, where both sides are groups.
    let upstreamInterface: String?
    /// How long an icmp upstream's answer is waited for.
    let answer: Duration
    /// Of a pair with http on a side.
    let http: HTTPSettings
    /// Where messages go on an http upstream.
    let target: String?
    /// The mode of a unix or unixgram listener's socket file.
    let permissions: SocketPermissions
    /// What the listener does while no upstream takes connections.
    let whenDown: WhenDown

    static let defaultPermissions = SocketPermissions.owner
    static let defaultAnswer = Duration.seconds(5)

    init(listen: String, upstream: String) throws(UsageError) {
        let near = try EndpointURL(listen, side: .listener)
        let far = try EndpointURL(upstream, side: .upstream)
        guard let endpoint = near.endpoints.first else {
            throw UsageError("\"\(listen)\" has no address")
        }
        guard endpoint.isGroup || !far.endpoints.contains(endpoint) else {
            throw UsageError("\"\(listen)\" would forward to itself")
        }
        var merged = near.options
        // Of two streams each has the framing options of its own URL.
        let hasTwoStreams = !endpoint.isDatagram && far.endpoints.first?.isDatagram == false
        var ofEnds: [PairOption] = hasTwoStreams ? [.framing, .maxFrame] : []
        if endpoint.isGroup, far.endpoints.contains(where: \.isGroup) { ofEnds = [.interface] }
        for (option, value) in far.options where !ofEnds.contains(option) {
            if let other = merged[option], other != value {
                throw UsageError(
                    "option \"\(option.rawValue)\" is \(other) in \"\(listen)\" "
                        + "and \(value) in \"\(upstream)\"; once is enough")
            }
            merged[option] = value
        }
        if merged[.mode] != nil, !endpoint.isFile {
            throw UsageError(
                "option \"mode\" is for the socket file of a unix or unixgram listener, "
                    + "and \"\(listen)\" is none")
        }
        try Self.checkNames(merged, far.endpoints, "\"\(listen)\" and \"\(upstream)\"")
        let asksByEcho = far.endpoints.first?.scheme == "icmp"
        let (listensHTTP, asksHTTP) = (
            endpoint.scheme == "http", far.endpoints.first?.scheme == "http"
        )
        try Self.checkHTTP(
            merged, listens: listensHTTP, asks: asksHTTP, asksByEcho: asksByEcho,
            "\"\(listen)\" and \"\(upstream)\"")
        if case .duration(let duration?)? = merged[.answer] {
            answer = duration
        } else {
            answer = Self.defaultAnswer
        }
        // An echo's answer comes soon, or never.
        http = try HTTPSettings(merged, answer: asksByEcho ? answer : nil)
        target = far.target
        if listensHTTP, asksHTTP, let target {
            throw UsageError(
                "\"\(target)\" in \"\(upstream)\": behind http each request has its own path")
        }
        listener = endpoint
        upstreams = far.endpoints
        (options, permissions) = Self.settings(merged)
        whenDown = try Self.whenDown(merged, of: endpoint, listen)
        let ends = Self.settings(far.options.filter { ofEnds.contains($0.key) }).options
        upstreamFraming = ends.framing
        upstreamFrameBytesMax = ends.frameBytesMax
        upstreamInterface = ends.interface
        try checkProfile(merged, listen, upstream)
    }

    /// Both sides are http.
    var isHTTP: Bool { listener.scheme == "http" && upstreams.first?.scheme == "http" }

    /// The library's description of the pair.
    var server: any Server { server(accessLog: nil) }

    /// - Parameter accessLog: of an http pair.
    func server(accessLog: HTTPAccessLog?) -> any Server {
        let client: any Client =
            switch upstreams.first {
            case .udp: UDPClient(upstreams, interface: upstreamInterface)
            case .http: httpClient
            case .unix:
                UnixClient(
                    upstreams, framing: upstreamFraming, frameBytesMax: upstreamFrameBytesMax)
            case .unixDatagram: UnixDatagramClient(upstreams)
            case .host: ICMPClient(upstreams, patience: answer)
            case .tcp, nil:
                TCPClient(
                    upstreams, framing: upstreamFraming, frameBytesMax: upstreamFrameBytesMax)
            }
        switch listener {
        case .tcp(let host, let port):
            var server = TCPServer(client, listen: host, port: port, options: options)
            server.whenDown = whenDown
            return server
        case .udp(let host, let port):
            return UDPServer(client, listen: host, port: port, options: options)
        case .http(let host, let port):
            var server = http.applied(
                to: HTTPServer(client, listen: host, port: port, options: options))
            server.accessLog = accessLog
            server.whenDown = whenDown
            return server
        case .unix(let path):
            return UnixServer(
                client, listen: path, permissions: permissions, options: options)
        case .unixDatagram(let path):
            return UnixDatagramServer(
                client, listen: path, permissions: permissions, options: options)
        case .host(let host, _):
            return ICMPServer(client, listen: host, options: options)
        }
    }

    private var httpClient: HTTPClient {
        var client = HTTPClient(upstreams)
        client.deadlines = http.deadlines
        client.limits = http.limits
        client.forwarding = http.forwarding
        if let target { client.target = target }
        return client
    }

    /// The upstream as one URL.
    var upstreamURL: String {
        guard let first = upstreams.first else { return "" }
        let parts = [first.url] + upstreams.dropFirst().map(\.description)
        return parts.joined(separator: ",") + (target ?? "")
    }

    private func checkProfile(
        _ options: [PairOption: PairOption.Value], _ listen: String, _ upstream: String
    ) throws(UsageError) {
        guard case .profile(let profile)? = options[.profile] else { return }
        guard server.kind.hasDatagrams else {
            throw UsageError(
                "option \"profile\" is \(profile.rawValue), for pairs with datagrams on a side; "
                    + "\"\(listen)\" and \"\(upstream)\" are two streams")
        }
        guard let group = upstreams.first(where: \.isGroup), options[.responses] == nil,
            profile.options.responseLimit != nil
        else { return }
        throw UsageError(
            "option \"profile\" is \(profile.rawValue), which sets responses, and no answer comes "
                + "from the group \(group)")
    }

    /// Options of lookups have a meaning where an upstream is a name.
    private static func checkNames(
        _ options: [PairOption: PairOption.Value], _ upstreams: [Endpoint], _ pair: String
    ) throws(UsageError) {
        guard upstreams.allSatisfy({ $0.name == nil }) else { return }
        for option in [PairOption.addresses, .lookup] where options[option] != nil {
            throw UsageError(
                "option \"\(option.rawValue)\" is for an upstream's name, and \(pair) have none")
        }
    }

    /// Options of http have a meaning where that side is http.
    private static func checkHTTP(
        _ options: [PairOption: PairOption.Value], listens: Bool, asks: Bool, asksByEcho: Bool,
        _ pair: String
    ) throws(UsageError) {
        if options[.answer] != nil, !listens, !asks, !asksByEcho {
            throw UsageError(
                "option \"answer\" is for icmp upstreams and http, and \(pair) have neither")
        }
        for option in PairOption.ofHTTP where options[option] != nil {
            let (isMeant, side) =
                switch option {
                case .head, .clientIdle: (listens, "an http listener")
                case .upstreamIdle, .forward: (asks, "an http upstream")
                case .halfClose, .trust: (listens && asks, "two http sides")
                default: (listens || asks, "http")
                }
            guard !isMeant else { continue }
            throw UsageError(
                "option \"\(option.rawValue)\" is for \(side), and \(pair) have none")
        }
    }

    /// The pairs of a command line: listener, upstream, listener, upstream.
    static func list(_ urls: [String]) throws(UsageError) -> [EndpointPair] {
        guard let last = urls.last else {
            throw UsageError(
                "no pair; write LISTEN UPSTREAM, as in tcp://:8080 tcp://127.0.0.1:9000")
        }
        guard urls.count.isMultiple(of: 2) else {
            // An argument that is no endpoint, a file say, is reported first.
            for (index, url) in urls.enumerated() {
                _ = try EndpointURL(url, side: index.isMultiple(of: 2) ? .listener : .upstream)
            }
            throw UsageError(
                "\"\(last)\" has no upstream: endpoints come in pairs, LISTEN UPSTREAM")
        }
        var pairs: [EndpointPair] = []
        // A group may be listened to on several interfaces.
        var listeners: Set<[String]> = []
        for index in stride(from: 0, to: urls.count, by: 2) {
            let pair = try EndpointPair(listen: urls[index], upstream: urls[index + 1])
            let place = pair.listener.isGroup ? pair.options.interface ?? "" : ""
            guard
                listeners.insert([pair.listener.url, place]).inserted || pair.listener.takesAnyPort
            else {
                throw UsageError("\(pair.listener.url) is the listener of two pairs")
            }
            pairs.append(pair)
        }
        return pairs
    }

    private static func settings(
        _ values: [PairOption: PairOption.Value]
    ) -> (options: PairOptions, permissions: SocketPermissions) {
        // A profile sets the options that the URLs leave out.
        var options = PairOptions()
        if case .profile(let profile)? = values[.profile] { options = profile.options }
        var permissions = defaultPermissions
        for (option, value) in values {
            switch (option, value) {
            case (.connect, .duration(let duration)):
                if let duration { options.connectTimeout = duration }
            case (.firstByte, .duration(let duration)):
                options.firstByteTimeout = Self.timeout(duration)
            case (.idle, .duration(let duration)): options.idleTimeout = Self.timeout(duration)
            case (.linger, .duration(let duration)): options.lingerTimeout = Self.timeout(duration)
            case (.stall, .duration(let duration)): options.stallTimeout = Self.timeout(duration)
            case (.keepAlive, .duration(let duration)): options.keepAliveTime = duration
            case (.userTimeout, .duration(let duration)): options.userTimeout = duration
            case (.sessions, .count(let count)): options.sessionLimit = count
            case (.framing, .framing(let framing)): options.framing = framing
            case (.maxFrame, .size(let size)): options.frameBytesMax = size
            case (.requests, .count(let count)): options.requestLimit = count
            case (.responses, .count(let count)): options.responseLimit = count
            case (.receiveBuffer, .size(let size)): options.receiveBufferBytes = size
            case (.sendBuffer, .size(let size)): options.sendBufferBytes = size
            case (.df, .keep): options.keepsDF = true
            case (.v6Only, .isOn(let isOn)): options.ipv6Only = isOn
            case (.interface, .name(let name)): options.interface = name
            case (.on, .workers(let workers)): options.workers = workers
            case (.mode, .mode(let value)): permissions = value
            case (.addresses, .addresses(let value)): options.upstreamAddresses = value
            case (.lookup, .duration(let interval)):
                if let interval { options.lookupInterval = interval }
            default: break
            }
        }
        return (options, permissions)
    }

    /// Whether the upstreams fit, the engine checks.
    private static func whenDown(
        _ values: [PairOption: PairOption.Value], of listener: Endpoint, _ url: String
    ) throws(UsageError) -> WhenDown {
        guard case .whenDown(let answer)? = values[.whenDown] else { return .accept }
        switch listener {
        case .tcp, .http: return answer
        case .udp, .unix, .unixDatagram, .host:
            throw UsageError(
                "option \"when-down\" is for a tcp or http listener, and \"\(url)\" is none: "
                    + "no other one can refuse clients, and listen again")
        }
    }

    /// `none` is never.
    private static func timeout(_ duration: Duration?) -> Timeout {
        duration.map { .after($0) } ?? .never
    }
}
