/// The job of an origin process, one line of JSON on its standard input.
package struct OriginJob: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Whole requests, each with a header that describes its answer; every byte is verified.
        case answer
        /// Every byte comes back.
        case echo
        /// HTTP/1.1, kept connections: a request's target describes its answer; every byte is
        /// verified. `/` has a fixed answer.
        case http
        /// After the first byte of a connection, an endless stream; no further byte is read.
        case source
        /// Each datagram goes back to its sender, marked as an answer.
        case datagramEcho
        /// Datagrams of one-way flows are counted and verified, and a request for credit is
        /// answered.
        case datagramSink
    }

    package var kind: Kind
    package var connections = 1024
    /// Large blocks, for long streams.
    package var isBulk = false
    /// Whether a sink takes trains whole, which spares the sender the cutting.
    package var takesTrains = false

    package init(kind: Kind) { self.kind = kind }
}
