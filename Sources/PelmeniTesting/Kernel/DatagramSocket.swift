internal import PelmeniCore

/// What is behind a descriptor of datagrams: a listener, or one that is connected to an upstream;
/// and then the upstream itself, as far as it knows this socket. Rows are not used again.
struct DatagramSocket {
    /// -1 once it is closed.
    var descriptor: Int32
    var pair: Int
    var isListener: Bool
    var isUnix = false
    var mood = SimulatedDestination.Mood.accepts
    var queue: [SimulatedDatagram] = []
    /// Of a Unix socket whose queue is full: clients that wait to send, and answers that do.
    var waitingClients: [Int] = []
    var waitingAnswers = 0
    /// The network refused an earlier datagram, and nobody was told yet.
    var isRefused = false
    /// Of a Unix socket that is connected: whose queue its datagrams go to, and who waits for room
    /// there.
    var receiver = -1
    var room: Token?
    /// The engine was told that the socket it is connected to is gone: whoever comes there is
    /// another one.
    var wasToldGone = false

    // The upstream's side.
    /// The client whose messages come, once known: a number within the pair; those without a name
    /// are -1.
    var client: Int?
    /// The last message that came.
    var lastRequest = -1
    /// Nothing happened that may have changed the order of messages.
    var isOrdered = true
    /// Answers sent, and the last one that the client got.
    var answers = 0
    var lastAnswer = -1

    // What the engine was seen to do.
    /// Messages that it sent here, each once; answers that it was handed.
    var requests = 0
    var responses = 0
    /// During which completion it last sent one.
    var requestedAt: UInt64 = 0
}
