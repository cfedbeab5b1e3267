/// What a ``LoadWorker`` knows of one connection.
struct LoadClient {
    enum Phase {
        case closed
        case connecting
        case waiting
        /// The answers are here, the other side's end is not.
        case ending
    }

    var phase: Phase = .closed
    var answer = Verifier(seed: 0, end: 0)
    /// When the exchange began, or the end.
    var since: UInt64 = 0
}
