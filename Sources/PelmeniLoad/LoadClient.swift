/// What a ``LoadWorker`` knows of one connection.
struct LoadClient {
    enum Phase {
        case closed
        case connecting
        /// Open, with requests under way or between them.
        case active
        /// The answers are here, the other side's end is not.
        case ending
        /// It failed, or is of no more use.
        case closing
    }

    var phase: Phase = .closed
    /// Has had its first answer.
    var isTried = false
    /// Has been asked after it was held.
    var isProven = false
    /// Requests under way, and where the oldest stands in the connection's part of the worker's
    /// ring.
    var inFlight = 0
    var oldest = 0
    /// Of the oldest request.
    var answer = Verifier(seed: 0, end: 0)
    /// When the connection, the wait for the oldest answer, or the end began.
    var since: UInt64 = 0
    /// When its next request was due after a pause; 0 after none.
    var meant: UInt64 = 0
    /// Requests of the open loop's schedule that were sent; it outlives the connection.
    var asked = 0
}
