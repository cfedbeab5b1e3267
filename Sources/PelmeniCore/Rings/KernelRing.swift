internal import CPelmeni

/// The calls that io_uring and epoll make alike: both stand on the same kernel sockets.
package protocol KernelRing: Ring, ~Copyable {}

extension KernelRing where Self: ~Copyable {
    @inline(__always)
    package mutating func configure(_ socket: Int32, family: Int32, options: SocketOptions) -> Int32
    {
        SocketCalls.configure(socket, family: family, options: options)
    }

    @inline(__always)
    package mutating func shutdownWrite(_ socket: Int32) -> Int32 {
        pelmeni_socket_shutdown_write(socket)
    }

    @inline(__always)
    package mutating func close(_ socket: Int32) { _ = pelmeni_socket_close(socket) }

    @inline(__always)
    package mutating func closeWithReset(_ socket: Int32) { _ = pelmeni_socket_close_reset(socket) }

    @inline(__always)
    package mutating func outstanding(_ socket: Int32) -> Int64 {
        pelmeni_socket_outstanding(socket)
    }

    @inline(__always)
    package mutating func acknowledged(_ socket: Int32) -> Int64 {
        pelmeni_socket_acknowledged(socket)
    }

    @inline(__always)
    package mutating func isBroken(_ socket: Int32) -> Bool { pelmeni_socket_broken(socket) == 1 }

    @inline(__always)
    package mutating func openReserve() -> Int32 { pelmeni_event_create() }
}
