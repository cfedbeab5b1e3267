/// A datagram, or a train of them, in a socket's receive buffer: messages in a row of one sender.
struct SimulatedDatagram {
    /// The row of the client that sent it; -1 for the upstream that a socket is connected to.
    var client: Int
    /// The first message, and how many there are.
    var sequence: Int
    var count: Int
    var arrivedAt: UInt64
}
