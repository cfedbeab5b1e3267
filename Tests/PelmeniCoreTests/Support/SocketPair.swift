import CPelmeni
import Glibc
import TestSupport

@testable import PelmeniCore

/// Two connected sockets: the near one is a ring's, in the mode that the ring needs; the far one is
/// the test's, and blocking.
struct SocketPair {
    let near: Int32
    let far: Wire
    var isUnix = false

    /// Over TCP on the loopback.
    static func tcp(for bench: RingBench) throws -> SocketPair {
        let (listener, address) = try LoopbackSocket.listen()
        defer { _ = pelmeni_socket_close(listener) }
        let far = try Wire(to: .port(address.port ?? 0))
        let near = pelmeni_socket_accept(listener, bench.isNonblocking ? 1 : 0)
        guard near >= 0 else { throw SystemError(code: near) }
        return SocketPair(near: near, far: far)
    }

    /// Over a Unix socket, streams or datagrams.
    static func unix(_ type: __socket_type, for bench: RingBench) throws -> SocketPair {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(type.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(code: errno) }
        if bench.isNonblocking { _ = pelmeni_socket_nonblocking(ends[0], 1) }
        return SocketPair(near: ends[0], far: Wire(socket: ends[1]), isUnix: true)
    }

    /// Over UDP, both connected; the near one is opened like a relay's towards an upstream.
    static func udp(for bench: RingBench, reportsErrors: Bool = false) throws -> SocketPair {
        let far = pelmeni_datagram_open(AF_INET, 0)
        let near = pelmeni_datagram_open(AF_INET, bench.isNonblocking ? 1 : 0)
        let pair = SocketPair(near: near, far: Wire(socket: far))
        var address = try name(far, bindFirst: true)
        try check(pelmeni_datagram_configure(near, AF_INET, 0, -1))
        if reportsErrors { try check(pelmeni_datagram_report_errors(near, AF_INET)) }
        try check(pelmeni_socket_connect(near, &address, socklen_t(address.length)))
        var own = try name(near, bindFirst: false)
        try check(pelmeni_socket_connect(far, &own, socklen_t(own.length)))
        return pair
    }

    private static func name(_ socket: Int32, bindFirst: Bool) throws -> SocketAddress {
        var address = SocketAddress(v4: 0x7f00_0001, port: 0)
        if bindFirst {
            try check(pelmeni_socket_bind(socket, &address, socklen_t(address.length), 0))
        }
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try check(pelmeni_socket_name(socket, &address.storage, &length))
        address.length = length
        return address
    }

    /// A socket that receives datagrams from many senders, like a relay's listener, and its
    /// address.
    static func datagramListener(
        at name: SocketName, for bench: RingBench
    ) throws -> (socket: Int32, name: SocketName) {
        var address = try SocketAddress(of: name)
        let socket = pelmeni_datagram_open(address.family, bench.isNonblocking ? 1 : 0)
        try check(socket)
        try check(pelmeni_datagram_configure(socket, address.family, 0, -1))
        try check(pelmeni_socket_bind(socket, &address, socklen_t(address.length), 0))
        guard case .port = name else { return (socket, name) }
        return (socket, .port(try self.name(socket, bindFirst: false).port ?? 0))
    }

    private static func check(_ result: Int32) throws {
        if result < 0 { throw SystemError(code: result) }
    }

    /// From now on the far end accepts datagrams of this port alone, and refuses the near end's.
    func refuse(butFrom port: UInt16) throws {
        var address = SocketAddress(v4: 0x7f00_0001, port: port)
        try Self.check(pelmeni_socket_connect(far.socket, &address, socklen_t(address.length)))
    }

    /// From now on the far end accepts datagrams of this socket.
    func accept(from socket: Int32) throws {
        var address = try Self.name(socket, bindFirst: false)
        try Self.check(pelmeni_socket_connect(far.socket, &address, socklen_t(address.length)))
    }

    /// Sends one datagram from the far end, whole.
    func sendDatagram(_ bytes: [UInt8]) throws {
        guard Glibc.send(far.socket, bytes, bytes.count, 0) == bytes.count else {
            throw SystemError(code: errno)
        }
    }
}

extension SocketAddress {
    init(of name: SocketName) throws {
        switch name {
        case .port(let port): self.init(v4: 0x7f00_0001, port: port)
        case .path(let path):
            guard let address = SocketAddress(path: path) else { throw SystemError(code: EINVAL) }
            self = address
        }
    }
}
