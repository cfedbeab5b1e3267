import CPelmeni
import Glibc
import Synchronization

/// One connection of a test, with blocking calls that give up after a while.
package final class Wire: Sendable {
    /// How a stream ended.
    package enum End: Equatable, Sendable {
        case clean
        case reset
    }

    /// Longer than any action on the loopback, also beside other work; and shorter than
    /// ``Patience/usual``, so that a wait for a thread outlives what the thread waits for.
    package static let patience = 20

    package let socket: Int32
    private let isClosed = Mutex(false)

    package init(socket: Int32) {
        self.socket = socket
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    deinit { close() }

    package convenience init(to name: SocketName) throws {
        self.init(socket: try name.newSocket())
        var error = name.withAddress { connect(socket, $0, $1) }
        if error != 0, errno == EINTR { error = Self.finishConnect(socket) }
        guard error == 0 else { throw WireError("connect to \(name)") }
    }

    /// An interrupted connect continues by itself, connect(2); this waits for its end.
    private static func finishConnect(_ socket: Int32) -> Int32 {
        var wanted = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        while poll(&wanted, 1, 10_000) < 0 && errno == EINTR {}
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 else { return -1 }
        errno = error
        return wanted.revents != 0 && error == 0 ? 0 : -1
    }

    package convenience init(toPort port: UInt16?) throws { try self.init(to: .port(port ?? 0)) }

    /// A connection to a port of `::1`.
    package convenience init(toIPv6Port port: UInt16) throws {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET6, kind, 0)
        guard socket >= 0 else { throw WireError("socket") }
        self.init(socket: socket)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        let error = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        guard error == 0 else { throw WireError("connect to [::1]:\(port)") }
    }

    // MARK: Writing

    package func write(_ bytes: some Sequence<UInt8>) throws {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw WireError("send") }
            done += count
        }
    }

    package func write(_ text: String) throws { try write(text.utf8) }

    /// Ends the stream of this side.
    package func finish() { shutdown(socket, Int32(SHUT_WR)) }

    /// Closes with a reset. Unread bytes of either side are lost.
    package func reset() { closeOnce { _ = pelmeni_socket_close_reset(socket) } }

    package func close() { closeOnce { _ = Glibc.close(socket) } }

    private func closeOnce(_ body: () -> Void) {
        isClosed.withLock { isClosed in
            if !isClosed { body() }
            isClosed = true
        }
    }

    /// Waits until the other side has acknowledged all written bytes: then a reset destroys none of
    /// them in flight, but may in the other side's queue.
    package func waitUntilDelivered() throws {
        try waitUntil("everything written is acknowledged") {
            pelmeni_socket_outstanding(socket) <= 0
        }
    }

    // MARK: Reading

    /// The next bytes; empty at the end.
    package func read(upTo most: Int = 1 << 16) throws -> [UInt8] {
        var error: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { room, count in
            var got = -1
            // The probe of a ring without deferred work interrupts the calls of its thread.
            repeat {
                got = recv(socket, room.baseAddress, most, 0)
            } while got < 0 && errno == EINTR
            if got < 0 { error = errno }
            count = max(0, got)
        }
        guard error == 0 else { throw WireError("recv", error) }
        return bytes
    }

    /// Waits for a byte, and leaves it; nil at the end of the stream.
    package func peekOne() throws -> UInt8? {
        var byte: UInt8 = 0
        var count = -1
        repeat {
            count = recv(socket, &byte, 1, Int32(MSG_PEEK))
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw WireError("recv") }
        return count == 0 ? nil : byte
    }

    package func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(upTo: count - bytes.count)
            guard !more.isEmpty else {
                throw Overdue(
                    description: "the stream ended after \(bytes.count) of \(count) bytes")
            }
            bytes += more
        }
        return bytes
    }

    package func readText(_ count: Int) throws -> String {
        String(decoding: try read(exactly: count), as: UTF8.self)
    }

    /// All bytes up to the end, and its kind.
    package func readAll() throws -> (bytes: [UInt8], end: End) {
        var bytes: [UInt8] = []
        while true {
            do {
                let more = try read()
                if more.isEmpty { return (bytes, .clean) }
                bytes += more
            } catch let error as WireError where error.code == ECONNRESET {
                return (bytes, .reset)
            }
        }
    }

    /// The end, without any byte before it.
    package func readEnd() throws -> End {
        let (bytes, end) = try readAll()
        guard bytes.isEmpty else {
            throw Overdue(description: "\(bytes.count) bytes where the end was expected")
        }
        return end
    }
}
