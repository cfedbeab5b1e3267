internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Socket buffers: what the kernel grants of the sizes asked for.
extension ListenerSet {
    /// Warns of a size that the kernel would cap, which it does silently, and for all kinds of
    /// socket alike. One socket that is never used shows what those of sessions will get.
    func noteBuffers(_ configuration: PairConfiguration) {
        let asked = configuration.datagramOptions.buffers
        guard asked != SocketBuffers() else { return }
        let socket = pelmeni_datagram_open(AF_UNIX, 1)
        guard socket >= 0 else { return }
        defer { _ = pelmeni_socket_close(socket) }
        pelmeni_socket_resize(socket, asked.receive, asked.send)
        var granted = SocketBuffers()
        guard pelmeni_socket_room(socket, &granted.receive, &granted.send) == 0 else { return }
        let pair = configuration.endpoint.description
        note("receive", pair, asked: asked.receive, granted: granted.receive, "rmem_max")
        note("send", pair, asked: asked.send, granted: granted.send, "wmem_max")
    }

    private func note(
        _ buffer: String, _ pair: String, asked: Int32, granted: Int32, _ limit: String
    ) {
        guard granted < asked else { return }
        log(
            .warning, "the kernel grants a smaller \(buffer) buffer",
            [
                .init("pair", pair), .init("asked", "\(asked)"), .init("granted", "\(granted)"),
                .init("remedy", "raise net.core.\(limit)"),
            ])
    }
}
