import CPelmeni
import Foundation
import Synchronization
import TestSupport

/// An origin that sends bytes to each connection and resets it at once, or ends its stream and
/// keeps the connection, on a thread of its own.
final class ResettingOrigin: Sendable {
    let listener: TestListener
    private let bytes: [UInt8]
    private let isStopping = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)

    private let resets: Bool

    /// - Parameter count: bytes of the stream of key 0.
    init(_ count: Int, resets: Bool = true) throws {
        listener = try TestListener()
        self.resets = resets
        bytes = Pattern.shared.stream(key: 0, count: count)
        _ = pelmeni_socket_nonblocking(listener.socket, 1)
        let thread = Thread { [self] in serve() }
        thread.stackSize = 1 << 18
        thread.start()
    }

    func stop() throws {
        isStopping.store(true, ordering: .relaxed)
        try waitUntil("the origin stops") { hasStopped.load(ordering: .relaxed) }
    }

    private func serve() {
        var kept: [Int32] = []
        var waiting = pollfd(fd: listener.socket, events: Int16(POLLIN), revents: 0)
        while !isStopping.load(ordering: .relaxed) {
            guard poll(&waiting, 1, 20) > 0 else { continue }
            while true {
                let socket = pelmeni_socket_accept(listener.socket, 1)
                guard socket >= 0 else { break }
                _ = pelmeni_socket_send(socket, bytes, bytes.count)
                if resets {
                    _ = pelmeni_socket_close_reset(socket)
                } else {
                    _ = pelmeni_socket_shutdown_write(socket)
                    kept.append(socket)
                }
            }
        }
        for socket in kept { _ = pelmeni_socket_close(socket) }
        listener.close()
        hasStopped.store(true, ordering: .relaxed)
    }
}
