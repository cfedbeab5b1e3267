import Pelmeni
import TestSupport
import Testing

/// Messages and datagrams, each whole and alone: what becomes of them, counted to the last one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookMessageTests {
    /// Answers so many messages, one by one.
    private func serve(_ bridge: Bridge, _ count: Int) -> Task<Void, any Error> {
        beside { try bridge.origin.serve(count) }
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func messagesAreWhole(crossing: Crossing, variant: Variant) async throws {
        let record = HookRecord()
        @Sendable func note(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            #expect(session.isMessage && !session.isEnd)
            record.note("\(session.isToClient ? "from" : "to") \(data.count)")
            #expect(throws: BufferError.heldMessage) { try data.hold(last: 0) }
            return .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: {
                $0.beforeForward { try note(&$0, $1) }.beforeRespond { try note(&$0, $1) }
            })
        let sizes = [1, 0, 2, 1_472, 9_000, 16_384, 60_000, 65_507, 3]
        let serving = serve(bridge, sizes.count)
        let client = try bridge.client()
        for (number, size) in sizes.enumerated() {
            let message = Pattern.shared.stream(key: number, count: size)
            try client.ask(message)
            expectSame(try client.answer(), message, "\(size) bytes")
        }
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(record.lines == sizes.flatMap { ["to \($0)", "from \($0)"] })
        #expect(statistics.datagramsToUpstream == UInt64(sizes.count))
        #expect(statistics.datagramsToClient == UInt64(sizes.count))
        #expect(statistics.drops == [:])
        #expect(statistics.hooks.map(\.calls) == [UInt64(sizes.count), UInt64(sizes.count)])
    }

    /// Messages that a stream brings together, cut anywhere, are seen one by one.
    @Test(arguments: Crossing.hookedMessages.filter(\.from.isStream), Variant.all)
    func manyInOneWrite(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: {
                $0.beforeForward { data, _ in
                    data.uppercaseASCII()
                    return .forward
                }
            })
        let serving = beside { try bridge.origin.serveReversed(batches: [100]) { $0 } }
        let client = try Wire(to: bridge.name)
        try client.write(
            (0..<100).flatMap { BridgeClient.framed(Array("message \($0)".utf8)) })
        let wanted = (0..<100).reversed().flatMap {
            BridgeClient.framed(Array("MESSAGE \($0)".utf8))
        }
        expectSame(try client.read(exactly: wanted.count), wanted)
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.hooks.map(\.calls) == [100])
        #expect(statistics.drops == [:])
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func longerAndShorter(crossing: Crossing, variant: Variant) async throws {
        @Sendable func change(_ data: inout Buffer) throws -> Verdict {
            switch data.array.first {
            case 0x61: try data.append(contentsOf: [UInt8](repeating: 0x2e, count: 40_000))
            case 0x70: try data.prepend([UInt8](repeating: 0x2e, count: 60_000))
            case 0x65: data.removeAll()
            case 0x6f: data = try Buffer("another")
            default: data.removeFirst(1)
            }
            return .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onClient: { $0.beforeSend { data, _ in try change(&data) } })
        let dots = { String(repeating: ".", count: $0) }
        let texts = [
            ("a", "a" + dots(40_000)), ("prepend", dots(60_000) + "prepend"), ("empty", ""),
            ("other", "another"), ("shorter", "horter"), ("x" + dots(60_000), dots(60_000)),
        ]
        let serving = serve(bridge, texts.count)
        let client = try bridge.client()
        for (text, wanted) in texts {
            try client.ask(text)
            expectSame(try client.answer(), Array(wanted.utf8), text)
        }
        try await serving.value
        client.close()
        #expect(await bridge.stop().drops == [:])
    }

    /// What the far side cannot carry is dropped and counted; the session goes on.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func tooLongForTheFarSide(crossing: Crossing, variant: Variant) async throws {
        // A stream of messages of two bytes' length holds at most 65,535.
        let most = crossing.hasDatagrams ? 65_507 : 65_535
        @Sendable func grow(_ data: inout Buffer) throws -> Verdict {
            let text = data.text
            let bytes = text == "most" ? most : text == "more" ? most + 1 : 0
            let more = [UInt8](repeating: 0x2e, count: max(0, bytes - data.count))
            try data.append(contentsOf: more)
            return .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: { $0.beforeForward { data, _ in try grow(&data) } },
            configure: { if !crossing.hasDatagrams { $0.frameBytesMax = most } })
        let serving = serve(bridge, 2)
        let client = try bridge.client()
        for text in ["more", "most", "more", "end"] {
            try client.ask(text)
            guard text != "more" else { continue }
            #expect(try client.answer().count == (text == "most" ? most : 3))
        }
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.oversize: 2])
        #expect(statistics.datagramsToUpstream == 2)
        #expect(statistics.datagramsToClient == 2)
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func droppedBothWays(crossing: Crossing, variant: Variant) async throws {
        @Sendable func judge(_ data: inout Buffer, _ word: String) -> Verdict {
            data.text.contains(word) ? .drop : .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onClient: { $0.beforeRespond { data, _ in judge(&data, "silent") } },
            onServer: { $0.beforeForward { data, _ in judge(&data, "drop") } })
        let serving = serve(bridge, 4)
        let client = try bridge.client()
        // Questions that the origin has, one after the other.
        var served: UInt64 = 0
        let texts = ["a", "drop 1", "silent 1", "drop 2", "silent 2", "b"]
        for (number, text) in texts.enumerated() {
            try client.ask(text)
            if !text.contains("drop") { served += 1 }
            try bridge.waitForCalls(UInt64(number + 1))
            try bridge.waitForCalls(served, ofHook: 1)
        }
        #expect(try client.answerText() == "a")
        #expect(try client.answerText() == "b")
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.hook: 4])
        #expect(statistics.datagramsToUpstream == 4)
        #expect(statistics.datagramsToClient == 2)
        #expect(statistics.hooks.map(\.calls) == [6, 4])
        #expect(statistics.hooks.map(\.drops) == [2, 2])
        #expect(statistics.accepted == 1)
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func emittedMessages(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onClient: {
                $0.beforeSend { data, _ in
                    data.uppercaseASCII()
                    return .forward
                }
            },
            onServer: {
                $0.beforeForward { data, session in
                    if data.text != "one" {
                        try session.emit(Buffer("first"))
                        try session.emit(Buffer())
                        try session.emit(Buffer([UInt8](repeating: 0x61, count: 60_000)))
                    }
                    return data.text == "alone" ? .drop : .forward
                }
            })
        let serving = serve(bridge, 8)
        let client = try bridge.client()
        let long = String(repeating: "A", count: 60_000)
        for (text, answers) in [
            ("more", ["FIRST", "", long, "MORE"]), ("one", ["ONE"]),
            ("alone", ["FIRST", "", long]),
        ] {
            try client.ask(text)
            for answer in answers { expectSame(try client.answer(), Array(answer.utf8), text) }
        }
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.hook: 1])
        #expect(statistics.datagramsToUpstream == 8)
        #expect(statistics.datagramsToClient == 8)
        #expect(statistics.hooks.map(\.calls) == [3, 8])
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func releasedHooks(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: {
                $0.beforeForward { data, _ in
                    data.uppercaseASCII()
                    return .release
                }
            })
        let serving = serve(bridge, 3)
        let client = try bridge.client()
        for (text, answer) in [("one", "ONE"), ("two", "two"), ("three", "three")] {
            try client.ask(text)
            #expect(try client.answerText() == answer)
        }
        try await serving.value
        client.close()
        #expect(await bridge.stop().hooks.map(\.calls) == [1])
    }
}
