internal import PelmeniCore

/// An operation that was enqueued, and goes to the simulated kernel with the next submit.
struct SimulatedRequest {
    var kind: OperationKind
    var socket: Int32
    var token: Token
    /// Where a connect goes to; read at the submit, as the kernel does.
    var address: UnsafePointer<SocketAddress>?
}
