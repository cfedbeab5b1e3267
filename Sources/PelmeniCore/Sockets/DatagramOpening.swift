internal import CPelmeni
internal import Glibc

/// Datagram sockets of any kind: the one place that opens them.
package enum DatagramOpening {
    /// A socket, or -errno.
    package static func open(_ family: Int32, _ kind: SocketKind, nonblocking: Bool) -> Int32 {
        guard !kind.isStandard, family != AF_UNIX else {
            return pelmeni_datagram_open(family, nonblocking ? 1 : 0)
        }
        let isV6 = family == AF_INET6
        let socket = pelmeni_datagram_open_kind(
            family, kind.isRaw ? 1 : 0, isV6 ? kind.numbers.v6 : kind.numbers.v4,
            nonblocking ? 1 : 0)
        let filter = isV6 ? kind.filters.v6 : kind.filters.v4
        guard socket >= 0, kind.isRaw, filter > 0 else { return socket }
        let error = pelmeni_datagram_filter(socket, family, filter - 1)
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            return error
        }
        return socket
    }

    /// Sets what has to be set before a bind or a connect: 0 or -errno.
    package static func prepare(
        _ socket: Int32, family: Int32, options: DatagramOptions
    ) -> Int32 {
        let buffers = options.buffers
        pelmeni_socket_resize(socket, buffers.receive, buffers.send)
        guard family != AF_UNIX else { return 0 }
        if buffers.receive == 0 {
            pelmeni_datagram_widen(socket, SocketBuffers.datagramsDefault)
        }
        return options.keepsDF ? pelmeni_datagram_keep_df(socket, family) : 0
    }
}
