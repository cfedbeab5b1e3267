import Pelmeni
import TestSupport
import Testing

/// The workers of a pair, and the limit of its sessions.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct PlacementTests {
    @Test(arguments: Variant.all) func namedWorkers(variant: Variant) async throws {
        let origin = try TestListener()
        let client = TCPClient("127.0.0.1", port: origin.port)
        func server(on workers: [Int]?) -> TCPServer {
            var server = TCPServer(client, listen: "127.0.0.1", port: 0)
            server.options.workers = workers
            return server
        }
        let engine = try Engine.variant(
            variant, workers: 3, servers: [server(on: [2, 0]), server(on: nil), server(on: [1])])
        try await engine.start()
        let listeners = engine.listeners
        #expect(listeners.map(\.workers) == [[0, 2], nil, [1]])
        #expect(listeners[0].description.hasSuffix(" -> tcp://127.0.0.1:\(origin.port) on=0,2"))
        #expect(listeners[1].description.hasSuffix(" -> tcp://127.0.0.1:\(origin.port)"))
        #expect(engine.statistics.workers.map(\.pairs) == [[0, 1], [1, 2], [0, 1]])

        var open: [Wire] = []
        for _ in 0..<60 {
            open.append(try Wire(toPort: listeners[0].port))
            open.append(try origin.accept())
        }
        for _ in 0..<5 {
            open.append(try Wire(toPort: listeners[2].port))
            open.append(try origin.accept())
        }
        let workers = engine.statistics.workers
        #expect(workers[1].accepted == 5)
        #expect(workers[0].accepted + workers[2].accepted == 60)
        // By the hash of the ports: the odds of a worker without any are 1 to 10^18.
        #expect(workers[0].accepted > 0 && workers[2].accepted > 0)
        #expect(engine.statistics.openByPair == [60, 0, 5])
        #expect(workers.map(\.open).reduce(0, +) == engine.statistics.open)
        await engine.stop()
        #expect(engine.statistics.openByPair == [0, 0, 0])
        #expect(engine.statistics.causes == [.drainCut: 65])
    }

    @Test(arguments: Variant.all) func aPairsCap(variant: Variant) async throws {
        let relay = try await Relay.start(variant, workers: 2) { $0.sessionLimit = 3 }
        var open = try (0..<3).map { _ in try relay.session() }
        for _ in 0..<5 { #expect(try relay.connect().readEnd() == .reset) }
        // Old sessions are kept, and one that ends makes room.
        let first = open.removeFirst()
        first.client.close()
        first.upstream.close()
        try waitUntil("there is room") { relay.engine.statistics.open == 2 }
        open.append(try relay.session())
        for (client, upstream) in open {
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            client.close()
            upstream.close()
        }
        await relay.expect([.completed: 4, .limit: 5])
    }

    @Test(arguments: Variant.all) func theEnginesCap(variant: Variant) async throws {
        let origin = try TestListener()
        let client = TCPClient("127.0.0.1", port: origin.port)
        let servers = (0..<2).map { _ in TCPServer(client, listen: "127.0.0.1", port: 0) }
        let engine = try Engine.variant(variant, workers: 2, servers: servers) {
            $0.sessionLimit = 4
        }
        try await engine.start()
        let ports = engine.listeners.map(\.port)
        var open: [Wire] = []
        for number in 0..<4 {
            open.append(try Wire(toPort: ports[number % 2]))
            open.append(try origin.accept())
        }
        for number in 0..<4 { #expect(try Wire(toPort: ports[number % 2]).readEnd() == .reset) }
        #expect(engine.statistics.open == 4)
        for wire in open { wire.close() }
        await engine.drain()
        #expect(engine.statistics.causes == [.completed: 4, .limit: 4])
        #expect(engine.statistics.accepted == 8)
    }

    @Test(arguments: Variant.all) func pinnedWorkers(variant: Variant) async throws {
        let origin = try TestListener()
        let server = TCPServer(
            TCPClient("127.0.0.1", port: origin.port), listen: "127.0.0.1", port: 0)
        let engine = try Engine.variant(variant, workers: 3, servers: [server]) {
            $0.pinsWorkers = true
        }
        try await engine.start()
        let client = try Wire(toPort: engine.listeners[0].port)
        let upstream = try origin.accept()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        await engine.stop()
    }
}
