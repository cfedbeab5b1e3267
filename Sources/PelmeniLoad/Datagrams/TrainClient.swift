/// The row of a client in a ``TrainWorker``.
struct TrainClient {
    var socket: Int32 = -1
    /// Datagrams sent.
    var sent: UInt64 = 0
    /// The last datagram that is no longer in flight: credited, or given up.
    private(set) var settled: UInt64 = 0
    /// The last credited datagram.
    private(set) var credited: UInt64 = 0
    /// Credited datagrams that the sink found whole and right.
    private(set) var received: UInt64 = 0
    /// The time of the last credit, or of sending the first train in flight.
    var heard: UInt64 = 0
    /// The number of requests for credit at the end.
    var asked = 0

    var inFlight: UInt64 { sent - settled }
    var isTried: Bool { credited > 0 }
    /// The sink has reported on every datagram.
    var isKnown: Bool { credited == sent }

    /// - Returns: false for a credit that no sink can have sent.
    mutating func take(_ credit: DatagramCredit, _ now: UInt64) -> Bool {
        guard credit.sequence <= sent, credit.received <= credit.sequence else { return false }
        heard = now
        settled = max(settled, credit.sequence)
        credited = max(credited, credit.sequence)
        received = max(received, credit.received)
        return true
    }

    /// Stops waiting for the datagrams in flight; a credit may still report them.
    mutating func giveUp() { settled = sent }
}
