/// The traffic that every subject gets.
package struct Scenario: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Request and answer over kept connections.
        case exchange
        /// A new connection for each request.
        case connect
        /// Long streams: towards the client, or towards the origin.
        case download
        case upload
        /// Requests at a fixed rate, each timed from its intended send time.
        case open
        /// Connections without traffic: the measure is memory.
        case idle
        /// Stalled readers behind endless sources, and other sessions beside them.
        case stalled
        /// Datagrams and their answers, one in flight for each client.
        case datagrams
        /// Trains of datagrams one way, as many in flight as a sink gives credit for.
        case trains
    }

    /// The traffic that a proxy has to be set up for.
    package enum Traffic: Sendable {
        case streams
        /// Long streams.
        case bulk
        case datagrams
        /// HTTP/1.1; below, with long bodies.
        case http
        case httpBulk
        /// Two pairs, each of a listener and an origin; the streams of the second stall.
        case stalls
    }

    /// The measure of a comparison. Lower is always better.
    package enum Measure: String, Codable, Sendable {
        /// Seconds of the proxy's processor time for a request.
        case cpuPerRequest
        /// Seconds of the proxy's processor time for 10^9 bytes.
        case cpuPerGigabyte
        /// Nanoseconds that the proxy adds to the median of a direct run.
        case addedMedianLatency
        /// Nanoseconds, the 99th percentile.
        case tailLatency
        /// Resident bytes that a pair of connections adds.
        case residentPerPair
        /// Resident bytes that a client's connection adds, where it has no upstream of its own.
        case residentPerClient
        /// Seconds of the proxy's processor time for a datagram and its answer.
        case cpuPerTrip
        /// Seconds of the proxy's processor time for a datagram one way.
        case cpuPerDatagram
    }

    /// The name on the command line: `rr64`.
    package var name: String
    /// One line for a reader.
    package var summary: String
    package var kind: Kind
    package var measure: Measure
    package var connections: Int
    package var requestBytes: UInt32 = 64
    package var answerBytes: UInt32 = 64
    /// Datagrams in a train; below, trains of one client in flight. Trains only.
    package var trainDatagrams: Int?
    package var trainsInFlight: Int?
    /// Requests in flight on one connection.
    package var pipeline = 1
    /// The pause between an answer and the next request of its connection.
    package var thinkMicroseconds: UInt32 = 0
    /// Requests a second of all connections together; open loop only. 0 asks for ``openShare`` of
    /// the rate that the best peer, or without peers the slower backend, reached in a closed loop
    /// just before.
    package var requestsPerSecond = 0
    /// Connections beside the stalled readers; stalled only.
    package var bystanders = 0
    package var workers = 1
    /// Requests and answers are of HTTP/1.1, and their bytes those of bodies; nil is no.
    package var speaksHTTP: Bool?
    /// The congestion control that the scenario needs; nil is the run's.
    package var congestion: String?
    /// Whether peers with a special mode for bulk (splice) use it.
    package var isBulk: Bool { kind == .download || kind == .upload }

    package var isOfHTTP: Bool { speaksHTTP ?? false }

    package var traffic: Traffic {
        if isOfHTTP { return isBulk ? .httpBulk : .http }
        return switch kind {
        case .datagrams, .trains: .datagrams
        case .download, .upload: .bulk
        case .exchange, .connect, .open, .idle: .streams
        case .stalled: .stalls
        }
    }

    /// Descriptors of each process without which its connections are too many: idle ones alone, as
    /// the others are far fewer.
    package var descriptorsMin: UInt64 {
        kind == .idle ? UInt64(2 * connections + Self.descriptorsBeside) : 0
    }

    private static let descriptorsBeside = 128

    /// The part of a peer's highest rate at which an open loop runs.
    package static let openShare = 0.6

    package init(
        _ name: String, _ kind: Kind, _ measure: Measure, connections: Int, summary: String
    ) {
        self.name = name
        self.kind = kind
        self.measure = measure
        self.connections = connections
        self.summary = summary
    }
}
