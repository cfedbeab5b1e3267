/// What a ``TrainWorker`` knows of one client.
struct TrainClient {
    var socket: Int32 = -1
    /// Datagrams that were sent.
    var sent: UInt64 = 0
    /// Up to where they are no longer in flight: there is credit for them, or they were given up.
    private(set) var settled: UInt64 = 0
    /// Up to where there is credit.
    private(set) var credited: UInt64 = 0
    /// Of them, what the sink had, whole and right.
    private(set) var received: UInt64 = 0
    /// When there was news, or the first train that is in flight was sent.
    var heard: UInt64 = 0
    /// How often the sink was asked at the end.
    var asked = 0

    var inFlight: UInt64 { sent - settled }
    var isTried: Bool { credited > 0 }
    /// The sink has spoken of everything.
    var isKnown: Bool { credited == sent }

    /// - Returns: false when a sink cannot have sent it.
    mutating func take(_ credit: DatagramCredit, _ now: UInt64) -> Bool {
        guard credit.sequence <= sent, credit.received <= credit.sequence else { return false }
        heard = now
        settled = max(settled, credit.sequence)
        credited = max(credited, credit.sequence)
        received = max(received, credit.received)
        return true
    }

    /// What is in flight is awaited no longer; a credit may still tell of it.
    mutating func giveUp() { settled = sent }
}
