/// What is done to every subject, in the same way.
package struct Scenario: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Request and answer over kept connections.
        case exchange
        /// A new connection for each request.
        case connect
        /// Long streams: towards the client, or towards the origin.
        case download
        case upload
        /// Requests at a fixed rate, each timed from when it was meant to be sent.
        case open
        /// Connections that do nothing: what is measured is memory.
        case idle
        /// Readers that do not read behind sources that do not stop, and other sessions beside
        /// them.
        case stalled
        /// Datagrams and their answers, one under way for each client.
        case datagrams
        /// Trains of datagrams one way, as many under way as a sink gives credit for.
        case trains
    }

    /// What a proxy has to be set up for.
    package enum Traffic: Sendable {
        case streams
        /// Long ones.
        case bulk
        case datagrams
        /// Two pairs, each of a listener and an origin; the streams of the second stall.
        case stalls
    }

    /// What the subjects are compared by. The lower is the better, always.
    package enum Measure: String, Codable, Sendable {
        /// Seconds of the proxy's processor time for a request.
        case cpuPerRequest
        /// Seconds of it for 10^9 bytes.
        case cpuPerGigabyte
        /// Nanoseconds that the proxy adds to the median of a direct run.
        case addedMedianLatency
        /// Nanoseconds, the 99th percentile.
        case tailLatency
        /// Resident bytes that a pair of connections adds.
        case residentPerPair
        /// Seconds of the proxy's processor time for a datagram and its answer.
        case cpuPerTrip
        /// Seconds of it for a datagram one way.
        case cpuPerDatagram
    }

    /// As on the command line: `rr64`.
    package var name: String
    /// One line for a person.
    package var summary: String
    package var kind: Kind
    package var measure: Measure
    package var connections: Int
    package var requestBytes: UInt32 = 64
    package var answerBytes: UInt32 = 64
    /// Datagrams in a train, and trains of one client that may be under way; trains only.
    package var trainDatagrams: Int?
    package var trainsInFlight: Int?
    /// Requests under way on one connection.
    package var pipeline = 1
    /// Between an answer and the next request of its connection.
    package var thinkMicroseconds: UInt32 = 0
    /// Of all connections together, a second; open loop only. 0 asks for ``openShare`` of what the
    /// best peer, or without peers the slower backend, reached in a closed loop just before.
    package var requestsPerSecond = 0
    /// Connections beside those that stall; stalled only.
    package var bystanders = 0
    package var workers = 1
    /// The congestion control that it is about; nil is the run's.
    package var congestion: String?
    /// Whether peers that have a special mode for bulk (splice) use it.
    package var isBulk: Bool { kind == .download || kind == .upload }

    package var traffic: Traffic {
        switch kind {
        case .datagrams, .trains: .datagrams
        case .download, .upload: .bulk
        case .exchange, .connect, .open, .idle: .streams
        case .stalled: .stalls
        }
    }

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
