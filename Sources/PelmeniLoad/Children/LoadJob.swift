/// What a load process is told, as one line of JSON on its standard input.
package struct LoadJob: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// A request and its answer over kept connections, in turn: a closed loop.
        case exchange
        /// A new connection for each request.
        case connect
        /// Long answers, or long requests; the stream is verified by position.
        case download
        case upload
        /// Requests at a fixed rate, timed from when each was meant to be sent.
        case open
        /// Connections that are opened, tried once, and then held without traffic.
        case idle
        /// Connections that ask for a stream without end and do not read it.
        case stalled
        /// HTTP/1.1 with kept connections against an ``OriginJob/Kind/http`` origin, as wrk does
        /// it.
        case http
        /// Datagrams and their answers, one under way for each client, against an
        /// ``OriginJob/Kind/datagramEcho`` origin. One that is not answered is given up.
        case datagrams
        /// Trains of datagrams one way, against an ``OriginJob/Kind/datagramSink`` origin, which
        /// gives credit.
        case trains

        var isOfDatagrams: Bool { self == .datagrams || self == .trains }
    }

    package var kind: Kind
    /// On 127.0.0.1.
    package var port: UInt16
    package var connections = 1
    /// Of a whole request and a whole answer. For long streams the one that is long is cut into
    /// requests of this size on one connection, so that throughput can be told at any moment. A
    /// datagram and its answer have the size of a request.
    package var requestBytes: UInt32 = 64
    package var answerBytes: UInt32 = 64
    package var pipeline = 1
    /// Between an answer and the next request of its connection.
    package var thinkMicroseconds: UInt32 = 0
    /// Of all connections together; open loop only.
    package var requestsPerSecond = 0
    /// Datagrams that one send brings, and how many such sends of a client may be without credit;
    /// trains only.
    package var trainDatagrams = 1
    package var trainsInFlight = 1
    package var warmUpNanoseconds: UInt64 = 0
    package var windowNanoseconds: UInt64 = 1_000_000_000
    package var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Streams of two jobs with different numbers have nothing in common.
    package var number: UInt64 = 0

    package init(kind: Kind, port: UInt16) {
        self.kind = kind
        self.port = port
    }
}
