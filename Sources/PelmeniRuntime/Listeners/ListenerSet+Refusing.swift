internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Ports of listeners that refuse clients while no upstream is up.
extension ListenerSet {
    /// Has the kernel choose a port, and holds it with a socket until the listener is bound to its
    /// number: a listener that was bound to port 0 loses its port when it refuses, and would listen
    /// again on another one (Linux 6.18).
    ///
    /// - Returns: the socket, or -1 where nothing is to be held.
    func holdPort(
        _ address: inout SocketAddress, _ configuration: PairConfiguration, subject: String
    ) throws(EngineError) -> Int32 {
        guard configuration.refusesWhenDown, address.port == 0 else { return -1 }
        let socket = pelmeni_socket_open(address.family, 0)
        guard socket >= 0 else { throw failed(subject, socket, "no socket") }
        let isV6 = address.family == AF_INET6
        _ = SocketCalls.configure(
            socket, family: address.family, options: configuration.options.atOpening,
            onlyV6: isV6 ? (configuration.network.isIPv6Only ? 1 : 0) : -1)
        let error = Self.bind(socket, &address, reuses: true)
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            throw failed(subject, error, "cannot listen")
        }
        Self.readName(of: socket, into: &address)
        return socket
    }

    /// The name that a socket has.
    static func readName(of socket: Int32, into address: inout SocketAddress) {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = pelmeni_socket_name(socket, &address.storage, &length)
        address.length = length
    }
}
