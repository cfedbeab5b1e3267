/// Something that happens at a time of the simulated clock.
struct SimulatedEvent {
    enum Kind: UInt8 {
        /// Bytes from the peer move on.
        case incoming
        /// Bytes from the proxy move on.
        case outgoing
        /// A peer checks what it can do.
        case step
        case clientComes
        /// A client sends datagrams, or is done.
        case datagramClient
        /// An upstream answers a datagram.
        case datagramAnswer
        /// The network reports that no socket listens.
        case datagramRefused
        /// A Unix end takes a datagram out of its queue.
        case receiverReads
        /// A pair's Unix upstreams close.
        case receiversGo
        case resetAtProxy
        case resetAtPeer
        case connectEnds
        case completion
        case retryReceive
        /// A cancel that its target may outrun.
        case cancel
        /// An asynchronous hook answers.
        case hookAnswers
        /// The patience with a script's step is over.
        case scriptWaits
        case heal
        case drain
        case stop
    }

    var time: UInt64
    /// Events of one time happen in the order in which they were made.
    var order: UInt64
    var kind: Kind
    var number: Int
    var detail: Int
    var serial: UInt32
}
