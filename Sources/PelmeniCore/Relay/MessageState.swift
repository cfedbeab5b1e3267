internal import CPelmeni

typealias MessageTable = RowTable<RowTableName.Sessions, MessageState>

/// The state of a session with messages, in a row of its own under the session's number.
struct MessageState: QueuedRow {
    typealias Table = RowTableName.Sessions

    /// The listener's leg that the client sends to.
    var listener: LegID = .none
    /// The client's address, and its destination address.
    var name = SocketAddress()
    var local = pelmeni_local()
    /// The number that a driver gives a client's session; 0 without one.
    var tag: UInt64 = 0
    var hash: UInt32 = 0
    /// The next session of the client table's bucket.
    var next: SessionID = .none
    /// In the client table: the client's next datagram belongs to this session.
    var isKnown = false
    /// The client's route refused a train.
    var refusesTrains = false
    /// Messages from the client, and responses to it. 64 bits: no session overflows them.
    var requests: UInt64 = 0
    var responses: UInt64 = 0
    /// Responses to a Unix client, in flight or waiting.
    var pendingResponses: UInt32 = 0
    /// A Unix client: an upper bound of the memory of its unread responses, and the part of that
    /// known to be over its share.
    var unread = 0
    var held = 0

    /// The cause with which a hook ended the session, while its end has to wait: no further unit
    /// crosses it.
    var hookCause: EndCause?

    // The stream side.
    /// The stream's end was read, so no byte is left unread.
    var hasStreamEnded = false
    /// The stream ends with a reset behind its queue: it had a bad frame, or its upstream refused.
    var endsWithReset = false
    /// Responses may still come.
    var expectsResponses = true
    /// All bytes are handed to the kernel; the session ends once they are acknowledged.
    var isDelivering = false
    /// Messages that wait for the stream's connect, and their number: small ones share pieces.
    var waiting = SendQueue()
    var waitingMessages: UInt32 = 0
}
