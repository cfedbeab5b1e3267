internal import PelmeniCore

/// What a load does: a closed loop, in which each connection asks again when its answer is there,
/// or an open one, in which requests are meant for fixed times.
struct LoadPlan: Sendable {
    /// What is counted as ``LoadResult/bytes``.
    enum CountedBytes: Sendable {
        /// Those of whole exchanges, both ways.
        case exchanges
        /// Those of answers, as they come.
        case received
        /// Those of requests, as their answers come.
        case requests
    }

    var target: SocketAddress
    /// What the other end does with a request.
    var origin: OriginKind = .answer
    var connections = 1
    /// Of a whole request; at least an ``ExchangeHeader``, unless the origin echoes.
    var requestBytes: UInt32 = 64
    /// An echo answers with the request.
    var answerBytes: UInt32 = 64
    /// A new connection for each request; the origin ends it.
    var reconnects = false
    var blockClass: BlockClass = .small
    var nanoseconds: UInt64 = 1_000_000_000
    /// How long an exchange, its connection included, or the end of a connection may take.
    var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Bytes that one receive may bring before it is armed anew.
    var receiveBytesMax = Int.max
    /// After so many faults the load gives up.
    var faultsMax = 100
    /// Streams of two runs with different numbers have nothing in common.
    var number: UInt64 = 0

    /// Requests under way on a connection.
    var depth = 1
    /// Between an answer and the next request of its connection, which is timed from the pause's
    /// end on. The first requests are spread over a pause.
    var thinkNanoseconds: UInt64 = 0
    /// Of all connections together, at even distances whatever the answers do; 0 is a closed loop.
    var requestsPerSecond = 0
    var counted: CountedBytes = .exchanges
    /// Opens and tries all connections first, warms up, and counts in a window of ``nanoseconds``
    /// only. Otherwise everything counts from the first connection on.
    var isStaged = false
    var warmUpNanoseconds: UInt64 = 0
    /// Instead of a window: holds the connections without traffic until the stop, and tries them
    /// again.
    var holds = false

    var isOpenLoop: Bool { requestsPerSecond > 0 }
}
