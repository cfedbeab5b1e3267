internal import Pelmeni

/// Where a session is between an HTTP client and a stream of bytes.
struct StreamExchange: Sendable {
    enum Request: UInt8 {
        case head, body, trailers
        /// All of it is with the upstream.
        case done
    }

    enum Response: UInt8 {
        /// Its head is not sent.
        case none
        case body
    }

    /// The client's side: heads, and what the client was promised.
    var client = BridgeExchange()
    var request = Request.head
    var response = Response.none
    /// The response's body is sent in chunks.
    var isChunked = false
    var chunks = ChunkDecoder()
    /// Bytes that links had still to give when the deadline was set, and looks that found the same.
    var bytesLeft: UInt64 = 0
    var looks: UInt8 = 0

    /// A request's head was read.
    mutating func begin() {
        client.move(to: .body)
        request = .body
    }

    /// The next exchange of the same client.
    mutating func restart() {
        client.move(to: .ready)
        client.move(to: .asked)
        client.restart()
        self = StreamExchange(client: client)
    }
}
