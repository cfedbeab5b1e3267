/// How the reads of the engine cut a peer's stream of messages.
package enum SimulatedCut: UInt8, Sendable {
    case byChance
    /// One cut, after as many bytes as the peer's number within the pair: a pair with one peer more
    /// than bytes has every cut.
    case atOwnNumber
    /// A cut after every byte.
    case everyByte
    /// No cut: all bytes at hand, as far as one block holds them.
    case never
}
