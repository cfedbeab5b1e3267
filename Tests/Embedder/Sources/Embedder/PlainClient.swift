import Glibc

/// A socket of this machine that waits at most five seconds.
final class PlainClient {
    private let descriptor: Int32

    private init(_ type: __socket_type) throws {
        descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket: \(errno)") }
        var time = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    static func stream(to port: UInt16?) throws -> PlainClient {
        let client = try PlainClient(SOCK_STREAM)
        guard client.named(port, connect) == 0 else { throw Failure("connect: \(errno)") }
        return client
    }

    static func datagrams(to port: UInt16?) throws -> PlainClient {
        let client = try PlainClient(SOCK_DGRAM)
        guard client.named(port, connect) == 0 else { throw Failure("connect: \(errno)") }
        return client
    }

    /// Its backlog takes connections, and no call accepts them: the upstream of a server whose
    /// hooks answer.
    static func sink() throws -> PlainClient {
        let sink = try PlainClient(SOCK_STREAM)
        guard sink.named(0, bind) == 0, listen(sink.descriptor, 512) == 0 else {
            throw Failure("bind: \(errno)")
        }
        return sink
    }

    /// Datagrams go there and nowhere.
    static func datagramSink() throws -> PlainClient {
        let sink = try PlainClient(SOCK_DGRAM)
        guard sink.named(0, bind) == 0 else { throw Failure("bind: \(errno)") }
        return sink
    }

    var port: UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure("send: \(errno)")
        }
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// One datagram, or bytes of a stream; nil at a reset.
    func receive(atMost most: Int = 65_536) throws -> String? {
        var bytes = [UInt8](repeating: 0, count: most)
        var count: Int
        // io_uring's work for the process interrupts waits with a timeout.
        repeat {
            count = recv(descriptor, &bytes, bytes.count, 0)
        } while count < 0 && errno == EINTR
        if count < 0, errno == ECONNRESET { return nil }
        guard count >= 0 else { throw Failure("receive: \(errno)") }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func receive(bytes: Int) throws -> String {
        var text = ""
        while text.utf8.count < bytes {
            guard let part = try receive(atMost: bytes - text.utf8.count), !part.isEmpty else {
                throw Failure("a stream ended early: \(text)")
            }
            text += part
        }
        return text
    }

    /// A stream up to its end; nil at a reset.
    func receiveAll() throws -> String? {
        var text = ""
        while let part = try receive() {
            if part.isEmpty { return text }
            text += part
        }
        return nil
    }

    private func named(
        _ port: UInt16?, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = (port ?? 0).bigEndian
        name.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func expect<Value: Equatable>(_ found: Value, _ wanted: Value, _ subject: String) throws {
    if found != wanted { throw Failure("\(subject): \(found) instead of \(wanted)") }
}
