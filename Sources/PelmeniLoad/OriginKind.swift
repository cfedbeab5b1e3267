/// The work of an ``Origin``.
enum OriginKind: Sendable {
    /// Sends every byte back as it comes; the load checks them.
    case echo
    /// Reads whole requests, each with an ``ExchangeHeader``, checks every byte, and answers with
    /// the stream that the header describes: a fixed response, a sink (a long request and a short
    /// answer) or a source (the reverse), as the load wishes.
    case answer
    /// Reads requests of HTTP/1.1 strictly, checks every byte of their bodies, and answers with
    /// what their target asks for, an ``HTTPWork``.
    case http
    /// After a connection's first byte sends an endless stream, the same on every connection, and
    /// reads no further byte.
    case source

    /// The seed of a source's stream.
    static let sourceSeed = Pattern.seed(.max)
}
