import Pelmeni
import TestSupport
import Testing

/// The order of units that asynchronous hooks have, and the threads of their calls.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(3))) struct AsyncHookOrderTests {
    /// Other tests may keep the threads of the global executor for a while.
    private static let deadline = Duration.seconds(120)

    /// Units wait behind one another in their direction, whatever their calls wait for.
    private struct Dawdling: AsyncBeforeForward, AsyncBeforeRespond {
        let counting = Counting()

        private func pass(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict {
            let number = await counting.next(session.isToClient ? "back" : "out")
            for _ in 0..<number % 4 { await Task.yield() }
            if number % 5 == 0 { try await Task.sleep(for: .microseconds(200)) }
            if number % 7 == 0 {
                await withTaskExecutorPreference(globalConcurrentExecutor) { await Task.yield() }
            }
            return .forward(data)
        }

        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { try await pass(data, session) }

        func beforeRespond(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { try await pass(data, session) }
    }

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func ofChunksBothWaysAtOnce(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.hook(Dawdling(), deadline: Self.deadline)
                    .hook(Dawdling(), deadline: Self.deadline)
            })
        let (client, upstream) = try bridge.streams()
        let size = 4 << 20
        let ends = [(client, upstream), (upstream, client)]
        let writing = ends.enumerated().map { number, pair in
            beside {
                let bytes = Pattern.shared.stream(key: number, count: size)
                var sent = 0
                while sent < size {
                    let count = min(size - sent, 1 + sent % 30_000)
                    try pair.0.write(bytes[sent..<sent + count])
                    sent += count
                }
                pair.0.finish()
            }
        }
        let reading = ends.map { pair in beside { try pair.1.readAll() } }
        for (number, read) in reading.enumerated() {
            let (bytes, end) = try await read.value
            #expect(bytes.count == size)
            #expect(Pattern.shared.firstWrong(bytes, key: number, at: 0) == nil)
            #expect(end == .clean)
        }
        for write in writing { try await write.value }
        await bridge.expect([.completed: 1])
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func ofMessages(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: { $0.hook(Dawdling(), deadline: Self.deadline) })
        let serving = beside { try bridge.origin.serve(40) }
        let client = try bridge.client()
        for number in 0..<40 { try client.ask("message \(number)") }
        for number in 0..<40 { #expect(try client.answerText() == "message \(number)") }
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:])
        #expect(statistics.hooks.map(\.calls) == [80])
    }

    /// The answers of a hundred clients come in another order than their questions.
    @Test(arguments: [Crossing(from: .udp, to: .udp), Crossing(from: .udp, to: .tcp)], Variant.all)
    func aHundredClients(crossing: Crossing, variant: Variant) async throws {
        let gate = AsyncGate()
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    let text = data.text
                    try await gate.wait(Int(text) ?? -1)
                    return .reply(try Buffer("\(text) from \(session.client.port ?? 0)"))
                }
            })
        let server = DatagramAddress(bridge.name)
        let clients = try (0..<100).map { _ in try DatagramWire() }
        for (number, client) in clients.enumerated() { try client.send("\(number)", to: server) }
        try waitUntil("all wait") { gate.count == 100 }
        for number in (0..<100).shuffled() { gate.open(number) }
        for (number, client) in clients.enumerated() {
            #expect(try client.receiveText() == "\(number) from \(client.port)")
        }
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToUpstream == 0)
        #expect(statistics.datagramsToClient == 100)
        #expect(statistics.drops == [:])
        for client in clients { #expect(try client.receive(within: 0) == nil) }
    }

    /// Synchronous and asynchronous hooks, of both ends, in the order of attachment and back.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func ofAChain(crossing: Crossing, variant: Variant) async throws {
        let counting = Counting()
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onClient: { client in
                client
                    .beforeSend { data, session in
                        var data = data
                        _ = await counting.next("3")
                        try data.append("3")
                        return .forward(data)
                    }
                    .beforeSend { data, _ in
                        try data.append("4")
                        return .forward
                    }
                    .beforeRespond { data, _ in
                        try data.append("d")
                        return .forward
                    }
                    .beforeRespond { data, session in
                        await Task.yield()
                        var data = data
                        try data.append("c")
                        return .forward(data)
                    }
            },
            onServer: { server in
                server
                    .beforeForward { data, _ in
                        try data.append("1")
                        return .forward
                    }
                    .beforeForward { data, session in
                        var data = data
                        try data.append("2")
                        await Task.yield()
                        return .forward(data)
                    }
                    .beforeRespond { data, _ in
                        try data.append("b")
                        return .forward
                    }
                    .beforeRespond { data, session in
                        var data = data
                        try data.append("a")
                        _ = await counting.next("a")
                        return .forward(data)
                    }
            })
        let serving = beside { try bridge.origin.serve(1) }
        let client = try bridge.client()
        try client.ask("x")
        #expect(try client.answerText() == "x1234cdab")
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.hooks.map(\.calls) == [UInt64](repeating: 1, count: 8))
    }

    /// Sessions of two workers ask one actor.
    @Test(arguments: Variant.all) func twoWorkersAndAnActor(variant: Variant) async throws {
        let counting = Counting()
        let bridge = try await Bridge.hooked(
            .streams, variant, near: .u16be, far: .u16be, workers: 2,
            onServer: {
                $0.beforeForward { data, session in
                    let text = data.text
                    let number = await counting.next(text)
                    return .reply(try Buffer("\(text) \(number)"))
                }
            })
        let clients = try (0..<16).map { _ in try Wire(to: bridge.name) }
        let asking = clients.enumerated().map { number, client in
            beside {
                for round in 1...100 {
                    try client.write(BridgeClient.framed(Array("\(number)".utf8)))
                    let wanted = BridgeClient.framed(Array("\(number) \(round)".utf8))
                    #expect(try client.read(exactly: wanted.count) == wanted)
                }
                client.finish()
            }
        }
        for task in asking { try await task.value }
        let statistics = await bridge.stop()
        #expect(statistics.hooks.map(\.calls) == [1_600])
        #expect(await counting.threads.isSubset(of: ["pelmeni-0", "pelmeni-1"]))
    }

    /// What a call may see of its session.
    @Test(arguments: Variant.all) func sessions(variant: Variant) async throws {
        let record = HookRecord()
        @Sendable func note(_ data: borrowing Buffer, _ session: SessionInfo) {
            record.note(
                "\(session.isToClient ? "back" : "out") \(data.text.suffix(1)) \(session.client) "
                    + "\(session.upstream ?? -1) \(session.pair)"
                    + (session.isEnd ? " end" : "") + (session.isMessage ? " message" : ""))
        }
        for crossing in [Crossing.streams, Crossing(from: .udp, to: .tcp)] {
            let bridge = try await Bridge.hooked(
                crossing, variant,
                onServer: {
                    $0.beforeForward { data, session in
                        await Task.yield()
                        note(data, session)
                        return .forward(data)
                    }
                    .beforeRespond { data, session in
                        await Task.yield()
                        note(data, session)
                        return .forward(data)
                    }
                })
            let client = try bridge.client()
            try client.ask("q")
            let upstream = try bridge.origin.accept()
            let question = try upstream.read(exactly: 3)
            try upstream.write(question)
            _ = try client.answer()
            if case .stream(let wire) = client {
                wire.finish()
                #expect(try upstream.readEnd() == .clean)
                upstream.finish()
                #expect(try wire.readEnd() == .clean)
            }
            client.close()
            upstream.close()
            _ = await bridge.stop()
        }
        let lines = record.lines.map { line in
            line.replacing(/127.0.0.1:[0-9]+/, with: "local")
        }
        #expect(
            lines == [
                "out q local 0 0", "back q local 0 0", "out  local 0 0 end",
                "back  local 0 0 end",
                "out q local -1 0 message", "back q local 0 0 message",
            ])
    }

    // MARK: Threads

    /// A call runs on the worker's thread, before and behind an actor, a yield and a sleep.
    @Test(arguments: Variant.all) func threads(variant: Variant) async throws {
        let counting = Counting()
        let record = HookRecord()
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    record.note(threadName())
                    _ = await counting.next("any")
                    record.note(threadName())
                    await Task.yield()
                    record.note(threadName())
                    try await Task.sleep(for: .milliseconds(1))
                    record.note(threadName())
                    await withTaskExecutorPreference(globalConcurrentExecutor) {
                        if threadName().hasPrefix("pelmeni-") { record.note("not elsewhere") }
                    }
                    record.note(threadName())
                    return .forward(data)
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        #expect(record.lines == [String](repeating: "pelmeni-0", count: 5))
        // An actor without an executor of its own runs where its caller does.
        #expect(await counting.threads == ["pelmeni-0"])
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }
}
