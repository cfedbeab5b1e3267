/// How a peer ends its stream of messages.
package enum StreamEnd: UInt8, CaseIterable, Sendable {
    /// It ends once all is sent.
    case atOnce
    /// It waits for the proxy to end it.
    case never
    case resets
    /// It ends in the middle of a message; without the mark of the last one's end, where there is
    /// one.
    case cutShort
    /// What follows its messages is no frame.
    case badFrame
}
