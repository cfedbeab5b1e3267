/// The job of a load process, one line of JSON on its standard input.
package struct LoadJob: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// A request and its answer over kept connections, one after the other: a closed loop.
        case exchange
        /// A new connection for each request.
        case connect
        /// Long answers, or long requests; the stream is verified by position.
        case download
        case upload
        /// Requests at a fixed rate, timed from their intended send times.
        case open
        /// Connections that are opened, tried once, and then held without traffic.
        case idle
        /// Connections that request an endless stream and do not read it.
        case stalled
        /// Datagrams and their answers, one in flight for each client, against an
        /// ``OriginJob/Kind/datagramEcho`` origin. A datagram without an answer is given up.
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
    /// HTTP/1.1 against an ``OriginJob/Kind/http`` origin. Bytes of requests and answers are those
    /// of their bodies, and a request without any is a GET. Not for stalled streams and datagrams.
    package var isHTTP = false
    /// Bytes of a whole request and a whole answer. For long streams the long one is cut into
    /// requests of this size on one connection, so that throughput is known at any moment. A
    /// datagram and its answer have the size of a request.
    package var requestBytes: UInt32 = 64
    package var answerBytes: UInt32 = 64
    package var pipeline = 1
    /// The pause between an answer and the next request of its connection.
    package var thinkMicroseconds: UInt32 = 0
    /// The rate of all connections together; open loop only.
    package var requestsPerSecond = 0
    /// Datagrams of one send; below, sends of a client that may be without credit. Trains only.
    package var trainDatagrams = 1
    package var trainsInFlight = 1
    package var warmUpNanoseconds: UInt64 = 0
    package var windowNanoseconds: UInt64 = 1_000_000_000
    package var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Jobs with different numbers have unrelated streams.
    package var number: UInt64 = 0

    package init(kind: Kind, port: UInt16) {
        self.kind = kind
        self.port = port
    }
}
