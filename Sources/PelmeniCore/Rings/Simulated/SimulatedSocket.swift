/// A descriptor of the simulated process.
struct SimulatedSocket {
    enum Kind: UInt8 {
        case closed
        case listener
        /// Opened, and perhaps connecting.
        case unconnected
        case stream
        case reserve
    }

    var kind = Kind.closed
    /// A listener's plan, or a stream's peer.
    var number = 0
    var isAttached = false
    var accept = SimulatedOperation()
    var connect = SimulatedOperation()
    var receive = SimulatedOperation()
    var send = SimulatedOperation()

    var hasOperations: Bool {
        accept.isInFlight || connect.isInFlight || receive.isInFlight || send.isInFlight
    }
}
