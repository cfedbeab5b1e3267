import Pelmeni
import TestSupport
import Testing

/// Hooks that close a session of two streams: with a verdict, or by an error.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookClosingTests {
    @Sendable private static func judge(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        // Long chunks are none of these.
        switch data.count < 10 ? data.text : "" {
        case "close":
            // Nothing that a closing hook emits is sent.
            try session.emit(Buffer("emitted"))
            return .close("it said so")
        case "throw": throw HookTestError(description: "it threw")
        default: return .forward
        }
    }

    /// The units before it arrive, and it is on no wire; both sides are reset.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func theUnitIsOnNoWire(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onClient: { $0.beforeSend { try Self.judge(&$0, $1) } },
            onServer: { $0.beforeRespond { try Self.judge(&$0, $1) } })
        for word in ["close", "throw"] {
            for isToClient in [false, true] {
                let (client, upstream) = try bridge.streams()
                let (from, to) = isToClient ? (upstream, client) : (client, upstream)
                for text in ["one", "two"] {
                    try from.write(text)
                    #expect(try to.readText(3) == text)
                }
                try from.write(word)
                #expect(try client.readEnd() == bridge.resetEnd(crossing.from))
                #expect(try upstream.readEnd() == bridge.resetEnd(crossing.to))
            }
        }
        await bridge.expect([.hook: 4])
        let wanted = [
            "beforeSend: it said so", "beforeRespond: it said so", "beforeSend: it threw",
            "beforeRespond: it threw",
        ]
        #expect(bridge.closings == wanted)
        // Of a pair, in the order of server and client.
        let hooks = bridge.engine.statistics.hooks
        #expect(hooks.map(\.name) == ["beforeRespond", "beforeSend"])
        #expect(hooks.map(\.calls) == [6, 6])
        #expect(hooks.map(\.drops) == [2, 2])
        #expect(hooks.map(\.pair) == [0, 0])
    }

    /// A megabyte before it, queued or on its way, arrives whole.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func allBytesBeforeArrive(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, onServer: { $0.beforeForward { try Self.judge(&$0, $1) } })
        let bytes = Pattern.shared.stream(key: 4, count: 1_000_000)
        for round in 1...3 {
            let (client, upstream) = try bridge.streams()
            let reading = beside { try upstream.readAll() }
            try client.write(bytes)
            try bridge.wait("the engine has read all") {
                $0.bytesToUpstream == UInt64(round * bytes.count + (round - 1) * 5)
            }
            try client.write("close")
            let (asked, end) = try await reading.value
            expectSame(asked, bytes)
            #expect(end == bridge.resetEnd(crossing.to))
            #expect(try client.readEnd() == bridge.resetEnd(crossing.from))
        }
        await bridge.expect([.hook: 3])
    }

    /// At the end of a stream, too.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func closedAtTheEnd(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    if session.isEnd { return .close("no end") }
                    try data.hold(last: 2)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("abcd")
        client.finish()
        let (asked, end) = try upstream.readAll()
        #expect(asked == Array("ab".utf8))
        #expect(end == bridge.resetEnd(crossing.to))
        #expect(try client.readEnd() == bridge.resetEnd(crossing.from))
        await bridge.expect([.hook: 1])
    }

    /// Long reasons are cut; other sessions have no part in it.
    @Test(arguments: Variant.all) func othersGoOn(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    guard data.text == "throw" else { return .forward }
                    throw HookTestError(description: String(repeating: "long ", count: 100))
                }
            })
        let other = try bridge.streams()
        for round in 0..<20 {
            let (client, upstream) = try bridge.streams()
            try client.write("throw")
            #expect(try client.readEnd() == .reset)
            #expect(try upstream.readEnd() == .reset)
            try other.client.write("round \(round % 10)")
            #expect(try other.upstream.readText(7) == "round \(round % 10)")
        }
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 1, .hook: 20])
        // Like other entries that peers can cause, the first five are told at once.
        let closings = bridge.closings.prefix(5)
        #expect(closings.count == 5)
        #expect(closings.allSatisfy { $0.hasPrefix("beforeForward: long long") })
        #expect(closings.allSatisfy { $0.utf8.count == "beforeForward: ".utf8.count + 200 })
    }
}
