internal import PelmeniCore

/// A datagram descriptor: a listener, or a socket connected to an upstream, then with that
/// upstream's view of the socket. Rows are not reused.
struct DatagramSocket {
    /// -1 once it is closed.
    var descriptor: Int32
    var pair: Int
    var isListener: Bool
    var isUnix = false
    /// Where a connected socket sends to.
    var destination = Destination()
    var queue: [SimulatedDatagram] = []
    /// For a Unix socket with a full queue: clients that wait to send; below, answers that do.
    var waitingClients: [Int] = []
    var waitingAnswers = 0
    var errors = Errors()
    /// For a connected Unix socket: the queue that its datagrams go to; below, whether it waits for
    /// room there.
    var receiver = -1
    var room: Token?
    /// The engine knows that the connected socket is gone: a later socket there is another one.
    var wasToldGone = false

    struct Destination {
        var address = SocketAddress()
        var mood = SimulatedDestination.Mood.accepts
    }

    // The upstream's side.
    /// The client whose messages come, once known: a number within the pair; -1 for clients without
    /// a name.
    var client: Int?
    /// The last message that came.
    var lastRequest = -1
    /// No event may have changed the order of messages.
    var isOrdered = true
    /// Answers sent, and the last one that the client got.
    var answers = 0
    var lastAnswer = -1

    // The engine's observed actions.
    /// Messages that the engine sent here, each counted once; below, answers handed to it.
    var requests = 0
    var responses = 0
    var activity = Activity()

    /// What the judge saw of the session behind a connected socket.
    struct Activity {
        /// The completion during which the engine last sent a message.
        var requestedAt: UInt64 = 0
        /// When a message last went either way; 0 is never.
        var activeAt: UInt64 = 0
        /// The tag of its messages, where they have tags and one came.
        var tag: UInt64?
    }

    /// What the network says of earlier datagrams.
    struct Errors {
        /// It refused one, and the error is still unreported.
        var isPending = false
        /// Errors are kept for the engine, too, until that takes them.
        var areKept = false
        var kept = NetworkReports()
        /// The engine has seen an error: it has to take what is kept before it goes on.
        var areOwed = false
    }
}
