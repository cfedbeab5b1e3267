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

    /// The options of an icmp or an http upstream; all but one are http's alone.
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
        }

        init(answer: Duration) { self.answer = DurationText.format(answer) }

        init(_ http: HTTPSettings) {
            let (deadlines, limits) = (http.deadlines, http.limits)
            head = DurationText.format(deadlines.head)
            body = DurationText.format(deadlines.body)
            answer = DurationText.format(deadlines.answer)
            clientIdle = DurationText.format(deadlines.clientIdle)
            upstreamIdle = DurationText.format(deadlines.upstreamIdle)
            halfClose = http.halfClose.rawValue
            maxHead = SizeText.format(limits.headBytes)
            maxRequestLine = SizeText.format(limits.requestLineBytes)
            maxFields = limits.fields
            maxChunkExtensions = SizeText.format(limits.chunkExtensionBytes)
            maxTrailers = SizeText.format(limits.trailerBytes)
            forward = ForwardingText.format(http.forwarding)
            trust =
                http.trusted.isEmpty
                ? nil : PairOption.Value.networks(http.trusted).description
        }
    }

    /// A pair with all of its settings, defaults included.
    struct PairPlan: Codable, Equatable {
        var listen: String
        var mode: String?
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
        /// Where a side is UDP.
        var receiveBuffer: String?
        /// Where the upstream is icmp or http.
        var ofProtocol: ProtocolPlan?
        var sessions: Int?
        var connect: String
        var firstByte: String
        var idle: String
        var linger: String
        var stall: String
        var keepAlive: String
        var userTimeout: String

        enum CodingKeys: String, CodingKey {
            case listen
            case mode
            case upstreams
            case on
            case framing
            case maxFrame = "max-frame"
            case upstreamFraming = "upstream-framing"
            case upstreamMaxFrame = "upstream-max-frame"
            case requests
            case responses
            case receiveBuffer = "receive-buffer"
            case ofProtocol = "protocol"
            case sessions
            case connect
            case firstByte = "first-byte"
            case idle
            case linger
            case stall
            case keepAlive = "keepalive"
            case userTimeout = "user-timeout"
        }

        init(_ pair: EndpointPair, workers: Int) {
            let options = pair.options
            let kind = pair.server.kind
            listen = pair.listener.url
            if pair.listener.isUnix {
                mode = PairOption.Value.mode(pair.permissions).description
            }
            upstreams = pair.upstreams.map(\.url)
            on = options.workers ?? Array(0..<workers)
            if kind.isFramed {
                let messages = pair.server.messages
                framing = messages.client.framing.description
                maxFrame = SizeText.format(messages.client.maxFrame)
                if kind == .framedStreams {
                    upstreamFraming = messages.upstream.framing.description
                    upstreamMaxFrame = SizeText.format(messages.upstream.maxFrame)
                }
            }
            requests = options.requestLimit
            responses = options.responseLimit
            if EngineCheck.hasUDP(pair.server) {
                receiveBuffer = SizeText.format(
                    options.receiveBufferBytes ?? ReceiveBuffer.bytesDefault)
            }
            switch pair.upstreams.first?.scheme {
            case "icmp": ofProtocol = ProtocolPlan(answer: pair.answer)
            case "http": ofProtocol = ProtocolPlan(pair.http)
            default: break
            }
            sessions = options.sessionLimit
            let durations = options.durations(of: kind)
            connect = DurationText.format(options.connectTimeout)
            firstByte = DurationText.format(durations.firstByte)
            idle = DurationText.format(durations.idle)
            linger = DurationText.format(durations.linger)
            stall = DurationText.format(durations.stall)
            keepAlive = DurationText.format(options.keepAliveTime)
            userTimeout = DurationText.format(options.userTimeout)
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
