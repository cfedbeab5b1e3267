import Glibc
import Pelmeni
import TestSupport
import Testing

/// Two chained hooks that hold bytes back, with a stream of 4 KiB that is cut at many places.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct HookCutTests {
    /// Ends with a byte that begins neither pattern: nothing is held behind it.
    private static let sample = Array(
        ((0..<171).map { "\($0 % 10)ababa--abcab.aabba!cdab" }.joined().prefix(4_095) + "!").utf8)
    private static let reference = Array(
        String(decoding: sample, as: UTF8.self).replacing("ab", with: "<cd>")
            .replacing("cd>c", with: "[]").utf8)

    private func start(_ crossing: Crossing, _ variant: Variant) async throws -> Bridge {
        try await Bridge.hooked(
            crossing, variant,
            onClient: { $0.hook { Replacing(pattern: "cd>c", text: "[]") } },
            onServer: { $0.hook { Replacing(pattern: "ab", text: "<cd>") } })
    }

    /// Waits for a call without the rest of a poll: there are thousands.
    private func spin(_ bridge: Bridge, _ calls: UInt64) throws {
        let patience = Patience()
        while bridge.engine.statistics.hooks[0].calls < calls {
            guard !patience.isOver else { throw patience.failure("\(calls) calls") }
            sched_yield()
        }
    }

    private func end(_ bridge: Bridge, _ client: Wire, _ upstream: Wire) async throws {
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// The stream once for each cut, on one session: at every place in `make test-long`. The text
    /// repeats after 24 bytes, so that every eleventh place is each place of it.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func cuts(crossing: Crossing, variant: Variant) async throws {
        #expect(Self.sample.count == 4_096)
        let bridge = try await start(crossing, variant)
        let (client, upstream) = try bridge.streams()
        var calls: UInt64 = 0
        for cut in stride(from: 1, to: Self.sample.count, by: isLongTest ? 1 : 11) {
            try client.write(Self.sample[..<cut])
            calls += 1
            try spin(bridge, calls)
            try client.write(Self.sample[cut...])
            calls += 1
            let got = try upstream.read(exactly: Self.reference.count)
            guard got == Self.reference else {
                return expectSame(got, Self.reference, "cut at \(cut)")
            }
        }
        #expect(bridge.engine.statistics.hooks[0].calls == calls)
        try await end(bridge, client, upstream)
    }

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func byteByByte(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await start(crossing, variant)
        let (client, upstream) = try bridge.streams()
        for (number, byte) in Self.sample.enumerated() {
            try client.write([byte])
            try spin(bridge, UInt64(number + 1))
        }
        expectSame(try upstream.read(exactly: Self.reference.count), Self.reference)
        try await end(bridge, client, upstream)
    }
}
