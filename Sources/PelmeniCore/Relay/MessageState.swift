internal import CPelmeni

/// Rows of messages, beside those of the sessions.
typealias MessageTable = RowTable<RowTableName.Sessions, MessageState>

/// What a session with datagrams on a side has beside its row in the session table: a row of its
/// own, under the same number.
struct MessageState: QueuedRow {
    typealias Table = RowTableName.Sessions

    /// The leg of the listener that the client sends to.
    var listener: LegID = .none
    /// The client's address, and the one it sent to.
    var name = SocketAddress()
    var local = pelmeni_local()
    var hash: UInt32 = 0
    /// The next session of the client table's bucket.
    var next: SessionID = .none
    /// The client table knows it, so its client's next datagram is its own.
    var isKnown = false
    /// The client's route refused a train.
    var refusesTrains = false
    /// Messages from the client, and answers to it: in 64 bits, which no session fills.
    var requests: UInt64 = 0
    var responses: UInt64 = 0
    /// Answers to a Unix client that are on their way, or wait to be.
    var pendingResponses: UInt32 = 0
    /// Of a Unix client: the most memory that answers may take which it has not read; and the part
    /// of it that is known to be over its share.
    var unread = 0
    var held = 0

    // The stream side.
    /// Its end was read, so nothing of it is left unread.
    var hasStreamEnded = false
    /// It ends with a reset, behind what was queued for it: what it sent is no message, or its
    /// upstream refused.
    var endsWithReset = false
    /// Answers may still come.
    var expectsResponses = true
    /// It was handed all that it gets; the session ends once its far side has acknowledged that.
    var isDelivering = false
    /// Messages that wait for the stream to be connected, and how many they are: small ones share
    /// pieces.
    var waiting = SendQueue()
    var waitingMessages: UInt32 = 0
}
