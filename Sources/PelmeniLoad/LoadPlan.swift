internal import PelmeniCore

/// What a load does: a closed loop, in which each connection asks again when its answer is there.
struct LoadPlan: Sendable {
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
    /// After so many faults the load gives up.
    var faultsMax = 100
    /// Streams of two runs with different numbers have nothing in common.
    var number: UInt64 = 0
}
