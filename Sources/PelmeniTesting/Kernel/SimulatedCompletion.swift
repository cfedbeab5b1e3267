internal import PelmeniCore

/// A completion between the simulated kernel and the ring.
struct SimulatedCompletion {
    var completion: Completion
    var socket: Int32
    var kind: OperationKind
    /// The posted slot that the block came from, or -1.
    var slot: Int
    /// Belongs to no waiting operation: a stale completion, or a cancel's own.
    var isStray = false
    /// Ends a wait for room rather than a send.
    var isOfRoom = false
}
