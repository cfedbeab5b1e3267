internal import PelmeniCore
internal import PelmeniRuntime

/// The plan of a load: a closed loop, in which each connection sends its next request after an
/// answer, or an open loop, in which requests are due at fixed times.
struct LoadPlan: Sendable {
    /// The bytes counted in ``LoadResult/bytes``.
    enum CountedBytes: Sendable {
        /// Bytes of whole exchanges, both ways.
        case exchanges
        /// Bytes of answers, as they come.
        case received
        /// Bytes of requests, as their answers come.
        case requests
    }

    var target: SocketAddress
    /// The origin's work for a request.
    var origin: OriginKind = .answer
    var connections = 1
    /// Bytes of a whole request; at least an ``ExchangeHeader``, unless the origin echoes. Of HTTP,
    /// here and below: bytes of a body.
    var requestBytes: UInt32 = 64
    /// An echo answers with the request.
    var answerBytes: UInt32 = 64
    /// A new connection for each request; the origin ends it.
    var reconnects = false
    var blockClass: BlockClass = .small
    var nanoseconds: UInt64 = 1_000_000_000
    /// The longest time of an exchange, its connection included, or of a connection's end.
    var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Bytes that one receive may bring before it is armed anew.
    var receiveBytesMax = Int.max
    /// The number of faults after which the load gives up.
    var faultsMax = 100
    /// Runs with different numbers have unrelated streams.
    var number: UInt64 = 0

    /// Requests in flight on a connection.
    var depth = 1
    /// The pause between an answer and the next request of its connection, which is timed from the
    /// pause's end. The first requests are spread over a pause.
    var thinkNanoseconds: UInt64 = 0
    /// The rate of all connections together, at even distances whatever the answers do; 0 is a
    /// closed loop.
    var requestsPerSecond = 0
    var counted: CountedBytes = .exchanges
    /// Opens and tries all connections first, warms up, and counts in a window of ``nanoseconds``
    /// only. Otherwise all exchanges count from the first connection on.
    var isStaged = false
    var warmUpNanoseconds: UInt64 = 0
    /// Instead of a window: holds the connections without traffic until the stop, and tries them
    /// again.
    var holds = false

    var isOpenLoop: Bool { requestsPerSecond > 0 }
}
