/// What an ``Origin`` does with what it receives.
enum OriginKind: Sendable {
    /// Sends every byte back as it comes; the load checks them.
    case echo
    /// Reads whole requests, each with an ``ExchangeHeader``, checks every byte, and answers with
    /// the stream that the header asks for: a fixed response, a sink (a long request and a short
    /// answer) or a source (the other way round), as the load wishes.
    case answer
    /// Answers each HTTP/1.1 request with ``FixedHTTP/answer``.
    case http
    /// After a connection's first byte sends a stream without end, the same on every connection,
    /// and reads nothing more.
    case source

    /// Of the stream that a source sends.
    static let sourceSeed = Pattern.seed(.max)
}
