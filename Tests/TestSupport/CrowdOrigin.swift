import CPelmeni
import Foundation
import Synchronization

/// An origin for many connections, on a thread of its own.
package final class CrowdOrigin: Sendable {
    /// The origin's work on a connection.
    package enum Kind: Sendable {
        /// Echoes, then ends.
        case echo
        /// Sends an endless stream, with the connection's first byte as its key. It reads nothing
        /// after that byte.
        case source
    }

    private static let sendBuffer: Int32 = 128 << 10

    private struct Connection {
        var socket: Int32
        /// Bytes of an echo that wait to be sent.
        var waiting: [UInt8] = []
        var key: Int?
        var sent = 0
        var hasEnded = false
    }

    package let listener: TestListener
    private let kind: Kind
    private let isStopping = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)
    private let open = Atomic<Int>(0)

    package init(_ kind: Kind, at name: SocketName? = nil) throws {
        listener = try TestListener(name)
        self.kind = kind
        if case .source = kind {
            // Accepted sockets inherit it; see the receive buffer of ``Crowd``.
            var bytes = Self.sendBuffer
            setsockopt(listener.socket, SOL_SOCKET, SO_SNDBUF, &bytes, 4)
        }
        let thread = Thread { [self] in serve() }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Open connections.
    package var connections: Int { open.load(ordering: .relaxed) }

    /// Closes all connections.
    package func stop() throws {
        isStopping.store(true, ordering: .relaxed)
        try waitUntil("the origin stops") { hasStopped.load(ordering: .relaxed) }
    }

    private func serve() {
        var connections: [Connection] = []
        var polled = [pollfd(fd: listener.socket, events: Int16(POLLIN), revents: 0)]
        var room = [UInt8](repeating: 0, count: 1 << 16)
        _ = pelmeni_socket_nonblocking(listener.socket, 1)
        while !isStopping.load(ordering: .relaxed) {
            for index in connections.indices {
                polled[index + 1].events = events(connections[index])
            }
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            var ended: [Int] = []
            for index in connections.indices where polled[index + 1].revents != 0 {
                if !serve(&connections[index], polled[index + 1].revents, &room) {
                    ended.append(index)
                }
            }
            for index in ended.reversed() {
                close(connections[index].socket)
                connections.swapAt(index, connections.count - 1)
                polled.swapAt(index + 1, polled.count - 1)
                connections.removeLast()
                polled.removeLast()
            }
            while polled[0].revents != 0 {
                let socket = pelmeni_socket_accept(listener.socket, 1)
                guard socket >= 0 else { break }
                connections.append(Connection(socket: socket))
                polled.append(pollfd(fd: socket, events: 0, revents: 0))
            }
            open.store(connections.count, ordering: .relaxed)
        }
        for connection in connections { close(connection.socket) }
        listener.close()
        hasStopped.store(true, ordering: .relaxed)
    }

    private func events(_ connection: Connection) -> Int16 {
        switch kind {
        case .source: Int16(connection.key == nil ? POLLIN : POLLOUT)
        case .echo:
            // It reads on while its own bytes wait, up to a bound: a client that only writes is
            // slowed down rather than buffered whole.
            Int16(
                (connection.waiting.isEmpty ? 0 : POLLOUT)
                    | (connection.hasEnded || connection.waiting.count > 1 << 18 ? 0 : POLLIN))
        }
    }

    /// False when the connection is over.
    private func serve(
        _ connection: inout Connection, _ events: Int16, _ room: inout [UInt8]
    ) -> Bool {
        if events & Int16(POLLIN | POLLHUP | POLLERR) != 0, !connection.hasEnded {
            let count = recv(connection.socket, &room, room.count, 0)
            if count < 0 { return errno == EAGAIN }
            switch kind {
            case .source:
                guard count > 0 else { return false }
                if connection.key == nil { connection.key = Int(room[0]) }
            case .echo:
                connection.waiting += room[..<count]
                connection.hasEnded = count == 0
            }
        }
        return write(&connection)
    }

    private func write(_ connection: inout Connection) -> Bool {
        switch kind {
        case .source:
            guard let key = connection.key else { return true }
            let piece = Pattern.shared.piece(key: key, at: connection.sent, count: 1 << 18)
            let count = piece.withUnsafeBytes {
                pelmeni_socket_send(connection.socket, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return count == -Int(EAGAIN) }
            connection.sent += count
            return true
        case .echo:
            if !connection.waiting.isEmpty {
                let count = connection.waiting.withUnsafeBytes {
                    pelmeni_socket_send(connection.socket, $0.baseAddress, $0.count)
                }
                guard count > 0 else { return count == -Int(EAGAIN) }
                connection.waiting.removeFirst(count)
            }
            return !(connection.hasEnded && connection.waiting.isEmpty)
        }
    }
}
