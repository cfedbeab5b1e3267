import CPelmeni
import Glibc
import TestSupport
import Testing

@testable import PelmeniCore

/// No session outlives its connections.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DeadSessionTests {
    /// Upstreams send a little and reset as soon as they have accepted: hundreds of clients, a
    /// hundred at once. The worker itself lists the sessions without a report of it.
    @Test(arguments: RingChoice.real) func noneAfterAStormOfResets(choice: RingChoice) throws {
        let (origin, originAddress) = try LoopbackSocket.listen()
        let (listener, address) = try LoopbackSocket.listen()
        let harness = try WorkerHarness(
            choice, listeners: [listener], upstreams: [[originAddress]],
            settings: WorkerHarness.Settings())
        harness.start()
        let bytes = Pattern.shared.stream(key: 0, count: 64 << 10)
        for size in [5, bytes.count, 5, bytes.count, 5, bytes.count] {
            let clients = (0..<100).map { _ in LoopbackSocket.connect(address) }
            // Without a pause: each is served as it comes.
            let patience = Patience()
            var served = 0
            while served < clients.count, !patience.isOver {
                let socket = pelmeni_socket_accept(origin, 1)
                guard socket >= 0 else { continue }
                _ = pelmeni_socket_send(socket, bytes, size)
                _ = pelmeni_socket_close_reset(socket)
                served += 1
            }
            #expect(served == clients.count)
            var room = [UInt8](repeating: 0, count: 1 << 17)
            var open = Set(clients)
            // The audit finds unreported sessions, not this wait.
            let little = Patience(.seconds(3))
            while !open.isEmpty, !little.isOver {
                for client in open {
                    let count = pelmeni_socket_receive(client, &room, room.count)
                    if count <= 0, count != -Int(EAGAIN) { open.remove(client) }
                }
                usleep(1_000)
            }
            let dead = harness.deadSessions()
            #expect(open.isEmpty, "\(open.count) of \(clients.count) clients were told of nothing")
            #expect(dead.isEmpty, "\(dead.count) sessions; \(dead.first ?? "")")
            for client in clients { _ = pelmeni_socket_close_reset(client) }
        }
        harness.stop()
        let report = try #require(harness.join(seconds: 20))
        #expect(report.leaks.isEmpty, "\(report.leaks)")
        _ = pelmeni_socket_close(origin)
    }
}
