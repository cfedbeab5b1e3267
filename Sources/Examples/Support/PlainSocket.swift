internal import CPelmeni
internal import Glibc

/// A socket of this machine that waits at most five seconds: the clients and upstreams of checks.
///
/// A check needs no thread: a listener's backlog takes the engine's connect before `accept()`.
package final class PlainSocket {
    package enum Kind {
        case stream
        case datagrams
    }

    private static let secondsMax = 5
    private let descriptor: Int32
    /// The sender of the last datagram.
    private var sender = sockaddr_in()

    private init(_ descriptor: Int32) throws(ExampleFailure) {
        guard descriptor >= 0 else { throw Self.failure("socket") }
        self.descriptor = descriptor
        var time = timeval(tv_sec: Self.secondsMax, tv_usec: 0)
        let bytes = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, bytes)
        var on: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    private static func open(_ kind: Kind) throws(ExampleFailure) -> PlainSocket {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        return try PlainSocket(
            socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0))
    }

    /// Listens on a port of the kernel's choice.
    package static func listening(_ kind: Kind) throws(ExampleFailure) -> PlainSocket {
        let listener = try open(kind)
        guard listener.named(0, bind) == 0 else { throw failure("bind") }
        if kind == .stream {
            guard listen(listener.descriptor, 512) == 0 else { throw failure("listen") }
        }
        return listener
    }

    /// Connects to a port.
    package static func connected(
        _ kind: Kind, to port: UInt16
    ) throws(ExampleFailure) -> PlainSocket {
        let client = try open(kind)
        guard client.named(port, connect) == 0 || client.hasConnectedBehindSignal() else {
            throw failure("connect")
        }
        return client
    }

    /// A connect that was interrupted goes on by itself: connect(2), EINTR. False where it failed,
    /// with its error.
    private func hasConnectedBehindSignal() -> Bool {
        guard errno == EINTR else { return false }
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let ready = Self.repeating { Int(poll(&poller, 1, Int32(Self.secondsMax * 1_000))) }
        var error = ready == 1 ? Int32(0) : EAGAIN
        var bytes = socklen_t(MemoryLayout<Int32>.size)
        if ready == 1 { getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &bytes) }
        errno = error
        return error == 0
    }

    package func accept() throws(ExampleFailure) -> PlainSocket {
        let accepted = Self.repeating { Int(pelmeni_socket_accept(descriptor, 0)) }
        guard accepted >= 0 else { throw Self.failure("accept", -Int32(accepted)) }
        return try PlainSocket(Int32(accepted))
    }

    /// The local port.
    package var port: UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    // MARK: Bytes

    package func send(_ text: String) throws(ExampleFailure) { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws(ExampleFailure) {
        var sent = 0
        repeat {
            let count = bytes.withUnsafeBytes { bytes in
                Self.repeating {
                    Glibc.send(
                        descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent,
                        Int32(MSG_NOSIGNAL))
                }
            }
            guard count >= 0 else { throw Self.failure("send") }
            sent += count
        } while sent < bytes.count
    }

    /// Receives bytes, at most `most`: none at the end of a stream.
    package func receive(atMost most: Int = 65_536) throws(ExampleFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: most)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = bytes.withUnsafeMutableBytes { bytes in
            withUnsafeMutablePointer(to: &sender) { sender in
                sender.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
                    Self.repeating {
                        recvfrom(descriptor, bytes.baseAddress, bytes.count, 0, sender, &length)
                    }
                }
            }
        }
        guard count >= 0 else { throw Self.failure("receive") }
        return Array(bytes.prefix(count))
    }

    /// Receives as many bytes of a stream.
    package func receive(exactly count: Int) throws(ExampleFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try receive(atMost: count - bytes.count)
            guard !part.isEmpty else {
                throw ExampleFailure("the stream ended after \(bytes.count) of \(count) bytes")
            }
            bytes += part
        }
        return bytes
    }

    /// Receives a stream up to its end.
    package func receiveAll() throws(ExampleFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try receive()
            if part.isEmpty { return bytes }
            bytes += part
        }
    }

    /// Answers the last datagram.
    package func answer(_ bytes: [UInt8]) throws(ExampleFailure) {
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, length)
            }
        }
        guard count == bytes.count else { throw Self.failure("sendto") }
    }

    /// The port of the last datagram's sender.
    package var senderPort: UInt16 { UInt16(bigEndian: sender.sin_port) }

    /// Sends a datagram to a port of this machine.
    package func send(_ bytes: [UInt8], toPort port: UInt16) throws(ExampleFailure) {
        let sent = named(port) { descriptor, name, length in
            Int32(sendto(descriptor, bytes, bytes.count, 0, name, length))
        }
        guard sent == bytes.count else { throw Self.failure("sendto") }
    }

    /// Ends the stream towards the peer.
    package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: System calls

    private func named(
        _ port: UInt16, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Repeats a call that was interrupted: io_uring's work for the process interrupts waits with
    /// a timeout.
    private static func repeating(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            let isInterrupted = result == -1 && errno == EINTR || result == -Int(EINTR)
            if !isInterrupted { return result }
        }
    }

    private static func failure(_ call: String, _ error: Int32 = errno) -> ExampleFailure {
        let reason = String(cString: strerror(error))
        return ExampleFailure(
            error == EAGAIN ? "\(call): nothing within \(secondsMax) s" : "\(call): \(reason)")
    }
}
