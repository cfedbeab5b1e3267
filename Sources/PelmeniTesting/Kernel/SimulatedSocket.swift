/// A descriptor of the simulated process.
struct SimulatedSocket {
    enum Kind: UInt8 {
        case closed
        case listener
        /// Opened, and perhaps connecting.
        case unconnected
        case stream
        /// A datagram socket: a listener, or connected to an upstream.
        case datagrams
        case reserve
        /// One end of a pipe.
        case pipe
    }

    var kind = Kind.closed
    /// The number of a listener's plan, of a stream's peer, or of a row of ``DatagramSocket`` or
    /// ``SimulatedSplice``.
    var number = 0
    var isAttached = false
    /// A connected Unix socket that still lacks the mode for its other operations.
    var isUnsettled = false
    /// Connected to itself: good for being closed with a reset.
    var reachesItself = false
    /// A listener that does not listen now.
    var isRefusing = false
    var accept = SimulatedOperation()
    var connect = SimulatedOperation()
    var receive = SimulatedOperation()
    var send = SimulatedOperation()

    /// Datagram sends in flight; below, the time at which the last of them completes.
    var datagramsInFlight = 0
    var departedAt: UInt64 = 0

    var hasOperations: Bool {
        accept.isInFlight || connect.isInFlight || receive.isInFlight || send.isInFlight
            || datagramsInFlight > 0
    }
}
