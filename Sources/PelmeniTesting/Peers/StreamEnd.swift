/// The end of a peer's stream of messages.
package enum StreamEnd: UInt8, CaseIterable, Sendable {
    /// The peer ends after its last message.
    case atOnce
    /// The peer waits for the proxy to end the stream.
    case never
    case resets
    /// The peer ends in the middle of a message, or before the last delimiter.
    case cutShort
    /// An invalid frame follows the messages.
    case badFrame
}
