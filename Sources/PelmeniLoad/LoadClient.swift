/// The row of a connection in a ``LoadWorker``.
struct LoadClient {
    enum Phase {
        case closed
        case connecting
        /// Open, with requests in flight or between them.
        case active
        /// All answers have come, but not the other side's end.
        case ending
        /// Failed, or no longer needed.
        case closing
    }

    var phase: Phase = .closed
    /// The connection has had its first answer.
    var isTried = false
    /// The connection has been tried again after it was held.
    var isProven = false
    /// Requests in flight; below, the place of the oldest in the connection's part of the worker's
    /// ring.
    var inFlight = 0
    var oldest = 0
    /// The check of the oldest request's answer.
    var answer = Verifier(seed: 0, end: 0)
    /// The head of that answer has come; HTTP only.
    var hasHead = false
    /// The beginning of the connection, of the wait for the oldest answer, or of the end.
    var since: UInt64 = 0
    /// The time at which the next request was due after a pause; 0 after none.
    var meant: UInt64 = 0
    /// Requests of the open loop's schedule that were sent; kept when the connection is replaced.
    var asked = 0
}
