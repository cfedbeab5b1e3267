internal import CPelmeni

/// Socket calls that take more than one system call.
package enum SocketCalls {
    package static func configure(
        _ socket: Int32, family: Int32, options: SocketOptions, onlyV6: Int32 = -1
    ) -> Int32 {
        var values = pelmeni_socket_options(
            no_delay: options.noDelay ? 1 : 0, keep_alive_seconds: options.keepAliveSeconds,
            user_timeout_milliseconds: options.userTimeoutMilliseconds, only_v6: onlyV6,
            urgent_in_line: options.urgentInLine ? 1 : 0,
            receive_buffer: options.buffers.receive, send_buffer: options.buffers.send)
        return pelmeni_socket_configure(socket, family, &values)
    }

    /// Accepts one waiting connection of a listener without an armed accept, or -EAGAIN.
    package static func acceptWaiting(_ listener: Int32, nonblocking: Bool) -> Int32 {
        _ = pelmeni_socket_nonblocking(listener, 1)
        return pelmeni_socket_accept(listener, nonblocking ? 1 : 0)
    }
}
