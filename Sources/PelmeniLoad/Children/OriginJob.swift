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
    }

    package var kind: Kind
    package var connections = 1024
    /// Large blocks, for long streams.
    package var isBulk = false

    package init(kind: Kind) { self.kind = kind }
}
