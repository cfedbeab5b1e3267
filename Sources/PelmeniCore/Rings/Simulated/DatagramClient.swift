/// One of the clients that send to a listener of datagrams.
struct DatagramClient {
    var pair: Int
    var number: Int
    var name: SocketAddress
    var sent = 0
    /// When it falls silent for a while, in messages; -1 when it does not, or did.
    var silentAt = -1
    var hasEnded = false
    /// Answers to it come in the order in which their upstream sent them.
    var isOrdered = true
    var answersWithoutBytes = 0
}
