import CPelmeni
import Glibc
import Synchronization

/// A listening socket of a test, which takes its connections one by one.
package final class TestListener: Sendable {
    package let name: SocketName
    package let socket: Int32
    private let isClosed = Mutex(false)

    /// - Parameters:
    ///   - wanted: nil is any port of the loopback.
    ///   - backlog: the connections that may wait.
    package init(_ wanted: SocketName? = nil, backlog: Int32 = 4096) throws {
        let asked = wanted ?? .port(0)
        let socket = try asked.newSocket()
        self.socket = socket
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        do {
            let port = try SocketName.bind(socket, to: asked)
            guard listen(socket, backlog) == 0 else { throw WireError("listen at \(asked)") }
            name = if case .port = asked { .port(port) } else { asked }
        } catch {
            Glibc.close(socket)
            throw error
        }
    }

    /// A port of another IPv4 address.
    package init(host: UInt32, port: UInt16) throws {
        let socket = try SocketName.port(port).newSocket()
        self.socket = socket
        name = .port(port)
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        let result = DatagramAddress(host: host, port: port).withAddress {
            Glibc.bind(socket, $0, $1)
        }
        guard result == 0, listen(socket, 128) == 0 else { throw WireError("listen") }
    }

    /// Whether nothing listens on a port. A connect would tell so too, and disturb another test
    /// that was given the port meanwhile.
    package static func isFree(_ port: UInt16?) -> Bool {
        (try? TestListener(.port(port ?? 0))) != nil
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
}

/// A port of the loopback that refuses every connection: a socket is bound to it, so that no other
/// gets it, and does not listen.
package final class RefusedPort: Sendable {
    package let port: UInt16
    private let socket: Int32

    package init() throws {
        socket = try SocketName.port(0).newSocket()
        port = try SocketName.bind(socket, to: .port(0))
    }

    deinit { close(socket) }
}

extension SocketName {
    /// A port for a program that needs its number. It lies below the kernel's own range, so that no
    /// socket of another test takes it meanwhile.
    package static func unusedPort() throws -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000..<30_000)
            let socket = try SocketName.port(port).newSocket()
            defer { close(socket) }
            if (try? bind(socket, to: .port(port))) != nil { return port }
        }
        throw Overdue(description: "no port between 20000 and 30000 is free")
    }
}
