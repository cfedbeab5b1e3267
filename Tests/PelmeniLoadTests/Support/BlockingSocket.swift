import CPelmeni
import Glibc

@testable import PelmeniCore

/// A client with blocking calls.
enum BlockingSocket {
    static func connect(_ port: UInt16) -> Int32 {
        let socket = pelmeni_socket_open(AF_INET, 0)
        var address = SocketAddress(v4: 0x7f00_0001, port: port)
        _ = pelmeni_socket_connect(socket, &address, socklen_t(address.length))
        return socket
    }

    /// A listener on a port of its own, on the loopback.
    static func listen() throws(SystemError) -> (listener: Int32, port: UInt16) {
        let bound = try bind()
        guard pelmeni_socket_listen(bound.listener, 64) == 0 else { throw SystemError(code: errno) }
        return bound
    }

    /// Bound, and not listening: the kernel refuses connections, and no other socket gets the port.
    static func bind() throws(SystemError) -> (listener: Int32, port: UInt16) {
        let listener = pelmeni_socket_open(AF_INET, 0)
        var address = SocketAddress(v4: 0x7f00_0001, port: 0)
        var length = socklen_t(address.length)
        guard listener >= 0, pelmeni_socket_bind(listener, &address, length, 0) == 0,
            pelmeni_socket_name(listener, &address, &length) == 0
        else { throw SystemError(code: errno) }
        return (listener, address.port ?? 0)
    }

    static func write(_ socket: Int32, _ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// This many bytes, or fewer when the stream ends.
    static func read(_ socket: Int32, _ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count {
            let got = recv(socket, &buffer, min(buffer.count, count - bytes.count), 0)
            guard got > 0 else { break }
            bytes += buffer[..<got]
        }
        return bytes
    }
}
