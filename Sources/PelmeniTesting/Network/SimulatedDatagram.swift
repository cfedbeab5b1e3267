/// A datagram, or a train, in a socket's receive buffer: consecutive messages of one sender.
struct SimulatedDatagram {
    /// The row of the sending client; -1 for the upstream that a socket is connected to.
    var client: Int
    /// The first message; below, the number of messages.
    var sequence: Int
    var count: Int
    var arrivedAt: UInt64
}
