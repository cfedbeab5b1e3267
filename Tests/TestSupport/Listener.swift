import CPelmeni
import Glibc
import Synchronization

/// A listening socket of a test, whose connections the test takes one by one.
package final class Listener: Sendable {
    package let name: SocketName
    package let socket: Int32
    private let isClosed = Mutex(false)

    /// - Parameters:
    ///   - wanted: nil is any port of the loopback.
    ///   - backlog: how many may wait.
    package init(_ wanted: SocketName? = nil, backlog: Int32 = 4096) throws {
        let asked = wanted ?? .port(0)
        let socket = try asked.newSocket()
        self.socket = socket
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard asked.withAddress({ bind(socket, $0, $1) }) == 0, listen(socket, backlog) == 0 else {
            let error = WireError("listen at \(asked)")
            Glibc.close(socket)
            throw error
        }
        guard case .port = asked else {
            name = asked
            return
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket, $0, &length)
            }
        }
        name = .port(UInt16(bigEndian: address.sin_port))
    }

    deinit { close() }

    package var port: UInt16 { if case .port(let port) = name { port } else { 0 } }

    /// The next connection.
    package func accept(within: Duration = .seconds(Wire.patience)) throws -> Wire {
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        let patience = Patience(within)
        while poll(&waiting, 1, patience.milliseconds) < 1 {
            if patience.isOver { throw patience.failure("a connection at \(name)") }
        }
        let connection = pelmeni_socket_accept(socket, 0)
        guard connection >= 0 else { throw WireError("accept", -connection) }
        return Wire(socket: connection)
    }

    package func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(socket) }
            isClosed = true
        }
        if case .path(let path) = name { unlink(path) }
    }

    /// A port of the loopback at which nobody listens.
    package static func unusedPort() throws -> UInt16 {
        let listener = try Listener()
        defer { listener.close() }
        return listener.port
    }
}
