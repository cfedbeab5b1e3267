/// A descriptor of the simulated process.
struct SimulatedSocket {
    enum Kind: UInt8 {
        case closed
        case listener
        /// Opened, and perhaps connecting.
        case unconnected
        case stream
        /// Of datagrams: a listener, or connected to an upstream.
        case datagrams
        case reserve
        /// One end of a pipe.
        case pipe
    }

    var kind = Kind.closed
    /// A listener's plan, a stream's peer, a row of ``DatagramSocket``, or one of
    /// ``SimulatedSplice``.
    var number = 0
    var isAttached = false
    /// A connected Unix socket that has not the mode yet that its other operations need.
    var isUnsettled = false
    var accept = SimulatedOperation()
    var connect = SimulatedOperation()
    var receive = SimulatedOperation()
    var send = SimulatedOperation()

    /// Sends of datagrams in flight, and when the last one of them completes.
    var departing = 0
    var departedAt: UInt64 = 0

    var hasOperations: Bool {
        accept.isInFlight || connect.isInFlight || receive.isInFlight || send.isInFlight
            || departing > 0
    }
}
