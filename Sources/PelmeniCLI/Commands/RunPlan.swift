import Pelmeni
import PelmeniHTTP

/// The plan of `run`, in the form that `check` prints.
struct RunPlan: Codable, Equatable {
    var backend: BackendPlan
    var workers: Int
    var pin: Bool
    /// Over all pairs; nil is as many as descriptors allow.
    var sessions: Int?
    var pool: String
    var drainTimeout: String
    var pairs: [PairPlan]

    /// The backend's name where none would run.
    static let noBackend = "none"

    enum CodingKeys: String, CodingKey {
        case backend
        case workers
        case pin
        case sessions
        case pool
        case drainTimeout = "drain-timeout"
        case pairs
    }

    /// The backend asked for, and the one that this machine grants.
    struct BackendPlan: Codable, Equatable {
        var asked: String
        var runs: String
        var reason: String
        var without: [String]?
    }

    /// The deadlines of icmp and http; all but one are http's alone. And where messages go on an
    /// http upstream.
    struct ProtocolPlan: Codable, Equatable {
        var answer: String
        var head: String?
        var body: String?
        var clientIdle: String?
        var upstreamIdle: String?
        var halfClose: String?
        var maxHead: String?
        var maxRequestLine: String?
        var maxFields: Int?
        var maxChunkExtensions: String?
        var maxTrailers: String?
        var forward: String?
        /// Nil is no client.
        var trust: String?
        var target: String?

        enum CodingKeys: String, CodingKey {
            case answer
            case head
            case body
            case clientIdle = "client-idle"
            case upstreamIdle = "upstream-idle"
            case halfClose = "half-close"
            case maxHead = "max-head"
            case maxRequestLine = "max-request-line"
            case maxFields = "max-fields"
            case maxChunkExtensions = "max-chunk-extensions"
            case maxTrailers = "max-trailers"
            case forward
            case trust
            case target
        }

        /// Nil where no side has such a protocol.
        init?(_ pair: EndpointPair) {
            let scheme = pair.upstreams.first?.scheme
            let (listens, asks) = (pair.listener.scheme == "http", scheme == "http")
            guard listens || asks || scheme == "icmp" else { return nil }
            let deadlines = pair.http.deadlines
            answer = DurationText.format(listens || asks ? deadlines.answer : pair.answer)
            if listens || asks {
                body = DurationText.format(deadlines.body)
                take(pair.http.limits)
            }
            if listens {
                head = DurationText.format(deadlines.head)
                clientIdle = DurationText.format(deadlines.clientIdle)
            }
            if asks {
                upstreamIdle = DurationText.format(deadlines.upstreamIdle)
                forward = ForwardingText.format(pair.http.forwarding)
            }
            if asks, !listens { target = pair.target ?? "/" }
            guard listens, asks else { return }
            halfClose = pair.http.halfClose.rawValue
            trust =
                pair.http.trusted.isEmpty
                ? nil : PairOption.Value.networks(pair.http.trusted).description
        }

        private mutating func take(_ limits: HTTPLimits) {
            maxHead = SizeText.format(limits.headBytes)
            maxRequestLine = SizeText.format(limits.requestLineBytes)
            maxFields = limits.fields
            maxChunkExtensions = SizeText.format(limits.chunkExtensionBytes)
            maxTrailers = SizeText.format(limits.trailerBytes)
        }
    }

    /// Options of sockets that the kernel decides about unless they are given, but for the buffer
    /// of UDP.
    struct SocketPlan: Codable, Equatable {
        var receiveBuffer: String?
        var sendBuffer: String?
        var df: String?
        var v6Only: String?
        /// Of the listener's group, and of the upstreams'.
        var interface: String?
        var upstreamInterface: String?

        enum CodingKeys: String, CodingKey {
            case receiveBuffer = "receive-buffer"
            case sendBuffer = "send-buffer"
            case df
            case v6Only = "v6only"
            case interface
            case upstreamInterface = "upstream-interface"
        }

        private init() {}

        /// Nil where there is none.
        init?(_ pair: EndpointPair) {
            self.init()
            let place = EngineCheck.place(of: pair.server)
            let isUDP = EngineCheck.hasUDP(pair.server)
            let receiving =
                pair.options.receiveBufferBytes
                ?? (isUDP ? Int(SocketBuffers.datagramsDefault) : nil)
            receiveBuffer = receiving.map(SizeText.format)
            sendBuffer = pair.options.sendBufferBytes.map(SizeText.format)
            df = pair.options.keepsDF ? "keep" : nil
            v6Only = place.isIPv6Only ? "yes" : Self.takesIPv4Too(pair.listener) ? "no" : nil
            interface = place.listenerInterface
            upstreamInterface = place.upstreamInterface
            guard self != SocketPlan() else { return nil }
        }

        /// A listener on all addresses; with `v6only`, on those of IPv6.
        private static func takesIPv4Too(_ listener: Endpoint) -> Bool {
            guard listener.port != nil, let host = listener.hostAndPort?.host else { return false }
            return host.isEmpty || listener.address?.isAny == true && host.contains(":")
        }
    }

