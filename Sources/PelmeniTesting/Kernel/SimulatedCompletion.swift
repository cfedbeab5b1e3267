internal import PelmeniCore

/// A completion on its way from the simulated kernel to the ring.
struct SimulatedCompletion {
    var completion: Completion
    var socket: Int32
    var kind: OperationKind
    /// The posted slot that the block came from, or -1.
    var slot: Int
    /// Neither an operation's nor anything anyone waits for: stale, or a cancel's own.
    var isStray = false
    /// It ends a wait for room rather than a send.
    var isOfRoom = false
}
