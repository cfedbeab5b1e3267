import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Hooks that go too far, or keep what they were lent: their own session alone has the damage.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookHostileTests {
    /// A buffer that a hook took away.
    private final class Kept: Sendable {
        let buffer: Buffer

        init(_ buffer: consuming Buffer) { self.buffer = buffer }
    }

    private final class Store: Sendable {
        let all = Mutex<[Kept]>([])

        func keep(_ buffer: consuming Buffer) {
            let kept = Kept(buffer)
            all.withLock { $0.append(kept) }
        }

        func empty() {
            let gone = all.withLock { all in
                defer { all = [] }
                return all
            }
            #expect(gone.allSatisfy { $0.buffer.count > 0 })
        }
    }

    /// Sends a word both ways.
    private func talk(_ session: (client: Wire, upstream: Wire), _ text: String) throws {
        try session.client.write(text)
        #expect(try session.upstream.readText(text.utf8.count) == text)
        try session.upstream.write(text)
        #expect(try session.client.readText(text.utf8.count) == text)
    }

    private func leased(_ bridge: Bridge) -> UInt64 {
        bridge.engine.statistics.workers.reduce(0) { $0 + $1.blocksLeased }
    }

    /// Waits until the blocks are back. The worker looks at it when it has something to do.
    private func waitUntilBack(
        _ bridge: Bridge, _ most: UInt64, _ session: (client: Wire, upstream: Wire)
    ) throws {
        try bridge.wait("at most \(most) blocks are leased") { _ in
            try? talk(session, "?")
            return leased(bridge) <= most
        }
    }

    @Test(arguments: Variant.all) func endlessEdits(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    switch data.text {
                    case "append":
                        while true { try data.append("again and again") }
                    case "prepend":
                        while true { try data.prepend("again and again") }
                    case "replace":
                        while true { try data.replaceSubrange(1..<2, with: data.array) }
                    case "emit":
                        while true { try session.emit(Buffer("one more")) }
                    case "long":
                        while true {
                            try session.emit(Buffer([UInt8](repeating: 1, count: 65_000)))
                        }
                    default: return .forward
                    }
                }
            })
        let other = try bridge.streams()
        try talk(other, "?")
        let before = leased(bridge)
        for word in ["append", "prepend", "replace", "emit", "long"] {
            let (client, upstream) = try bridge.streams()
            try client.write(word)
            #expect(try client.readEnd() == .reset)
            #expect(try upstream.readEnd() == .reset)
            try talk(other, "fine")
        }
        try waitUntilBack(bridge, before, other)
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 1, .hook: 5])
        #expect(bridge.closings.prefix(2).allSatisfy { $0.contains("at most 1048576 bytes") })
        #expect(bridge.closings.suffix(2).allSatisfy { $0.contains("emits at most 262144") })
    }

    /// Of blocks, and of memory of its own, with the session that kept them gone before or not.
    @Test(arguments: Variant.all) func keptAndDroppedElsewhere(variant: Variant) async throws {
        let store = Store()
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard !data.starts(with: "?".utf8), !session.isEnd else { return .forward }
                    store.keep(data.take())
                    return .drop
                }
            })
        let other = try bridge.streams()
        try talk(other, "?")
        let before = leased(bridge)
        for isOver in [false, true] {
            let (client, upstream) = try bridge.streams()
            for number in 0..<50 {
                try client.write([UInt8](repeating: UInt8(number), count: 5_000))
                try waitUntil("it is kept") { store.all.withLock { $0.count } > number }
            }
            try talk(other, "?")
            #expect(leased(bridge) > before)
            if isOver {
                client.close()
                upstream.close()
                try bridge.wait("the session is over") { $0.open == 1 }
            }
            let bytes = store.all.withLock { $0.map { $0.buffer.array } }
            #expect(bytes.joined().count >= 250_000 - 50 * 5_000 + bytes.count)
            #expect(zip(bytes, 0...).allSatisfy { $0.0.first == $0.1 })
            try await beside { store.empty() }.value
            try waitUntilBack(bridge, before + (isOver ? 0 : 4), other)
            client.close()
            upstream.close()
            try bridge.wait("the session is over") { $0.open == 1 }
        }
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 3])
    }

    /// More than the pool has: sessions starve or end, and the engine goes on once they are back.
    @Test(arguments: Variant.all) func keptUntilNothingIsLeft(variant: Variant) async throws {
        let store = Store()
        let bridge = try await Bridge.hooked(
            .streams, variant, poolBytes: 1 << 20,
            onServer: {
                $0.beforeForward { data, session in
                    guard !data.starts(with: "?".utf8), !session.isEnd else { return .forward }
                    store.keep(data.take())
                    return .drop
                }
            })
        var sessions: [(client: Wire, upstream: Wire)] = []
        for number in 0..<300 {
            if number % 30 == 0 { sessions.append(try bridge.streams()) }
            try? sessions[sessions.count - 1].client.write([UInt8](repeating: 1, count: 3_000))
        }
        try bridge.wait("much is kept") { _ in store.all.withLock { $0.count } > 10 }
        for session in sessions {
            session.client.close()
            session.upstream.close()
        }
        // Blocks that are back are filled with what the sockets still have, and kept again.
        try bridge.wait("all are over") {
            store.empty()
            return $0.open == 0
        }
        store.empty()
        let last = try bridge.streams()
        try talk(last, "?")
        last.client.close()
        last.upstream.close()
        await bridge.engine.drain(within: .seconds(10))
        #expect(await bridge.stop().causes[.internal] == nil)
    }

    /// Chunks become far more than the pool holds: what finds no block waits, and arrives.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func growthInASmallPool(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, poolBytes: 1 << 20,
            onServer: {
                $0.beforeForward { data, session in
                    guard !session.isEnd else { return .forward }
                    let first = data.array
                    while data.count < Buffer.bytesMax { try data.append(contentsOf: first) }
                    return .forward
                }
            })
        let sessions = try (0..<12).map { _ in try bridge.streams() }
        for (number, session) in sessions.enumerated() {
            try session.client.write(Pattern.shared.stream(key: number, count: 1024))
            session.client.finish()
        }
        let reading = sessions.map { session in beside { try session.upstream.readAll() } }
        for (number, session) in sessions.enumerated() {
            let bytes = Pattern.shared.stream(key: number, count: 1024)
            let (got, end) = try await reading[number].value
            expectSame(got, [[UInt8]](repeating: bytes, count: 1024).flatMap { $0 })
            #expect(end == .clean)
            session.upstream.close()
            #expect(try session.client.readEnd() == .clean)
        }
        await bridge.expect([.completed: 12])
    }

    /// Bytes stay readable when the engine is gone, and their memory goes with the last of them.
    @Test(arguments: Variant.all) func keptAfterTheEngine(variant: Variant) async throws {
        let store = Store()
        for _ in 0..<3 {
            let bridge = try await Bridge.hooked(
                Crossing(from: .udp, to: .udp), variant,
                onServer: {
                    $0.beforeForward { data, _ in
                        store.keep(data.take())
                        return .drop
                    }
                })
            let client = try bridge.client()
            for number in UInt8(0)..<10 {
                try client.ask([UInt8](repeating: number, count: 2_000))
            }
            try bridge.waitForCalls(10)
            client.close()
            #expect(await bridge.stop().drops == [.hook: 10])
        }
        let bytes = store.all.withLock { $0.map { $0.buffer.array } }
        #expect(bytes.count == 30)
        for (index, bytes) in bytes.enumerated() {
            #expect(bytes == [UInt8](repeating: UInt8(index % 10), count: 2_000))
        }
        try await beside { store.empty() }.value
    }

    /// A buffer of one session is sent by another one, and by another engine's worker.
    @Test(arguments: Variant.all) func aBufferOfAnotherSession(variant: Variant) async throws {
        let store = Store()
        let swapping: @Sendable (any Server) -> any Server = {
            $0.beforeForward { data, session in
                guard !session.isEnd else { return .forward }
                let old = store.all.withLock { $0.popLast() }
                store.keep(data.take())
                // A copy: what was kept has other owners.
                if let old { try data.append(contentsOf: old.buffer.array) }
                return .forward
            }
        }
        let one = try await Bridge.hooked(.streams, variant, onServer: swapping)
        let two = try await Bridge.hooked(.streams, variant, onServer: swapping)
        let first = try one.streams()
        let second = try two.streams()
        try first.client.write("one")
        try one.waitForCalls(1)
        for number in 0..<20 {
            try second.client.write("two\(number % 10)")
            let before = number == 0 ? "one" : "three"
            #expect(try second.upstream.readText(before.utf8.count) == before)
            try first.client.write("three")
            #expect(try first.upstream.readText(4) == "two\(number % 10)")
        }
        await one.engine.stop()
        second.client.close()
        second.upstream.close()
        await two.expect([.completed: 1])
        store.empty()
    }
}
