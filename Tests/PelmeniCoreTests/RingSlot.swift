@testable import PelmeniCore

/// A socket under its number in a ring's table, as a relay numbers its legs.
struct RingSlot: Hashable {
    let index: UInt32
    let generation: UInt32
    let socket: Int32

    func token(_ kind: OperationKind) -> Token {
        Token(kind, index: index, generation: generation)
    }
}
