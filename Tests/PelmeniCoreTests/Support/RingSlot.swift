@testable import PelmeniCore

/// A socket under its number in a ring's table, like a relay's leg.
struct RingSlot: Hashable {
    let index: UInt32
    let generation: UInt32
    let socket: Int32

    func token(_ kind: OperationKind) -> Token {
        Token(kind, index: index, generation: generation)
    }
}
