internal import Pelmeni

// A client's end of its stream behind a whole request. A paused side is told of no end: with
// `abort` the client is paused only for the bytes of its next request.
extension HTTPProxy {
    /// Whether nothing is read behind a whole request, until it is answered.
    @inline(__always)
    func pausesBehind(_ hasMore: Bool) -> Bool { !abortsHalfClosed || hasMore }

    /// Bytes of the next request: they wait, and the client's end behind them is no abort.
    @inline(__always)
    func holdsPipelined(_ state: HTTPExchange, _ context: borrowing PairContext) -> Bool {
        guard abortsHalfClosed, state.request == .done, state.response != .none else {
            return false
        }
        context.pause(.client)
        return true
    }

    /// Ends the exchange of a client that has ended its stream, and its upstream's connection.
    func abortsExchange(_ state: HTTPExchange, _ context: borrowing PairContext) -> Bool {
        guard abortsHalfClosed, state.request == .done, state.response != .none else {
            return false
        }
        context.closeUpstream(reset: true)
        context.end(.clientReset, reset: true)
        return true
    }
}
