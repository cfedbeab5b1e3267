import Glibc

/// The address of a test's socket: a port of the loopback, or a path. A path that begins with `@`
/// is an abstract name.
package enum SocketName: Sendable, CustomStringConvertible {
    case port(UInt16)
    case path(String)

    package var description: String {
        switch self {
        case .port(let port): "tcp://127.0.0.1:\(port)"
        case .path(let path): (path.hasPrefix("@") ? "unix:" : "unix://") + path
        }
    }

    var family: Int32 {
        switch self {
        case .port: AF_INET
        case .path: AF_UNIX
        }
    }

    func withAddress(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        switch self {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .path(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { room in
                room.copyBytes(from: path.utf8.prefix(room.count - 1))
                if path.hasPrefix("@") { room[0] = 0 }
            }
            let length =
                path.hasPrefix("@") ? 2 + path.utf8.count : MemoryLayout<sockaddr_un>.size
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(length))
                }
            }
        }
    }

    /// Binds, and returns the port.
    static func bind(_ socket: Int32, to name: SocketName) throws -> UInt16 {
        guard name.withAddress({ Glibc.bind(socket, $0, $1) }) == 0 else {
            throw WireError("bind to \(name)")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket, $0, &length)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    package func newSocket() throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = socket(family, kind, 0)
        guard socket >= 0 else { throw WireError("socket") }
        return socket
    }
}

extension SocketName {
    /// A connect whose end is awaited elsewhere.
    package func beginConnect(_ socket: Int32) {
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        _ = withAddress { connect(socket, $0, $1) }
    }
}
