import Pelmeni
import TestSupport
import Testing

/// Directions without a hook, or with hooks that are released, are relayed by the kernel.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(4))) struct HookSpliceTests {
    private static let size = 64 << 20

    /// Sends a long stream, and checks every byte of it.
    private func download(
        from: Wire, to: Wire, key: Int, skipping first: Int = 0, size: Int = Self.size
    ) async throws {
        let writing = beside {
            var sent = first
            while sent < size {
                let piece = Pattern.shared.piece(
                    key: key, at: sent, count: min(1 << 18, size - sent))
                try from.write(piece)
                sent += piece.count
            }
            from.finish()
        }
        var received = first
        while received < size {
            let bytes = try to.read(upTo: 1 << 18)
            guard !bytes.isEmpty else { break }
            #expect(Pattern.shared.firstWrong(bytes, key: key, at: received) == nil)
            received += bytes.count
        }
        #expect(received == size)
        #expect(try to.readEnd() == .clean)
        try await writing.value
    }

    @Test(arguments: Variant.all) func aHookOfOneDirection(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant, onServer: { $0.beforeForward { _, _ in .forward } })
        let (client, upstream) = try bridge.streams()
        try client.write("question")
        #expect(try upstream.readText(8) == "question")
        // Beside other tests the first megabytes may be copied until the stream is known as long.
        let size = 1 << 30
        try await download(from: upstream, to: client, key: 1, size: size)
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        let statistics = bridge.engine.statistics
        #expect(statistics.bytesSpliced >= UInt64(size) * 99 / 100)
        #expect(statistics.hooks.map(\.calls) == [2])
    }

    /// Both directions, after the first chunk of each.
    @Test(arguments: Variant.all) func releasedHooks(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onClient: {
                $0.beforeSend { data, _ in
                    data.uppercaseASCII()
                    return .release
                }
            },
            onServer: {
                $0.beforeForward { data, _ in .release }.beforeRespond { data, _ in
                    data.uppercaseASCII()
                    return .release
                }
            })
        let (client, upstream) = try bridge.streams()
        let size = 1 << 30
        for (number, (from, to)) in [(client, upstream), (upstream, client)].enumerated() {
            try from.write("first")
            #expect(try to.readText(5) == "FIRST")
            try await download(from: from, to: to, key: number, size: size)
        }
        await bridge.expect([.completed: 1])
        let statistics = bridge.engine.statistics
        #expect(statistics.bytesSpliced >= UInt64(2 * size) * 99 / 100)
        #expect(statistics.hooks.map(\.calls) == [1, 1, 1])
    }

    /// One of two hooks stays: the direction keeps it, and the other hook is not called again.
    @Test(arguments: Variant.all) func oneHookStays(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeRespond { _, _ in .release }.beforeRespond { _, _ in .forward }
            })
        let (client, upstream) = try bridge.streams()
        try await download(from: upstream, to: client, key: 3)
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        let statistics = bridge.engine.statistics
        #expect(statistics.bytesSpliced == 0)
        #expect(statistics.hooks[0].calls == 1)
        #expect(statistics.hooks[1].calls > 1)
    }

    /// Its last bytes are on no wire when the hook releases: they go before what is spliced.
    @Test(arguments: Variant.all) func heldBytesGoFirst(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeRespond { data, _ in
                    guard data.count >= 3_000 else {
                        try data.hold(last: data.count)
                        return .forward
                    }
                    return .release
                }
            })
        let (client, upstream) = try bridge.streams()
        let first = Pattern.shared.stream(key: 4, count: 3_000)
        for number in 0..<3 {
            try upstream.write(first[number * 1_000..<(number + 1) * 1_000])
            try bridge.waitForCalls(UInt64(number + 1))
        }
        #expect(try client.read(exactly: 3_000) == first)
        try await download(from: upstream, to: client, key: 4, skipping: 3_000)
        client.finish()
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.bytesSpliced > 0)
    }
}
