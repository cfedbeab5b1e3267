import Pelmeni

/// A listener, where it forwards to, and the options that stood on either URL.
struct EndpointPair: Sendable {
    let listener: EndpointAddress
    let upstreams: [EndpointAddress]
    let options: PairOptions
    /// Of a unix or unixgram listener's socket file.
    let mode: UInt16

    static let defaultMode: UInt16 = 0o600

    init(listen: String, upstream: String) throws(UsageError) {
        let near = try Endpoint(listen, side: .listener)
        let far = try Endpoint(upstream, side: .upstream)
        guard let address = near.addresses.first else {
            throw UsageError("\"\(listen)\" has no address")
        }
        guard !far.addresses.contains(address) else {
            throw UsageError("\"\(listen)\" would forward to itself")
        }
        var merged = near.options
        for (option, value) in far.options {
            if let other = merged[option], other != value {
                throw UsageError(
                    "option \"\(option.rawValue)\" is \(other) in \"\(listen)\" "
                        + "and \(value) in \"\(upstream)\"; once is enough")
            }
            merged[option] = value
        }
        if merged[.mode] != nil, !address.hasFile {
            throw UsageError(
                "option \"mode\" is for the socket file of a unix or unixgram listener, "
                    + "and \"\(listen)\" is none")
        }
        listener = address
        upstreams = far.addresses
        (options, mode) = Self.settings(merged)
        if case .profile(let profile)? = merged[.profile], !server.kind.hasDatagrams {
            throw UsageError(
                "option \"profile\" is \(profile.rawValue), for pairs with datagrams on a side; "
                    + "\"\(listen)\" and \"\(upstream)\" are two streams")
        }
    }

    /// What the library takes.
    var server: any Server {
        let destinations = upstreams.map(\.destination)
        let client: any Client =
            switch upstreams.first {
            case .udp: UDPClient(destinations)
            case .unix: UnixClient(destinations)
            case .unixgram: UnixDatagramClient(destinations)
            case .tcp, nil: TCPClient(destinations)
            }
        switch listener {
        case .tcp(let host, let port):
            return TCPServer(client, listen: host, port: port, options: options)
        case .udp(let host, let port):
            return UDPServer(client, listen: host, port: port, options: options)
        case .unix(let path):
            return UnixServer(client, path: path, mode: mode, options: options)
        case .unixgram(let path):
            return UnixDatagramServer(client, path: path, mode: mode, options: options)
        }
    }

    /// The upstream as one URL.
    var upstreamURL: String {
        guard let first = upstreams.first else { return "" }
        return ([first.url] + upstreams.dropFirst().map(\.part)).joined(separator: ",")
    }

    /// The pairs of a command line: listener, upstream, listener, upstream.
    static func list(_ urls: [String]) throws(UsageError) -> [EndpointPair] {
        guard let last = urls.last else {
            throw UsageError(
                "no pair; write LISTEN UPSTREAM, as in tcp://:8080 tcp://127.0.0.1:9000")
        }
        guard urls.count.isMultiple(of: 2) else {
            // What is no endpoint at all, a file say, is named as such first.
            for (index, url) in urls.enumerated() {
                _ = try Endpoint(url, side: index.isMultiple(of: 2) ? .listener : .upstream)
            }
            throw UsageError(
                "\"\(last)\" has no upstream: endpoints come in pairs, LISTEN UPSTREAM")
        }
        var pairs: [EndpointPair] = []
        var listeners: Set<EndpointAddress> = []
        for index in stride(from: 0, to: urls.count, by: 2) {
            let pair = try EndpointPair(listen: urls[index], upstream: urls[index + 1])
            guard listeners.insert(pair.listener).inserted || pair.listener.takesAnyPort else {
                throw UsageError("\(pair.listener.url) is the listener of two pairs")
            }
            pairs.append(pair)
        }
        return pairs
    }

    private static func settings(
        _ values: [PairOption: PairOption.Value]
    ) -> (options: PairOptions, mode: UInt16) {
        // A profile says what holds where nothing is said.
        var options = PairOptions()
        if case .profile(let profile)? = values[.profile] { options = profile.options }
        var mode = defaultMode
        for (option, value) in values {
            switch (option, value) {
            case (.connect, .duration(let duration)):
                if let duration { options.connect = duration }
            case (.firstByte, .duration(let duration)): options.firstByte = duration
            case (.idle, .duration(let duration)): options.idle = duration
            case (.linger, .duration(let duration)): options.linger = duration
            case (.stall, .duration(let duration)): options.stall = duration
            case (.keepAlive, .duration(let duration)): options.keepAlive = duration
            case (.userTimeout, .duration(let duration)): options.userTimeout = duration
            case (.sessions, .count(let count)): options.sessions = count
            case (.framing, .framing(let framing)): options.framing = framing
            case (.maxFrame, .size(let size)): options.maxFrame = size
            case (.requests, .count(let count)): options.requests = count
            case (.responses, .count(let count)): options.responses = count
            case (.receiveBuffer, .size(let size)): options.receiveBuffer = size
            case (.on, .workers(let workers)): options.workers = workers
            case (.mode, .mode(let value)): mode = value
            default: break
            }
        }
        return (options, mode)
    }
}
