/// How a peer's stream of messages is cut into what the engine reads at once.
package enum SimulatedCut: UInt8, Sendable {
    case byChance
    /// Once, after as many bytes as the peer's number within the pair: a pair with one peer more
    /// than bytes has every cut.
    case atOwnNumber
    /// Every byte by itself.
    case everyByte
    /// Not at all: as much as there is, as far as one block holds it.
    case never
}
