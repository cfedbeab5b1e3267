internal import PelmeniCore

/// An enqueued operation, which the simulated kernel gets with the next submit.
struct SimulatedRequest {
    var kind: OperationKind
    var socket: Int32
    var token: Token
    /// The address of a connect; read at the submit, as the kernel does.
    var address: UnsafePointer<SocketAddress>?
}