    /// A pair with all of its settings, defaults included: one mapping of two parts.
    @dynamicMemberLookup
    struct PairPlan: Codable, Equatable {
        private var settings: PairSettings
        private var times: TimePlan

        init(_ pair: EndpointPair, workers: Int) {
            settings = PairSettings(pair, workers: workers)
            times = TimePlan(pair)
        }

        init(from decoder: any Decoder) throws {
            settings = try PairSettings(from: decoder)
            times = try TimePlan(from: decoder)
        }

        func encode(to encoder: any Encoder) throws {
            try settings.encode(to: encoder)
            try times.encode(to: encoder)
        }

        subscript<Value>(dynamicMember path: KeyPath<PairSettings, Value>) -> Value {
            settings[keyPath: path]
        }

        subscript<Value>(dynamicMember path: KeyPath<TimePlan, Value>) -> Value {
            times[keyPath: path]
        }
    }

    struct PairSettings: Codable, Equatable {
        var listen: String
        var mode: String?
        /// Of listeners on TCP.
        var whenDown: String?
        var upstreams: [String]
        /// The numbers of the workers that serve it.
        var on: [Int]
        /// These two where messages are cut from a stream.
        var framing: String?
        var maxFrame: String?
        /// These two where messages are cut from two streams.
        var upstreamFraming: String?
        var upstreamMaxFrame: String?
        /// These two where datagrams cross a side; nil is any number there too.
        var requests: Int?
        var responses: Int?
        /// Where a side is UDP, the listener takes IPv6 and IPv4, or one of them is given.
        var sockets: SocketPlan?
        /// Where a side is http, or the upstream icmp.
        var ofProtocol: ProtocolPlan?
        var sessions: Int?
        /// These two where an upstream is a name.
        var addresses: String?
        var lookup: String?
        enum CodingKeys: String, CodingKey {
            case listen
            case mode
            case whenDown = "when-down"
            case upstreams
            case on
            case framing
            case maxFrame = "max-frame"
            case upstreamFraming = "upstream-framing"
            case upstreamMaxFrame = "upstream-max-frame"
            case requests
            case responses
            case sockets
            case ofProtocol = "protocol"
            case sessions
            case addresses
            case lookup
        }

        init(_ pair: EndpointPair, workers: Int) {
            let options = pair.options
            let kind = pair.server.kind
            listen = pair.listener.url
            if pair.listener.isFile {
                mode = PairOption.Value.mode(pair.permissions).description
            }
            switch pair.listener {
            case .tcp, .http: whenDown = pair.whenDown.rawValue
            case .udp, .unix, .unixDatagram, .host: break
            }
            upstreams = pair.upstreams.map(\.url)
            on = options.workers ?? Array(0..<workers)
            if pair.listener.hasOneWorker { on = Array(on.prefix(1)) }
            requests = options.requestLimit
            responses = options.responseLimit
            sockets = SocketPlan(pair)
            ofProtocol = ProtocolPlan(pair)
            sessions = options.sessionLimit
            if pair.upstreams.contains(where: { $0.name != nil }) {
                addresses = options.upstreamAddresses.rawValue
                lookup = DurationText.format(options.lookupInterval)
            }
            noteFramings(pair, kind)
        }

        /// The framings of the streams that are cut into messages. HTTP has its own.
        private mutating func noteFramings(_ pair: EndpointPair, _ kind: PairKind) {
            let messages = pair.server.messages
            let (listensHTTP, asksHTTP) = (
                pair.listener.scheme == "http", pair.upstreams.first?.scheme == "http"
            )
            if listensHTTP {
                guard let far = pair.upstreamFraming else { return }
                upstreamFraming = far.description
                upstreamMaxFrame = SizeText.format(
                    pair.upstreamFrameBytesMax ?? FramingConfiguration.maxFrameDefault)
                return
            }
            guard kind.isFramed, !asksHTTP || kind == .framedStreams else { return }
            framing = messages.client.framing.description
            maxFrame = SizeText.format(messages.client.maxFrame)
            guard kind == .framedStreams, !asksHTTP else { return }
            upstreamFraming = messages.upstream.framing.description
            upstreamMaxFrame = SizeText.format(messages.upstream.maxFrame)
        }
    }

    /// - Throws: the errors that the engine would throw.
    init(_ pairs: [EndpointPair], _ arguments: EngineArguments) throws(EngineError) {
        workers = try arguments.engine(pairs).workers
        let choice = MachineReport.choice(
            arguments.backend, disabled: try arguments.disabledFeatures())
        backend = BackendPlan(
            asked: arguments.backend.rawValue, runs: choice.backend ?? Self.noBackend,
            reason: choice.reason, without: arguments.without.isEmpty ? nil : arguments.without)
        pin = arguments.pin
        sessions = arguments.sessions
        pool = SizeText.format(arguments.pool)
        drainTimeout = DurationText.format(arguments.drainTimeout)
        let count = workers
        self.pairs = pairs.map { PairPlan($0, workers: count) }
    }
}
