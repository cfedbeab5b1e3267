/// The calls to a kernel that never wait and need no ring: sockets, pipes, the clock. A handle that
/// a ring lends.
package protocol SystemCalls {
    /// A pipe for about so many bytes. The kernel counts pages: a page that holds little fills a
    /// place as well.
    func openPipe(bytes: Int) -> SplicePipe
    /// Closes it; what is in it is lost.
    func closePipe(_ pipe: SplicePipe)

    /// Monotonic nanoseconds.
    func now() -> UInt64
    /// A stream socket for an upstream, or -errno.
    func open(family: Int32) -> Int32
    /// Gives a socket whose connect went through the mode that its other operations need.
    func setUpConnected(_ socket: Int32, isUnix: Bool)
    /// A datagram socket that is connected to an upstream, bound to a name of its own where that is
    /// needed for answers (Unix); or -errno.
    func openDatagrams(
        to address: UnsafePointer<SocketAddress>, kind: SocketKind, options: DatagramOptions
    ) -> Int32
    /// Takes what the network reported of datagrams that a socket sent out of its error queue: as
    /// long as one is left there, the socket counts as ready.
    func takeReports(_ socket: Int32, isRaw: Bool) -> NetworkReports
    /// Gives a Unix listener of datagrams, whose clients' unread answers count against its send
    /// buffer, one of `bytes`, or of 0 as large a one as the kernel grants. How large that is, or
    /// -errno.
    func widenSendBuffer(_ socket: Int32, bytes: Int32) -> Int
    func configure(_ socket: Int32, family: Int32, options: SocketOptions) -> Int32
    /// The address of a stream's far side; of family 0 where it has none.
    func peerName(_ socket: Int32) -> SocketAddress
    /// Whether a connected socket is its own far side. False without a call where that cannot be.
    ///
    /// - Parameter port: the one that was dialled.
    func reachesItself(_ socket: Int32, port: UInt16) -> Bool
    func shutdownWrite(_ socket: Int32) -> Int32
    /// Closes in order: bytes already handed over are still delivered.
    func close(_ socket: Int32)
    /// Closes with a reset; bytes not yet acknowledged are thrown away.
    func closeWithReset(_ socket: Int32)
    /// Bytes handed over that the other side has not acknowledged, or -errno.
    func outstanding(_ socket: Int32) -> Int64
    /// Bytes that the other side has acknowledged in all, or -errno where the kernel does not tell.
    func acknowledged(_ socket: Int32) -> Int64
    /// Nanoseconds since bytes of a stream last went out to the far side, or `UInt64.max` where the
    /// kernel does not tell.
    func sentAgo(_ socket: Int32) -> UInt64
    /// Whether a reset or another error ended the connection, though nobody reads it now.
    func isBroken(_ socket: Int32) -> Bool
    /// Whether an end, a reset or another error is there, or was.
    func isOver(_ socket: Int32) -> Bool
    /// Whether anything came that is not received yet: bytes, an end or an error.
    func stirs(_ socket: Int32) -> Bool
    /// Whether the connection is over by a reset or another error, though somebody was told of that
    /// already.
    func isGone(_ socket: Int32) -> Bool
    /// Whether something that came is not received yet, if only an urgent byte.
    func hasUnread(_ socket: Int32) -> Bool
    /// One connection waiting at a listener, or -EAGAIN. For the drain, when nothing is armed.
    func acceptWaiting(_ listener: Int32) -> Int32
    func closeListener(_ listener: Int32)
    /// Lets a TCP listener refuse: connects fail from now on, and connections in the backlog are
    /// reset. The port stays its own. Nothing of the listener is in flight. 0 or -errno.
    func refuse(_ listener: Int32) -> Int32
    /// Listens again after ``refuse(_:)``. 0 or -errno.
    func listenAgain(_ listener: Int32, backlog: Int) -> Int32
    /// Holds a descriptor back for bad times, or -errno.
    func openReserve() -> Int32
}
