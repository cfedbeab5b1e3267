import Dispatch
import Glibc
import Pelmeni

/// The programs of docs/guide/embedding.md.
enum Embedding {
    /// Compiled, and not run: it has fixed ports, and it does not end.
    static func wholeProgram() async throws {
        let pair = TCPServer(TCPClient("127.0.0.1", port: 9000), listen: "127.0.0.1", port: 8080)
        let engine = try Engine(servers: [pair])
        try await engine.run()
    }

    /// Starts, counts and drains; the number of sessions cut, and the counts.
    static func parts(
        _ backend: BackendChoice, _ upstreams: [Endpoint],
        _ print: @escaping @Sendable (String) -> Void,
        use: (UInt16) throws -> Void
    ) async throws -> (cut: Int, Statistics) {
        var limits = PairOptions()
        limits.idleTimeout = .after(.seconds(60))

        var options = EngineOptions()
        options.log = { entry in
            let fields = entry.fields.map { "\($0.key)=\($0.value)" }
            print("\(entry.level): \(entry.message) \(fields.joined(separator: " "))")
        }

        let pair = TCPServer(
            TCPClient(upstreams), listen: "127.0.0.1", port: 0, options: limits)
        let engine = try Engine(backend: backend, servers: [pair], options: options)

        try await engine.start()
        let port = engine.listeners[0].port ?? 0
        try use(port)

        let cut = await engine.drain(within: .seconds(5))
        let counts = engine.statistics
        print("\(counts.accepted) sessions, \(counts.causes[.completed] ?? 0) completed")
        return (cut, counts)
    }

    /// What a program can do about each kind of error.
    static func remedy(_ server: some Server) async -> String? {
        do throws(EngineError) {
            let engine = try Engine(servers: [server])
            try await engine.start()
            await engine.stop()
        } catch {
            switch error.kind {
            case .usage: return "mend the program: \(error)"
            case .backendRefused: return "allow io_uring, or ask for another backend: \(error)"
            case .failed where error.errno?.name == "EADDRINUSE": return "take another port"
            case .failed: return "tell the operator: \(error)"
            }
        }
        return nil
    }

    /// Two engines with their own workers; a stop of one leaves the other alone.
    static func twoEngines(
        _ backend: BackendChoice, _ upstream: Endpoint, use: (UInt16) throws -> Void
    ) async throws -> (inner: UInt64, outer: UInt64) {
        let inner = try Engine(
            backend: backend, workers: 1,
            servers: [TCPServer(TCPClient([upstream]), listen: "127.0.0.1", port: 0)])
        try await inner.start()
        let middle = TCPClient("127.0.0.1", port: inner.listeners[0].port ?? 0)
        let outer = try Engine(
            backend: backend, workers: 1,
            servers: [TCPServer(middle, listen: "127.0.0.1", port: 0)])
        try await outer.start()
        try use(outer.listeners[0].port ?? 0)
        await outer.drain()
        await inner.drain()
        return (inner.statistics.accepted, outer.statistics.accepted)
    }

    /// Compiled, and not run: it waits for a signal.
    static func drainingAtTERM(_ engine: Engine) async throws {
        signal(SIGTERM, SIG_IGN)
        let terminate = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
        terminate.setEventHandler { Task { await engine.drain() } }
        terminate.resume()
        try await engine.run()
    }
}

extension Program {
    func runEmbedding() async throws {
        let log = Notes()
        let (cut, counts) = try await Embedding.parts(
            backend, echoes, { log.note($0) },
            use: { try Self.exchange("through one", at: $0) })
        try expect(cut, 0, "sessions cut")
        try expect(counts.bytesToClient, 11, "bytes to the client")
        try expect(log.all.last, "1 sessions, 1 completed", "the last line")

        let sessions = try await Embedding.twoEngines(
            backend, echoes[0], use: { try Self.exchange("through two", at: $0) })
        try expect([sessions.inner, sessions.outer], [1, 1], "sessions of two engines")

        let sink = try PlainClient.sink()
        let client = TCPClient("127.0.0.1", port: sink.port)
        let taken = TCPServer(client, listen: "127.0.0.1", port: sink.port)
        try expect(await Embedding.remedy(taken), "take another port", "a remedy")
        let wrong = TCPServer(TCPClient([]), listen: "127.0.0.1", port: 0)
        let usage = await Embedding.remedy(wrong)
        try expect(usage?.hasPrefix("mend the program"), true, "a remedy: \(usage ?? "none")")
        try expect(
            await Embedding.remedy(TCPServer(client, listen: "127.0.0.1", port: 0)), nil, "none")
        _ = (Embedding.wholeProgram, Embedding.drainingAtTERM)
    }

    private static func exchange(_ text: String, at port: UInt16) throws {
        let client = try PlainClient.stream(to: port)
        try client.send(text)
        client.endSending()
        try expect(try client.receiveAll(), text, "an echo")
    }
}
