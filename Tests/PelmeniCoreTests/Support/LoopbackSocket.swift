import CPelmeni
import Glibc

@testable import PelmeniCore

/// Sockets on 127.0.0.1, and the process's descriptors of them.
enum LoopbackSocket {
    /// A listener on a free port.
    static func listen(backlog: Int32 = 4096) throws -> (socket: Int32, address: SocketAddress) {
        let socket = pelmeni_socket_open(AF_INET, 1)
        guard socket >= 0 else { throw SystemError(code: socket) }
        var address = SocketAddress(v4: 0x7f00_0001, port: 0)
        try check(
            withUnsafePointer(to: address.storage) {
                pelmeni_socket_bind(socket, $0, address.length, 1)
            })
        try check(pelmeni_socket_listen(socket, backlog))
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try check(
            withUnsafeMutablePointer(to: &address.storage) {
                pelmeni_socket_name(socket, $0, &length)
            })
        return (socket, address)
    }

    /// A listener on a Unix socket.
    static func listen(at path: String) throws -> (socket: Int32, address: SocketAddress) {
        guard let address = SocketAddress(path: path) else { throw SystemError(code: EINVAL) }
        let socket = pelmeni_socket_open(AF_UNIX, 1)
        try check(socket)
        try check(
            withUnsafePointer(to: address.storage) {
                pelmeni_socket_bind(socket, $0, address.length, 0)
            })
        try check(pelmeni_socket_listen(socket, 4096))
        return (socket, address)
    }

    /// An address without a listener.
    static func refusing() throws -> SocketAddress {
        let (socket, address) = try listen()
        _ = pelmeni_socket_close(socket)
        return address
    }

    /// A socket that is connecting, or -errno.
    ///
    /// - Parameter receiveBuffer: bytes, for a reader that stalls: the kernel otherwise lets a
    ///   buffer grow to megabytes, and the reader would not stall. 0 leaves the kernel's size.
    static func connect(_ address: SocketAddress, receiveBuffer: Int32 = 0) -> Int32 {
        let socket = pelmeni_socket_open(address.family, 1)
        guard socket >= 0 else { return socket }
        if receiveBuffer > 0 {
            var bytes = receiveBuffer
            setsockopt(
                socket, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = withUnsafePointer(to: address.storage) {
            pelmeni_socket_connect(socket, $0, address.length)
        }
        guard result == 0 || result == -EINPROGRESS else {
            _ = pelmeni_socket_close(socket)
            return result
        }
        return socket
    }

    /// Descriptors of this process's TCP sockets with one of these ports at either end. Other tests
    /// run meanwhile, so the number of all descriptors would show nothing, and UDP has the same
    /// ports again.
    static func open(on ports: Set<UInt16>) -> Int {
        (0..<Int32(20_000)).count { socket in
            var type: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0,
                type == Int32(SOCK_STREAM.rawValue)
            else { return false }
            return [pelmeni_socket_name, pelmeni_socket_peer_name].contains { name in
                var address = SocketAddress()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let result = withUnsafeMutablePointer(to: &address.storage) {
                    name(socket, $0, &length)
                }
                guard result == 0, let port = address.port else { return false }
                return ports.contains(port)
            }
        }
    }

    private static func check(_ result: Int32) throws {
        if result < 0 { throw SystemError(code: result) }
    }
}
