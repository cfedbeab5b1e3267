import Pelmeni
import TestSupport
import Testing

/// Calls that outlive their sessions, their worker and their engine.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AsyncHookEndTests {
    /// Waits on, whether it is cancelled or not, and answers then.
    private struct Stubborn: AsyncBeforeForward {
        let gate: AsyncGate
        let record: HookRecord
        let life: Life

        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict {
            let text = data.text
            await gate.waitStubbornly(Int(text.prefix(1)) ?? 0)
            record.note(Task.isCancelled ? "cancelled on \(threadName())" : "not cancelled")
            try data.append(" and more")
            return .forward(data)
        }
    }

    /// Lives as long as a hook that has it.
    private final class Life: Sendable {}

    /// 64 calls of an engine that has ended.
    private func endWithCalls(
        _ variant: Variant, _ gate: AsyncGate, _ record: HookRecord, _ life: Life
    ) async throws {
        let hook = Stubborn(gate: gate, record: record, life: life)
        let bridge = try await Bridge.hooked(.streams, variant, onServer: { $0.hook(hook) })
        let streams = try (0..<64).map { _ in try bridge.streams() }
        for (client, _) in streams { try client.write("some bytes") }
        try waitUntil("all wait") { gate.count == 64 }
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.drainCut: 64])
        #expect(statistics.hooks.map(\.calls) == [64])
    }

    @Test(arguments: Variant.all) func anEngineThatHasEnded(variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        weak var life: Life?
        do {
            let kept = Life()
            life = kept
            try await endWithCalls(variant, gate, record, kept)
        }
        #expect(gate.count == 64)
        #expect(life != nil)
        gate.openAll()
        try waitUntil("all have ended") { record.lines.count == 64 }
        #expect(record.lines.allSatisfy { $0.hasPrefix("cancelled on ") })
        #expect(!record.lines.contains { $0.contains("pelmeni-") })
        try waitUntil("their tasks are gone, and the hook with them") { life == nil }
    }

    /// A session ends, and its worker does not: the answer is dropped, and the block comes back.
    @Test(arguments: Variant.all) func aSessionThatHasEnded(variant: Variant) async throws {
        let (gate, record) = (AsyncGate(), HookRecord())
        let hook = Stubborn(gate: gate, record: record, life: Life())
        let bridge = try await Bridge.hooked(.streams, variant, onServer: { $0.hook(hook) })
        let streams = try (0..<16).map { _ in try bridge.streams() }
        for (client, _) in streams { try client.write("1st, some bytes") }
        try waitUntil("all wait") { gate.count == 16 }
        let leased = bridge.engine.statistics.workers[0].blocksLeased
        for (client, _) in streams { client.reset() }
        try bridge.wait("all are over") { $0.causes.values.reduce(0, +) == 16 }
        // The rows of the ended sessions have calls again, which get no answer of the first ones.
        let later = try (0..<16).map { _ in try bridge.streams() }
        for (client, _) in later { try client.write("2nd,") }
        try waitUntil("they wait as well") { gate.count == 32 }
        gate.open(1)
        try waitUntil("the first have answered") { record.lines.count == 16 }
        #expect(Set(record.lines) == ["cancelled on pelmeni-0"])
        // The worker has taken their answers, once it has relayed a byte behind them.
        let (probe, far) = try bridge.streams()
        try probe.write("1")
        #expect(try far.readText(10) == "1 and more")
        probe.reset()
        far.close()
        gate.openAll()
        for (client, upstream) in later {
            #expect(try upstream.readText(13) == "2nd, and more")
            client.reset()
            upstream.close()
        }
        try bridge.wait("the blocks are back") {
            $0.open == 0 && $0.workers[0].blocksLeased <= leased - 16
        }
        _ = await bridge.stop()
        #expect(bridge.closings == [])
    }

    /// A call of more turns than one loop of the worker has: nothing else wakes the ring.
    @Test(arguments: Variant.all) func aTaskOfManyTurns(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    for _ in 0..<1_000 { await Task.yield() }
                    return .forward(data)
                }
            })
        let (client, upstream) = try bridge.streams()
        for number in 0..<3 {
            try client.write("\(number)")
            #expect(try upstream.readText(1) == "\(number)")
        }
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// A task that never ends its turn leaves the ring its own.
    @Test(arguments: Variant.all) func aTaskThatYieldsForEver(variant: Variant) async throws {
        let record = HookRecord()
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard data.text == "busy" else { return .forward(data) }
                    record.note("busy")
                    while !Task.isCancelled { await Task.yield() }
                    record.note("cancelled")
                    return .drop
                }
            })
        let (busy, far) = try bridge.streams()
        try busy.write("busy")
        try waitUntil("it is busy") { record.lines == ["busy"] }
        let (client, upstream) = try bridge.streams()
        for number in 0..<20 {
            try client.write("message \(number)")
            let count = "message \(number)".count
            #expect(try upstream.readText(count) == "message \(number)")
        }
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        try bridge.wait("it is over") { $0.causes == [.completed: 1] }
        busy.reset()
        try waitUntil("it is cancelled") { record.lines == ["busy", "cancelled"] }
        far.close()
        let statistics = await bridge.stop()
        #expect(statistics.hooks.map(\.stalls) == [0])
    }
}
