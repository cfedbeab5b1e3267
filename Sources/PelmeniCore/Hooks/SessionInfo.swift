/// The session of an asynchronous call, as it was when the call began: a copy, which may be kept.
public struct SessionInfo: Sendable {
    /// The client's address. A Unix stream has none: it is `unnamed`.
    public let client: Address
    /// The number of the upstream in the client's list; nil while none has accepted.
    public let upstream: Int?
    /// The number of the session's server in the engine's list of servers, from 0.
    public let pair: Int
    /// Whether the unit is the last one of its direction: the stream has ended behind it. Once for
    /// each direction of a stream without framing, with bytes or with none. Never for messages and
    /// datagrams.
    public let isEnd: Bool
    /// Whether the unit goes to the client: true in ``AsyncBeforeRespond``.
    public let isToClient: Bool
    /// Whether the unit is a whole message or datagram, rather than a chunk of a stream, which is
    /// cut anywhere.
    public let isMessage: Bool

    init(_ session: borrowing Session) {
        client = session.client
        upstream = session.upstream
        pair = session.call.pointee.pair.index
        isEnd = session.isEnd
        isToClient = session.isToClient
        isMessage = session.isMessage
    }
}
