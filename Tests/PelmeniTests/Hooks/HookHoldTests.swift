import Pelmeni
import TestSupport
import Testing

/// Bytes that a hook holds back stand before the next chunk, and before the end.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookHoldTests {
    private static let sample = "xababa--abcab.aab,ba!cdab"
    /// Of both hooks in their order.
    private static let reference = sample.replacing("ab", with: "<cd>").replacing(
        "cd>c", with: "[]")

    /// Each cut, both ways, with hooks in a chain on both ends.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func everyCutIsAsTheReference(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onClient: { $0.hook { Replacing(pattern: "cd>c", text: "[]") } },
            onServer: { server in
                server.hook { Replacing(pattern: "ab", text: "<cd>") }
            })
        let bytes = Array(Self.sample.utf8)
        var calls: UInt64 = 0
        for cut in 0...bytes.count {
            let (client, upstream) = try bridge.streams()
            for part in [bytes[..<cut], bytes[cut...]] where !part.isEmpty {
                try client.write(part)
                calls += 1
                try bridge.waitForCalls(calls)
            }
            client.finish()
            calls += 1
            let (got, end) = try upstream.readAll()
            expectSame(got, Array(Self.reference.utf8), "cut at \(cut)")
            #expect(end == .clean)
            upstream.close()
            #expect(try client.readEnd() == .clean)
            // The end of the other direction.
            calls += 1
            try bridge.waitForCalls(calls)
        }
        await bridge.expect([.completed: UInt64(bytes.count + 1)])
    }

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func byteByByteBothWays(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, onServer: { $0.hook { Replacing(pattern: "abc", text: "-") } })
        let bytes = Array(Self.sample.utf8)
        let wanted = Array(Self.sample.replacing("abc", with: "-").utf8)
        let (client, upstream) = try bridge.streams()
        var calls: UInt64 = 0
        for byte in bytes {
            for wire in [client, upstream] {
                try wire.write([byte])
                calls += 1
                try bridge.waitForCalls(calls)
            }
        }
        client.finish()
        #expect(try upstream.readAll() == (wanted, .clean))
        upstream.finish()
        #expect(try client.readAll() == (wanted, .clean))
        await bridge.expect([.completed: 1])
    }

    /// Many chunks as large as they come, with a held byte before nearly every one.
    @Test(arguments: Variant.all) func longStreamsAreAsTheReference(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.hook { Replacing(pattern: "ab", text: "<cd>") }.beforeForward { data, session in
                    try data.hold(last: 40_000)
                    return .forward
                }
            })
        let text = String(repeating: Self.sample, count: 40_000)
        let wanted = Array(text.replacing("ab", with: "<cd>").utf8)
        let (client, upstream) = try bridge.streams()
        let asking = beside {
            try client.write(text)
            client.finish()
        }
        let (got, end) = try upstream.readAll()
        expectSame(got, wanted)
        #expect(end == .clean)
        try await asking.value
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// A half-closed stream: each direction has one end, which comes with what is held.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func aTrailerBeforeTheEnd(crossing: Crossing, variant: Variant) async throws {
        let record = HookRecord()
        @Sendable func seal(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            if session.isEnd {
                record.note("\(session.isToClient): \(data.text)")
                try data.append(".end")
            }
            // Ignored at the end.
            try data.hold(last: 4)
            return .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { try seal(&$0, $1) }.beforeRespond { try seal(&$0, $1) }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("question")
        #expect(try upstream.readText(4) == "ques")
        client.finish()
        #expect(try upstream.readAll() == (Array("tion.end".utf8), .clean))
        // The other direction goes on.
        try upstream.write("an answer")
        #expect(try client.readText(5) == "an an")
        upstream.finish()
        #expect(try client.readAll() == (Array("swer.end".utf8), .clean))
        await bridge.expect([.completed: 1])
        #expect(record.lines == ["false: tion", "true: swer"])
    }

    /// The same at the end of a stream without a byte.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func aTrailerWithoutABody(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onClient: {
                $0.beforeSend { data, session in
                    if session.isEnd { try data.append("only") }
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        client.finish()
        #expect(try upstream.readAll() == (Array("only".utf8), .clean))
        upstream.close()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    @Test(arguments: Variant.all) func aResetLeavesAPrefix(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    try data.hold(last: 3)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("prefix")
        #expect(try upstream.readText(3) == "pre")
        client.reset()
        #expect(try upstream.readEnd() == .reset)
        await bridge.expect([.clientReset: 1])
    }

    /// With `release` held bytes go first, and with `drop` they stay; nothing is held by others.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func heldBytesAndVerdicts(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard !session.isEnd else { return .forward }
                    let text = data.text
                    try data.hold(last: 2)
                    if text.hasSuffix("drop") { return .drop }
                    if text.hasSuffix("ask") { return .reply(try Buffer(text)) }
                    return text.hasSuffix("free") ? .release : .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("one")
        #expect(try upstream.readText(1) == "o")
        try client.write("a drop")
        try bridge.waitForCalls(2)
        try client.write("two")
        // The two last ones of the dropped chunk.
        #expect(try upstream.readText(3) == "opt")
        try client.write("ask")
        #expect(try client.readText(5) == "woask")
        try client.write("be free")
        #expect(try upstream.readText(7) == "be free")
        try client.write("and alone")
        #expect(try upstream.readText(9) == "and alone")
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.hooks[0].calls == 5)
    }

    /// A hook before it makes chunks as long as a buffer may be.
    @Test(arguments: Variant.all) func heldBehindTheLongest(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard !session.isEnd else { return .forward }
                    let more = [UInt8](repeating: 0x2e, count: Buffer.bytesMax - data.count)
                    try data.append(contentsOf: more)
                    return .forward
                }.beforeForward { data, _ in
                    try data.hold(last: 50_000)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        let count = Buffer.bytesMax
        for number in 0..<4 {
            try client.write("abc")
            let got = try upstream.read(exactly: number == 0 ? count - 50_000 : count)
            let wanted = Array("abc".utf8) + [UInt8](repeating: 0x2e, count: count - 50_003)
            let before = [UInt8](repeating: 0x2e, count: number == 0 ? 0 : 50_000)
            expectSame(got, before + wanted, "\(number)")
        }
        client.finish()
        let rest = [UInt8](repeating: 0x2e, count: 50_000)
        #expect(try upstream.readAll() == (rest, .clean))
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// More than a chunk has is all of it; more than 64 KiB closes the session.
    @Test(arguments: Variant.all) func boundsOfHeldBytes(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    if data.count > 70_000 { try data.hold(last: 65_537) }
                    try data.hold(last: 65_536)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 3, count: 60_000)
        try client.write(bytes)
        client.finish()
        expectSame(try upstream.readAll().bytes, bytes)
        upstream.close()
        let (other, otherUpstream) = try bridge.streams()
        let asking = beside { try other.write(bytes + bytes) }
        #expect(try otherUpstream.readAll().end == .reset)
        _ = try? await asking.value
        await bridge.expect([.completed: 1, .hook: 1])
        #expect(bridge.closings == ["beforeForward: a hook holds at most 65536 bytes, not 65537"])
    }
}
