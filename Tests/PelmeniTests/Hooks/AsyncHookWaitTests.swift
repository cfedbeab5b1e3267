import Dispatch
import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Asynchronous hooks that wait, and what goes on meanwhile.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AsyncHookWaitTests {
    /// Waits for the gate where a unit begins with `slow`, and notes how the call ended.
    private struct Waiting: AsyncBeforeForward {
        let gate: AsyncGate
        let record: HookRecord

        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict {
            guard data.starts(with: "slow".utf8) else { return .forward(data) }
            do {
                try await gate.wait()
            } catch {
                record.note("\(error)")
                throw error
            }
            record.note("answers")
            return .forward(data)
        }
    }

    private func start(
        _ crossing: Crossing, _ variant: Variant, _ gate: AsyncGate, _ record: HookRecord,
        deadline: Duration = .seconds(10)
    ) async throws -> Bridge {
        try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: { $0.hook(Waiting(gate: gate, record: record), deadline: deadline) })
    }

    private func plain(
        _ variant: Variant, _ gate: AsyncGate, _ record: HookRecord,
        deadline: Duration = .seconds(10)
    ) async throws -> Bridge {
        try await Bridge.hooked(
            .streams, variant,
            onServer: { $0.hook(Waiting(gate: gate, record: record), deadline: deadline) })
    }

    /// 63 sessions do their work and end while the hook of another one waits.
    @Test(arguments: Variant.all) func oneOfManyWaits(variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        let bridge = try await plain(variant, gate, record)
        let (slow, far) = try bridge.streams()
        try slow.write("slow")
        try waitUntil("it waits") { gate.count == 1 }
        // The other direction of its session goes on.
        try far.write("back")
        #expect(try slow.readText(4) == "back")
        for number in 1..<64 {
            let (client, upstream) = try bridge.streams()
            let bytes = Pattern.shared.stream(key: number, count: 100_000)
            let writing = beside {
                try client.write(bytes)
                client.finish()
            }
            expectSame(try upstream.readAll().bytes, bytes, "session \(number)")
            upstream.close()
            #expect(try client.readEnd() == .clean)
            try await writing.value
        }
        try bridge.wait("63 are over") { $0.causes == [.completed: 63] }
        #expect(record.lines == [])
        gate.openAll()
        #expect(try far.readText(4) == "slow")
        slow.finish()
        #expect(try far.readEnd() == .clean)
        far.close()
        await bridge.expect([.completed: 64])
        #expect(record.lines == ["answers"])
        #expect(bridge.engine.statistics.hooks[0].stalls == 0)
    }

    /// The client goes: the call is cancelled, and its block comes back.
    @Test(arguments: Variant.all) func theClientGoes(variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        let bridge = try await plain(variant, gate, record)
        let (first, other) = try bridge.streams()
        try first.write("quick")
        #expect(try other.readText(5) == "quick")
        let before = try leased(bridge)
        let gone = try (0..<8).map { _ in try bridge.streams() }
        for (client, _) in gone { try client.write("slow") }
        try waitUntil("they wait") { gate.count == 8 }
        for (client, _) in gone { client.reset() }
        try bridge.wait("they are over") { $0.causes.values.reduce(0, +) == 8 }
        try waitUntil("they are cancelled") { record.lines.count == 8 }
        #expect(Set(record.lines) == ["CancellationError()"])
        for (_, upstream) in gone { upstream.close() }
        try first.write("again")
        #expect(try other.readText(5) == "again")
        try bridge.wait("their blocks are back") { $0.workers[0].blocksLeased <= before }
        first.finish()
        other.finish()
        #expect(try first.readEnd() == .clean)
        first.close()
        other.close()
        let statistics = await bridge.stop()
        #expect(statistics.causes[.hook] == nil)
        #expect(bridge.closings == [])
    }

    /// The same with messages, whose client is a stream.
    @Test(arguments: Crossing.hookedMessages.filter(\.from.isStream), Variant.all)
    func theClientOfMessagesGoes(crossing: Crossing, variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        let bridge = try await start(crossing, variant, gate, record)
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed(Array("slow".utf8)))
        try waitUntil("it waits") { gate.count == 1 }
        client.reset()
        try bridge.wait("it is over") { $0.causes == [.clientReset: 1] }
        try waitUntil("it is cancelled") { record.lines == ["CancellationError()"] }
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToUpstream == 0)
        #expect(statistics.drops == [.hook: 1])
        #expect(bridge.closings == [])
    }

    /// Leased blocks, once two looks in a row find the same number.
    private func leased(_ bridge: Bridge) throws -> UInt64 {
        var last: UInt64 = .max
        var looks = 0
        try bridge.wait("the pool is quiet") {
            let now = $0.workers[0].blocksLeased
            looks = now == last ? looks + 1 : 0
            last = now
            return looks == 20
        }
        return last
    }

    @Test(arguments: Crossing.hookedMessages + [.streams], Variant.all)
    func theDeadlinePasses(crossing: Crossing, variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        let bridge = try await start(
            crossing, variant, gate, record, deadline: .milliseconds(50))
        let client = try bridge.client()
        try client.ask("slow")
        if case .stream(let wire) = client { #expect(try wire.readEnd() == .reset) }
        try bridge.wait("the session is over") { $0.causes == [.hook: 1] }
        try waitUntil("it is cancelled") { record.lines == ["CancellationError()"] }
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToUpstream == 0)
        #expect(bridge.closings == ["Waiting: no answer within its deadline"])
    }

    /// The hook gives its buffer to another thread, which drops it.
    @Test(arguments: Variant.all) func droppedElsewhere(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    let box = Box(data)
                    await withCheckedContinuation { continuation in
                        DispatchQueue.global().async {
                            box.drop()
                            continuation.resume()
                        }
                    }
                    return .forward(try Buffer("."))
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("0")
        #expect(try upstream.readText(1) == ".")
        let before = try leased(bridge)
        for _ in 0..<200 {
            try client.write("some bytes")
            #expect(try upstream.readText(1) == ".")
        }
        try bridge.wait("no block is lost") { $0.workers[0].blocksLeased <= before }
        client.finish()
        #expect(try upstream.readText(1) == ".")
        #expect(try upstream.readEnd() == .clean)
        upstream.finish()
        await bridge.expect([.completed: 1])
    }

    private final class Box: Sendable {
        private let buffer: Mutex<Buffer>
        init(_ buffer: consuming Buffer) { self.buffer = Mutex(buffer) }
        func drop() { buffer.withLock { $0 = Buffer() } }
    }

    /// A call that blocks the worker is named, and counted as a stall.
    @Test(arguments: Variant.all) func aCallThatBlocks(variant: Variant) async throws {
        let report = DispatchSemaphore(value: 0)
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: { server in
                server.beforeRespond { data, session in
                    await Task.yield()
                    return .forward(data)
                }
                .beforeForward { data, session in
                    await Task.yield()
                    // Bounded, so that a watch that sees nothing fails the test and ends it.
                    if !session.isEnd { Self.block(report) }
                    return .forward(data)
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("slow")
        try bridge.wait("the stall is counted") { $0.hooks.map(\.stalls) == [0, 1] }
        report.signal()
        #expect(try upstream.read(exactly: 4) == Array("slow".utf8))
        try waitUntil("the hook is named") {
            bridge.log.entries(from: .warning).contains { entry in
                entry.message == "a hook blocks its worker; its sessions wait"
                    && entry.fields.contains { $0.key == "hook" && $0.value == "beforeForward" }
            }
        }
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    private static func block(_ report: DispatchSemaphore) {
        _ = report.wait(timeout: .now() + 10)
    }
}
