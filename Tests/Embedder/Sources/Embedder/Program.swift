import Glibc
import Pelmeni

/// Drives the guide's hooks through an engine, and compares what crosses.
struct Program {
    let backend: BackendChoice
    /// Sends back what it gets: a server whose hook answers, and whose upstream gets no byte.
    private let echo: Engine
    private let sink: PlainClient
    private let datagramSink: PlainClient

    init(_ backend: BackendChoice) async throws {
        self.backend = backend
        notes.removeAll()
        Closures.ends.removeAll()
        sink = try PlainClient.sink()
        datagramSink = try PlainClient.datagramSink()
        let stream = TCPServer(
            TCPClient("127.0.0.1", port: sink.port), listen: "127.0.0.1", port: 0
        ).beforeForward { data, session in
            session.isEnd ? .finish(data.take()) : .reply(data.take())
        }
        let datagrams = UDPServer(
            UDPClient("127.0.0.1", port: datagramSink.port), listen: "127.0.0.1", port: 0
        ).beforeForward { data, _ in .reply(data.take()) }
        echo = try Engine(backend: backend, workers: 1, servers: [stream, datagrams])
        try await echo.start()
    }

    func stop() async { await echo.stop() }

    var streams: TCPClient { TCPClient("127.0.0.1", port: echo.listeners[0].port ?? 0) }
    /// The upstream of streams that sends back what it gets.
    var echoes: [Endpoint] { streams.endpoints }
    var datagrams: UDPClient { UDPClient("127.0.0.1", port: echo.listeners[1].port ?? 0) }

    func with(
        _ server: some Server, log: (@Sendable (LogEntry) -> Void)? = nil,
        _ body: (UInt16?) throws -> Void
    ) async throws -> Statistics {
        var options = EngineOptions()
        options.log = log
        let engine = try Engine(
            backend: backend, workers: 1, servers: [server], options: options)
        try await engine.start()
        do {
            try body(engine.listeners[0].port)
        } catch {
            await engine.stop()
            throw error
        }
        await engine.drain(within: .seconds(5))
        return engine.statistics
    }

    /// Sends a text to the end of a stream, and compares the response up to its end.
    func exchange(
        _ server: some Server, _ text: String, _ wanted: String?, _ subject: String
    ) async throws {
        _ = try await with(server) { port in
            let client = try PlainClient.stream(to: port)
            do {
                try client.send(text)
            } catch  where wanted == nil {
                // The reset came while the text was sent.
                return
            }
            client.endSending()
            try expect(try client.receiveAll(), wanted, subject)
        }
    }

    func runClosures() async throws {
        try await exchange(Closures.loud(streams), "abc", "ABC", "a closure")
        try await exchange(Closures.loudLines(streams), "a\nb\n", "A\nB\n", "lines")
        try await exchange(Closures.marked(streams), "x\n", "x1234CDAB\n", "the order")
        try await exchange(
            Closures.censored(streams), "a secret, secre", "a ******, secre", "a held word")
        try await exchange(
            Closures.introduced(streams), "hello\n", "from 127.0.0.1\nhello\n", "an emitted line")
        try await exchange(Closures.signed(streams), "text\n", "text\n-- the end\n", "a trailer")
        try await exchange(Closures.closed(streams), "", nil, "a session closed at its opening")
        let statistics = try await with(Closures.short(datagrams)) { port in
            let client = try PlainClient.datagrams(to: port)
            try client.send(String(repeating: "a", count: 513))
            try client.send("short")
            try expect(try client.receive(), "short", "the datagram behind a dropped one")
        }
        try expect(statistics.drops[.hook], 1, "datagrams that a hook dropped")
        try expect(statistics.hooks[0].calls, 2, "calls of the hook")
        try expect(statistics.hooks[0].drops, 1, "drops of the hook")
        // The first upstream does not answer.
        let two = TCPClient(
            [.tcp(host: "127.0.0.1", port: sink.port)] + streams.endpoints)
        try await exchange(Closures.chosen(two), "to the second", "to the second", "an upstream")
        try expect(Closures.ends.all, ["completed 1"], "the end of a session")
    }

    func runAsync() async throws {
        let policy = Policy()
        let numbered = TCPServer(
            streams.hook(Numbered()), listen: "127.0.0.1", port: 0, framing: .line)
        try await exchange(numbered, "a\n", "2 a 1\n", "numbers")
        try await exchange(AsyncClosures.signed(streams), "x\n", "x for 127.0.0.1\n", "a closure")
        try await exchange(
            AsyncClosures.both(streams, policy), "x\ny\n", "x a b\ny a b\n", "both forms")
        try await exchange(AsyncClosures.checked(streams, policy), "abc", "abc", "allowed")
        for isAllowed in [true, false] {
            if !isAllowed { await policy.refuse("127.0.0.1") }
            let statistics = try await with(AsyncClosures.asked(datagrams, policy)) { port in
                let client = try PlainClient.datagrams(to: port)
                try client.send("q")
                if isAllowed { try expect(try client.receive(), "q", "an allowed datagram") }
            }
            try expect(statistics.hooks[0].calls, 1, "calls of the hook")
            try expect(statistics.hooks[0].drops, isAllowed ? 0 : 1, "drops of the hook")
        }
        try await exchange(AsyncClosures.checked(streams, policy), "abc", nil, "not allowed")
        try expect(
            AsyncClosures.synchronous(streams).hooks.map(\.name),
            ["beforeForward", "beforeRespond", "beforeForward"], "names")
    }

