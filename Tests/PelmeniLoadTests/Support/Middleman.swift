import CPelmeni
import Glibc

@testable import PelmeniCore
@testable import PelmeniLoad

/// Relays one connection after the other, with blocking calls of its own, and damages the answers
/// once on each connection, at a place of its stream.
final class Middleman: Sendable {
    enum Flaw: String, CaseIterable, Sendable {
        case changesByte
        case dropsByte
        /// All bytes of the call that reaches the place.
        case losesAnswer
        /// The whole connection, for 200 ms, once in all.
        case stalls
    }

    let port: UInt16
    private let listener: Int32
    private let thread: LoadThread<Bool>

    init(_ flaw: Flaw, place: Int, to origin: UInt16) throws {
        let (listener, port) = try BlockingSocket.listen()
        self.listener = listener
        self.port = port
        thread = try LoadThread("middleman") {
            var hasStalled = false
            while true {
                let client = pelmeni_socket_accept(listener, 0)
                guard client >= 0 else { return true }
                let upstream = BlockingSocket.connect(origin)
                Self.relay(client, upstream, flaw, place, &hasStalled)
                _ = pelmeni_socket_close(client)
                _ = pelmeni_socket_close(upstream)
            }
        }
    }

    func stop() async {
        _ = pelmeni_socket_shutdown_both(listener)
        _ = await thread.value()
        _ = pelmeni_socket_close(listener)
    }

    private static func relay(
        _ client: Int32, _ upstream: Int32, _ flaw: Flaw, _ place: Int, _ hasStalled: inout Bool
    ) {
        var position = 0
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var watched = [client, upstream].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&watched, 2, -1) > 0 else { return }
            if watched[0].revents != 0 {
                let count = recv(client, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                _ = send(upstream, buffer, count, Int32(MSG_NOSIGNAL))
            }
            guard watched[1].revents != 0 else { continue }
            let count = recv(upstream, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            var answer = Array(buffer[..<count])
            let at = place - position
            position += count
            if answer.indices.contains(at) {
                switch flaw {
                case .changesByte: answer[at] ^= 1
                case .dropsByte: answer.remove(at: at)
                case .losesAnswer: continue
                case .stalls:
                    if !hasStalled { usleep(200_000) }
                    hasStalled = true
                }
            }
            _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
        }
    }
}
