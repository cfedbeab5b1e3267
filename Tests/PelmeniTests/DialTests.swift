import Glibc
import Pelmeni
import TestSupport
import Testing

/// Upstreams that accept late, and clients that do not wait for them.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct DialTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The queue of one Unix upstream stays full; another one's is full for a moment. The clients
    /// of the second are served, although those of the first wait.
    @Test(arguments: Variant.all) func aStuckUpstreamDelaysNoOther(variant: Variant) async throws {
        let stuck = try TestListener(.path(folder.file("stuck")), backlog: 0)
        let busy = try TestListener(.path(folder.file("busy")), backlog: 0)
        let fillers = try [stuck, busy].map { try Wire(to: $0.name) }
        let servers = ["stuck", "busy"].map { name in
            TCPServer(UnixClient(folder.file(name)), listen: "127.0.0.1", port: 0)
        }
        let engine = try Engine.variant(variant, servers: servers)
        try await engine.start()
        let waiting = try (0..<10).map { _ in try Wire(toPort: engine.listeners[0].port) }
        try waitUntil("they wait for the one that is stuck") { engine.statistics.open == 10 }
        let clients = try (0..<20).map { _ in try Wire(toPort: engine.listeners[1].port) }
        for client in clients { try client.write("question") }
        try waitUntil("the others are accepted") { engine.statistics.open == 30 }
        // The busy one continues: its filler first, and then the clients.
        let serving = beside {
            try busy.accept().close()
            for _ in clients {
                let upstream = try busy.accept()
                #expect(try upstream.readText(8) == "question")
                try upstream.write("answer")
            }
        }
        for client in clients { #expect(try client.readText(6) == "answer") }
        try await serving.value
        #expect(engine.statistics.causes[.connectTimeout] == nil)
        await engine.stop()
        for wire in fillers + waiting { wire.close() }
    }

    /// Clients that close while their upstream is dialled free their sessions and their dials at
    /// once, not at the connect deadline.
    @Test(arguments: Variant.all, [Face.tcp, Face.unix])
    func aClientThatLeavesFreesItsSession(variant: Variant, to: Face) async throws {
        let origin = try TestListener(
            to.isUnix ? .path(folder.file("full")) : nil, backlog: 0)
        let fillers = try Self.fill(origin)
        let client: any Client =
            to.isUnix
            ? UnixClient(folder.file("full")) : TCPClient("127.0.0.1", port: origin.port)
        let relay = try await Relay.start(variant, to: client, origin: origin) {
            $0.connectTimeout = .seconds(60)
        }
        let staying = try relay.connect()
        let leaving = try (0..<40).map { _ in try relay.connect() }
        for wire in leaving { try wire.write("x") }
        try waitUntil("all are accepted") { relay.engine.statistics.accepted == 41 }
        for wire in leaving { wire.reset() }
        // About a second; it must not be the connect deadline.
        try waitUntil("those that left are gone") { relay.engine.statistics.open == 1 }
        #expect(relay.engine.statistics.causes == [.clientReset: 40])
        // The remaining client still gets its upstream.
        try staying.write("patience")
        for filler in fillers { filler.close() }
        let upstream = try Self.accept(origin, saying: "patience")
        #expect(try upstream.readText(8) == "patience")
        await relay.engine.stop()
    }

    /// The connection whose client sends this: cancelled ones may wait in the queue before it.
    private static func accept(_ origin: TestListener, saying text: String) throws -> Wire {
        while true {
            let wire = try origin.accept()
            var first: UInt8 = 0
            let count = recv(wire.socket, &first, 1, Int32(MSG_PEEK))
            if count == 1, first == text.utf8.first { return wire }
        }
    }

    /// Fills the queue of a listener, so that the next connection gets no answer.
    private static func fill(_ listener: TestListener) throws -> [Wire] {
        var fillers: [Wire] = []
        for _ in 0..<16 {
            let socket = try listener.name.newSocket()
            fillers.append(Wire(socket: socket))
            listener.name.beginConnect(socket)
            var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 100) == 1, waiting.revents == Int16(POLLOUT) else {
                return fillers
            }
        }
        throw Overdue(description: "the listener's queue does not fill")
    }
}