    func runTypes() async throws {
        let local = "127.0.0.1"
        let upper = TCPServer(streams, listen: local, port: 0).hook { Upper() }
        try await exchange(upper, "one", "ONE", "a type")
        try await exchange(
            upper, String(repeating: "a", count: 1_200_000), nil, "a type that closes")
        let moments = UDPServer(
            datagrams.hook { ClientMoments() }, listen: local, port: 0, options: .dns
        )
        .hook { ServerMoments() }
        _ = try await with(moments) { port in
            let client = try PlainClient.datagrams(to: port)
            try client.send("q")
            try expect(try client.receive(), "q", "a datagram")
        }
        let lines = notes.all
        try expect(lines.first, "127.0.0.1 3 completed", "what the type saw")
        try expect(lines.filter { $0.contains(" hook") }.count, 1, "a session that a hook closed")
        try expect(
            Set(lines.suffix(2)),
            [
                "server open,true forward,q,false,true respond,q,true,0 close,completed",
                "client open send,q respond,q close,completed",
            ], "the moments")

        let greeting = TCPServer(streams, listen: local, port: 0).hook { Greeting() }
        try await exchange(greeting, "EHLO there", "EHLO there", "a released stream")
        try await exchange(greeting, "GET / HTTP/1.0", "500 say EHLO first\n", "a finish")
        try await exchange(greeting, "", "500 say EHLO first\n", "a finish at the end")
        try await exchange(
            TCPServer(streams, listen: local, port: 0).hook { Rotated() }, "aBc", "AbC", "bytes")
        try await exchange(
            TCPServer(streams, listen: local, port: 0, framing: .line).hook { Delayed() },
            "a\nb\nc\n", "\na\nb\n", "kept messages")
        try await runErrors(local)
    }

    private func runErrors(_ local: String) async throws {
        let log = Notes()
        let strict = TCPServer(streams, listen: local, port: 0).hook { Strict() }
        let statistics = try await with(
            strict,
            log: { entry in
                for field in entry.fields { log.note("\(field.key)=\(field.value)") }
            },
            { port in
                let client = try PlainClient.stream(to: port)
                try client.send("abc")
                try expect(try client.receive(bytes: 3), "abc", "letters")
                try client.send("123")
                try expect(try client.receiveAll(), nil, "a reset")
            })
        try expect(statistics.causes[.hook], 1, "sessions that a hook closed")
        for line in ["hook=Strict", "reason=a byte that is no letter"] {
            try expect(log.all.contains(line), true, "the log has \(line)")
        }
    }

    /// A buffer that one worker received leaves from another one.
    func runExchange() async throws {
        Exchanged.removeAll()
        let servers = (0..<2).map { worker in
            var options = PairOptions()
            options.workers = [worker]
            return TCPServer(
                streams, listen: "127.0.0.1", port: 0, framing: .line, options: options
            ).hook { Exchanged() }
        }
        let engine = try Engine(backend: backend, workers: 2, servers: servers)
        try await engine.start()
        let clients = try engine.listeners.map { try PlainClient.stream(to: $0.port) }
        var earlier = ""
        for round in 0..<100 {
            let text = String(repeating: "\(round) ", count: 1 + 37 * round)
            try clients[round % 2].send(text + "\n")
            let found = try clients[round % 2].receive(bytes: earlier.utf8.count + 1)
            try expect(found, earlier + "\n", "the message of the other worker")
            earlier = text
        }
        await engine.stop()
    }

    /// Faults that an engine finds when it is made.
    func runRefusals() throws {
        struct Both: BeforeSend, OnOpen {
            func beforeSend(
                _ data: inout Buffer, _ session: borrowing Session
            ) throws -> Verdict { .forward }
            func onOpen(_ session: borrowing Session) throws -> OpenVerdict { .forward }
        }
        var many = TCPServer(streams)
        for _ in 0..<33 { many = many.onOpen { _ in .forward } }
        for (server, part) in [
            (TCPServer(streams).hook { Both() }, "the hook Both has beforeSend"),
            (many, "at most 32 hooks, not 33"),
        ] {
            do {
                _ = try Engine(servers: [server])
                throw Failure("not refused: \(part)")
            } catch let error as EngineError {
                try expect(error.kind, .usage, "the kind of \(error)")
                try expect(error.reason.contains(part), true, "\(error) names \(part)")
            }
        }
        try expect(
            Migrating.subclasses().hooks.map(\.name), ["beforeForward", "beforeRespond"], "")
        try expect(Migrating.classes().hooks.map(\.name), ["MyServer"], "a hook's name")
        _ = Migrating.basicUsage
    }
}
