internal import CPelmeni
internal import Glibc

/// The kernel's own calls, for io_uring and epoll alike.
package struct KernelCalls: SystemCalls {
    /// The mode that the ring needs its sockets in: epoll makes every call itself, and io_uring
    /// waits in the kernel.
    let isNonblocking: Bool

    package func now() -> UInt64 { pelmeni_monotonic_nanoseconds() }

    /// A Unix socket is non-blocking until it is connected: the kernel would pass a connect that
    /// cannot complete at once to the ring's one worker thread, where it delays all later ones
    /// (Linux 6.18).
    package func open(family: Int32) -> Int32 {
        pelmeni_socket_open(family, isNonblocking || family == AF_UNIX ? 1 : 0)
    }

    package func setUpConnected(_ socket: Int32, isUnix: Bool) {
        if isUnix, !isNonblocking { _ = pelmeni_socket_nonblocking(socket, 0) }
    }

    package func openDatagrams(
        to address: UnsafePointer<SocketAddress>, kind: SocketKind, options: DatagramOptions
    ) -> Int32 {
        let family = address.pointee.family
        let socket = DatagramOpening.open(family, kind, nonblocking: isNonblocking)
        guard socket >= 0 else { return socket }
        var error = pelmeni_datagram_configure(socket, family, 0, -1)
        if error == 0, kind.reportsErrors, family != AF_UNIX {
            error = pelmeni_datagram_report_errors(socket, family)
        }
        // The buffer of a Unix socket's sender bounds the datagrams that wait for it.
        if error == 0 {
            error = DatagramOpening.prepare(socket, family: family, options: options)
        }
        if error == 0, options.groupInterface != 0, address.pointee.isGroup {
            error = pelmeni_datagram_leave_by(socket, family, options.groupInterface)
        }
        // Without a name of its own the socket could not be answered: the kernel gives it an
        // abstract one (unix(7)).
        if error == 0, family == AF_UNIX { error = pelmeni_datagram_name(socket) }
        if error == 0 {
            // The kernel tells no peer without a port (inet_getname), though these have none.
            var name = address.pointee
            if !kind.isStandard { name.setPort(1) }
            error = pelmeni_socket_connect(socket, &name.storage, socklen_t(name.length))
            // A socket of its own would get what it sends.
            if error == 0, let port = name.port, kind.isStandard,
                reachesItself(socket, port: port)
            {
                error = -ECONNREFUSED
            }
        }
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            return error
        }
        return socket
    }

    package func takeReports(_ socket: Int32, isRaw: Bool) -> NetworkReports {
        let taken = pelmeni_datagram_take_reports(socket, isRaw ? 1 : 0)
        var reports = NetworkReports()
        reports.error = taken.error
        reports.unreachable = Int(taken.unreachable)
        reports.tooBig = Int(taken.too_big)
        reports.count = Int(taken.taken)
        return reports
    }

    package func acceptWaiting(_ listener: Int32) -> Int32 {
        SocketCalls.acceptWaiting(listener, nonblocking: isNonblocking)
    }

    package func closeListener(_ listener: Int32) { _ = pelmeni_socket_close(listener) }

    package func refuse(_ listener: Int32) -> Int32 { pelmeni_socket_refuse(listener) }

    package func listenAgain(_ listener: Int32, backlog: Int) -> Int32 {
        pelmeni_socket_listen_again(listener, Int32(backlog))
    }

    package func openReserve() -> Int32 { pelmeni_event_create() }

    @inline(__always)
    package func configure(_ socket: Int32, family: Int32, options: SocketOptions) -> Int32 {
        SocketCalls.configure(socket, family: family, options: options)
    }

    package func widenSendBuffer(_ socket: Int32, bytes: Int32) -> Int {
        Int(pelmeni_datagram_widen_answers(socket, bytes))
    }

    package func reachesItself(_ socket: Int32, port: UInt16) -> Bool {
        pelmeni_socket_reaches_itself(socket, port) == 1
    }

    package func peerName(_ socket: Int32) -> SocketAddress {
        var address = SocketAddress()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &address.storage) { bytes in
            getpeername(
                socket, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard result == 0 else { return SocketAddress() }
        address.length = length
        return address
    }

    @inline(__always)
    package func shutdownWrite(_ socket: Int32) -> Int32 { pelmeni_socket_shutdown_write(socket) }

    @inline(__always)
    package func close(_ socket: Int32) { _ = pelmeni_socket_close(socket) }

    @inline(__always)
    package func closeWithReset(_ socket: Int32) { _ = pelmeni_socket_close_reset(socket) }

    @inline(__always)
    package func outstanding(_ socket: Int32) -> Int64 { pelmeni_socket_outstanding(socket) }

    @inline(__always)
    package func acknowledged(_ socket: Int32) -> Int64 { pelmeni_socket_acknowledged(socket) }

    package func sentAgo(_ socket: Int32) -> UInt64 {
        let milliseconds = pelmeni_socket_sent_milliseconds_ago(socket)
        return milliseconds < 0 ? .max : UInt64(milliseconds) &* 1_000_000
    }

    @inline(__always)
    package func isBroken(_ socket: Int32) -> Bool { pelmeni_socket_broken(socket) == 1 }

    package func isOver(_ socket: Int32) -> Bool { pelmeni_socket_over(socket) == 1 }

    package func stirs(_ socket: Int32) -> Bool { pelmeni_socket_stirs(socket) == 1 }

    package func isGone(_ socket: Int32) -> Bool { pelmeni_socket_gone(socket) == 1 }

    package func hasUnread(_ socket: Int32) -> Bool { pelmeni_socket_unread(socket) == 1 }

    package func openPipe(bytes: Int) -> SplicePipe {
        var pipe = SplicePipe(fill: -1, drain: -1)
        let error = pelmeni_pipe_open(&pipe.fill, &pipe.drain, Int32(bytes))
        if error < 0 { pipe.fill = error }
        return pipe
    }

    package func closePipe(_ pipe: SplicePipe) {
        _ = pelmeni_socket_close(pipe.fill)
        _ = pelmeni_socket_close(pipe.drain)
    }

    @inline(__always)
    func splice(
        from: Int32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        let moved = pelmeni_splice(
            from, to, pipe.fill, pipe.drain, inside, most, isNonblocking ? 0 : 1)
        var result = SpliceResult()
        result.received = Int(moved.received)
        result.sent = Int(moved.sent)
        result.receiveError = moved.receive_error
        result.sendError = moved.send_error
        result.isEnded = moved.is_ended != 0
        result.needsReceive = moved.needs_receive != 0
        return result
    }
}
