internal import PelmeniCore

/// One of the clients that send to a listener of datagrams.
struct DatagramClient {
    var pair: Int
    var number: Int
    /// Empty for a Unix socket without a name.
    var name: SocketAddress
    /// A Unix client's own queue, or -1.
    var receiver = -1
    var sent = 0
    /// Answers received.
    var got = 0
    /// The message at which the client falls silent for a while; -1 for never, or when it did.
    var silentAt = -1
    var hasEnded = false
    /// Answers to it come in the order in which their upstream sent them.
    var isOrdered = true
    var answersWithoutBytes = 0
}
