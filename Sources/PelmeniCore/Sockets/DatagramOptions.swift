/// Options of a pair's datagram sockets: the listeners', and those of sessions. Trivial.
package struct DatagramOptions: Equatable, Sendable {
    package var buffers = SocketBuffers()
    /// UDP datagrams leave with DF, and none is cut on the way.
    package var keepsDF = false
    /// The interface by which datagrams to an upstream's group leave; 0 is the kernel's choice.
    package var groupInterface: UInt32 = 0
    /// Of a worker's listener: another worker's takes the datagrams that the kernel gives to every
    /// socket of the port, those to a broadcast address.
    package var leavesBroadcasts = false

    package init() {}
}
