/// The far end of one connection, client or upstream, and the connection itself: scripts and pipes.
struct SimulatedPeer {
    enum State: UInt8 {
        /// A client that has not connected yet.
        case waiting
        case open
        case ended
    }

    var state = State.waiting
    var plan: Int
    var number: Int
    var isClient: Bool
    var identity: UInt64
    /// The proxy's descriptor; -1 before the proxy has one and after it closed it.
    var socket: Int32 = -1
    /// From the peer to the proxy.
    var incoming = SimulatedPipe()
    /// From the proxy to the peer.
    var outgoing = SimulatedPipe()
    var reader: FlowReader

    var readsFrom: UInt64 = 0
    var isAwake = false
    var sent = 0
    var sentEnd = false
    /// The peer reset the connection.
    var hasReset = false
    var seenEnd = FlowResult.End.none
    /// The peer's reset has come to the proxy.
    var resetArrived = false
    /// The proxy has not seen the error yet.
    var errorPending = false
    var deliverable: Int?
    /// The proxy closed its descriptor.
    var proxyClosed = false
    /// The proxy read from it at least once.
    var wasRead = false
    /// Failed attempts to connect, for a client whose backlog is full.
    var retries = 0
    /// The row of its messages; -1 when its stream carries none.
    var stream = -1
}
