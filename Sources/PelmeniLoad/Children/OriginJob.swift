/// What an origin process is told, as one line of JSON on its standard input.
package struct OriginJob: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Whole requests, each with a header that says what the answer is to be; every byte
        /// verified.
        case answer
        /// Every byte comes back.
        case echo
        /// One fixed HTTP/1.1 answer to every request, kept connections.
        case http
        /// After the first byte of a connection, a stream that does not end; nothing else is read.
        case source
        /// Each datagram goes back to its sender, marked as an answer.
        case datagramEcho
        /// Datagrams of one-way flows are counted and verified, and those that ask for it are
        /// answered with a credit.
        case datagramSink
    }

    package var kind: Kind
    package var connections = 1024
    /// Large blocks, for long streams.
    package var isBulk = false
    /// Whether a sink takes trains in one piece, which spares whoever sends them the cutting.
    package var takesTrains = false

    package init(kind: Kind) { self.kind = kind }
}
