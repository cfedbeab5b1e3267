import Foundation
import Glibc
import Synchronization

/// A datagram socket of a test, with blocking calls that give up after a while.
package final class DatagramWire: Sendable {
    /// Its address; nil without a name.
    package let name: SocketName?
    let socket: Int32
    private let isClosed = Mutex(false)

    /// - Parameter wanted: port 0 is any port of the loopback.
    package init(at wanted: SocketName = .port(0)) throws {
        socket = try Self.open(wanted.family)
        do {
            let port = try SocketName.bind(socket, to: wanted)
            name = if case .port = wanted { .port(port) } else { wanted }
        } catch {
            Glibc.close(socket)
            throw error
        }
    }

    /// A UDP socket at an address of another host or a group.
    ///
    /// - Parameter host: an IPv4 address as a number, its first part highest.
    package init(at wanted: SocketName, host: UInt32) throws {
        guard case .port(let port) = wanted else { throw WireError("a port") }
        let socket = try Self.open(AF_INET)
        self.socket = socket
        let address = DatagramAddress(host: host, port: port)
        var bound = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound =
            address.withAddress({ Glibc.bind(socket, $0, $1) }) == 0
            && withUnsafeMutablePointer(to: &bound) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getsockname(socket, $0, &length)
                }
            } == 0
        guard isBound else {
            let error = errno
            Glibc.close(socket)
            throw WireError("bind", error)
        }
        name = .port(UInt16(bigEndian: bound.sin_port))
    }

    /// A Unix socket without a name: it cannot be answered.
    package init(unnamedTo server: SocketName) throws {
        socket = try Self.open(AF_UNIX)
        name = nil
        try connect(to: DatagramAddress(server))
    }

    deinit { close() }

    private static func open(_ family: Int32) throws -> Int32 {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(family, kind, 0)
        guard socket >= 0 else { throw WireError("socket") }
        var patience = timeval(tv_sec: Wire.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        // The queue of a slow test belongs to the test; the engine's sockets keep the usual room.
        var room: Int32 = 4 << 20
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
        return socket
    }

    package var port: UInt16 { if case .port(let port) = name { port } else { 0 } }

    /// From now on only datagrams from this address are received.
    package func connect(to address: DatagramAddress) throws {
        guard address.withAddress({ Glibc.connect(socket, $0, $1) }) == 0 else {
            throw WireError("connect")
        }
    }

    package func connect(toPort port: UInt16?) throws {
        try connect(to: DatagramAddress(.port(port ?? 0)))
    }

    /// From now on no datagram is accepted: the network refuses them, as if the socket were closed.
    /// The port stays its own; a closed one can be another test's a moment later.
    package func refuse() throws { try connect(toPort: port) }

    /// Sends one datagram.
    ///
    /// - Parameter address: nil for a connected socket.
    package func send(_ bytes: [UInt8], to address: DatagramAddress? = nil) throws {
        var sent = -1
        repeat {
            sent = bytes.withUnsafeBytes { bytes in
                guard let address else {
                    return Glibc.send(socket, bytes.baseAddress, bytes.count, 0)
                }
                return address.withAddress {
                    sendto(socket, bytes.baseAddress, bytes.count, 0, $0, $1)
                }
            }
        } while sent < 0 && errno == EINTR
        guard sent == bytes.count else { throw WireError("send of a datagram") }
    }

    /// Sends one datagram with a descriptor, over a connected Unix socket.
    package func send(_ text: String, with descriptor: Int32) throws {
        try DescriptorPassing.send(Array(text.utf8), with: descriptor, over: socket)
    }

    /// Sends one datagram if there is room for it.
    package func offer(_ bytes: [UInt8], to address: DatagramAddress) {
        _ = address.withAddress {
            sendto(socket, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, $1)
        }
    }

    /// Sends UDP datagrams of `segment` bytes each in one call, which the receiver may get as one
    /// train; the last one may be shorter.
    package func sendTrain(
        _ bytes: [UInt8], segment: Int, to address: DatagramAddress? = nil
    ) throws {
        // UDP_SEGMENT of linux/udp.h, which Glibc does not have.
        for size in [Int32(segment), 0] {
            var size = size
            guard setsockopt(socket, Int32(IPPROTO_UDP), 103, &size, 4) == 0 else {
                throw WireError("UDP_SEGMENT")
            }
            if size > 0 { try send(bytes, to: address) }
        }
    }

    package func send(_ text: String, to address: DatagramAddress? = nil) throws {
        try send(Array(text.utf8), to: address)
    }

    /// The next datagram, and its sender.
    package func receive() throws -> (bytes: [UInt8], from: DatagramAddress) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var error: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 17) { room, count in
            var got = -1
            repeat {
                length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                got = withUnsafeMutablePointer(to: &storage) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(socket, room.baseAddress, room.count, 0, $0, &length)
                    }
                }
            } while got < 0 && errno == EINTR
            if got < 0 { error = errno }
            count = max(0, got)
        }
        guard error == 0 else { throw WireError("receive of a datagram", error) }
        let from = withUnsafeBytes(of: storage) {
            DatagramAddress(UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
        }
        return (bytes, from)
    }

    /// Of a Unix socket: whether a datagram that it sent is not received yet (`unix(7)`, SIOCOUTQ).
    package var hasUnread: Bool {
        var bytes: Int32 = 0
        return ioctl(socket, UInt(TIOCOUTQ), &bytes) == 0 && bytes > 0
    }

    /// Whether a datagram waits, or comes within this many milliseconds.
    package func waits(_ milliseconds: Int32) throws -> Bool {
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) == 1
    }

    /// The next datagram, or nil when none comes within this many milliseconds.
    package func receive(within milliseconds: Int32) throws -> [UInt8]? {
        try waits(milliseconds) ? try receive().bytes : nil
    }

    package func receiveText() throws -> String {
        String(decoding: try receive().bytes, as: UTF8.self)
    }

    /// Closes, and waits until the kernel has closed the socket: a process that is being started
    /// has copies of all descriptors until it runs, and such a copy goes on accepting datagrams
    /// that should be refused.
    package func goAway() throws {
        var info = stat()
        fstat(socket, &info)
        close()
        let table = if case .path = name { "/proc/net/unix" } else { "/proc/net/udp" }
        try waitUntil("the socket is gone") {
            let sockets = try String(contentsOfFile: table, encoding: .utf8)
            return !sockets.split(separator: "\n").contains { line in
                line.split(separator: " ").contains { $0 == "\(info.st_ino)" }
            }
        }
    }

    package func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(socket) }
            isClosed = true
        }
        if case .path(let path) = name { unlink(path) }
    }
}

extension DatagramWire {
    /// A UDP port without a socket, where a test may open one later: see
    /// ``SocketName/unusedPort()``.
    package static func unusedPort() throws -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000..<30_000)
            guard let wire = try? DatagramWire(at: .port(port)) else { continue }
            try wire.goAway()
            return port
        }
        throw Overdue(description: "no UDP port between 20000 and 30000 is free")
    }
}
