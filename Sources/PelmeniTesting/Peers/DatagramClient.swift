internal import PelmeniCore

/// One of the clients that send to a listener of datagrams.
struct DatagramClient {
    var pair: Int
    var number: Int
    /// Of no length where a Unix socket has none.
    var name: SocketAddress
    /// A Unix client's own queue, or -1.
    var receiver = -1
    var sent = 0
    /// Answers that came.
    var got = 0
    /// When it falls silent for a while, in messages; -1 when it does not, or did.
    var silentAt = -1
    var hasEnded = false
    /// Answers to it come in the order in which their upstream sent them.
    var isOrdered = true
    var answersWithoutBytes = 0
}
