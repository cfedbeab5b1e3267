import Pelmeni
import TestSupport
import Testing

/// What a hook decides about a chunk: what is on which wire afterwards, and how the session ends.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookVerdictTests {
    // MARK: Emitted, dropped, answered

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func emittedBuffersGoFirst(crossing: Crossing, variant: Variant) async throws {
        let record = HookRecord()
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onClient: {
                // Behind the one that emits, it has each buffer alone.
                $0.beforeSend { data, _ in
                    record.note(data.text)
                    data.uppercaseASCII()
                    return .forward
                }
            },
            onServer: {
                $0.beforeForward { data, session in
                    let text = data.text
                    guard text.hasPrefix("emit") else { return .forward }
                    try session.emit(Buffer("one,"))
                    for number in 2...3 { try session.emit(Buffer("\(number),")) }
                    return text == "emit" ? .forward : .drop
                }
            })
        let (client, upstream) = try bridge.streams()
        for (text, wanted) in [("emit", "ONE,2,3,EMIT"), ("emit, drop", "ONE,2,3,"), ("a", "A")] {
            try client.write(text)
            #expect(try upstream.readText(wanted.utf8.count) == wanted)
        }
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        await bridge.expect([.completed: 1])
        #expect(
            record.lines == ["one,", "2,", "3,", "emit", "one,", "2,", "3,", "a", ""])
    }

    /// 256 buffers and 256 KiB in one call are the most.
    @Test(arguments: Variant.all) func muchIsEmitted(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { _, session in
                    guard !session.isEnd else { return .forward }
                    for number in 0..<Buffer.emitCountMax {
                        try session.emit(Buffer([UInt8](repeating: UInt8(number), count: 1024)))
                    }
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        let emitted = (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 1024) }
        for _ in 0..<3 {
            try client.write("!")
            let wanted = emitted + Array("!".utf8)
            expectSame(try upstream.read(exactly: wanted.count), wanted)
        }
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// A dropped chunk vanishes; the end behind it does not.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func aDroppedChunk(crossing: Crossing, variant: Variant) async throws {
        @Sendable func judge(
            _ data: inout Buffer, _ session: borrowing Session
        ) -> Verdict {
            data.starts(with: "drop".utf8) || session.isEnd ? .drop : .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: { $0.beforeForward { judge(&$0, $1) }.beforeRespond { judge(&$0, $1) } })
        let (client, upstream) = try bridge.streams()
        try client.write("one")
        #expect(try upstream.readText(3) == "one")
        try client.write("drop me")
        try bridge.waitForCalls(2)
        try client.write("two")
        #expect(try upstream.readText(3) == "two")
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        try upstream.write("drop it")
        try bridge.waitForCalls(1, ofHook: 1)
        try upstream.write("answer")
        #expect(try client.readText(6) == "answer")
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        let hooks = bridge.engine.statistics.hooks
        #expect(hooks.map(\.calls) == [4, 3])
        #expect(hooks.map(\.drops) == [2, 2])
        // Chunks are no datagrams.
        #expect(bridge.engine.statistics.drops == [:])
    }

    /// Back to where the chunk came from, in order, and through no hook.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func aReply(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    let text = data.text
                    return text.hasPrefix("ask") ? .reply(try Buffer("no \(text)")) : .forward
                }.beforeRespond { data, _ in
                    let text = data.text
                    return text.hasPrefix("ask") ? .reply(try Buffer("back \(text)")) : .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("ask 1")
        #expect(try client.readText(8) == "no ask 1")
        try upstream.write("ask 2")
        #expect(try upstream.readText(10) == "back ask 2")
        for _ in 0..<3 {
            try upstream.write("first,")
            #expect(try client.readText(6) == "first,")
            try client.write("ask")
            #expect(try client.readText(6) == "no ask")
        }
        try client.write("through")
        #expect(try upstream.readText(7) == "through")
        client.finish()
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        #expect(try upstream.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.hooks.map(\.calls) == [6, 5])
    }

    /// Replies to a client that reads nothing wait, and it is not read meanwhile.
    @Test(arguments: Variant.all) func manyReplies(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    session.isEnd ? .forward : .reply(data.take())
                }
            })
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 6, count: 12_000_000)
        let asking = beside {
            try client.write(bytes)
            client.finish()
        }
        try bridge.wait("the engine has read some") { $0.bytesToUpstream > 500_000 }
        let reading = beside { try client.read(exactly: bytes.count) }
        expectSame(try await reading.value, bytes)
        try await asking.value
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    /// Between the bytes of a long answer, which the kernel relays.
    @Test(arguments: Variant.all) func repliesBesideADownload(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard !session.isEnd else { return .forward }
                    return .reply(try Buffer([UInt8](repeating: 0xff, count: data.count << 10)))
                }
            })
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 1, count: 4_000_000).map { $0 & 0x7f }
        let answering = beside {
            try upstream.write(bytes)
            upstream.finish()
        }
        let asking = beside {
            for round in 0..<20 {
                try client.write("?")
                try bridge.waitForCalls(UInt64(round + 1))
            }
            client.finish()
        }
        let (got, end) = try client.readAll()
        // The upstream's end may come before the last questions.
        let replies = got.count { $0 == 0xff }
        #expect(replies % 1024 == 0 && replies <= 20 << 10)
        expectSame(got.filter { $0 != 0xff }, bytes)
        #expect(end == .clean)
        try await answering.value
        try await asking.value
        #expect(try upstream.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    // MARK: Finished

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func finishedByEitherSide(crossing: Crossing, variant: Variant) async throws {
        @Sendable func judge(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            let text = data.text
            if text == "quit" { return .finish() }
            return text == "bye" ? .finish(try Buffer("good bye")) : .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { try judge(&$0, $1) }.beforeRespond { try judge(&$0, $1) }
            }
        )
        for word in ["quit", "bye"] {
            for isToClient in [false, true] {
                let (client, upstream) = try bridge.streams()
                let (from, to) = isToClient ? (upstream, client) : (client, upstream)
                try from.write("before")
                #expect(try to.readText(6) == "before")
                try from.write(word)
                let wanted = word == "bye" ? "good bye" : ""
                #expect(try from.readAll() == (Array(wanted.utf8), .clean))
                #expect(try to.readEnd() == .clean)
                client.close()
                upstream.close()
            }
        }
        await bridge.expect([.completed: 4])
        #expect(bridge.closings == [])
    }

    /// Megabytes that a slow upstream has not read go before the end.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func queuedBytesGoBeforeTheEnd(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard data.array.last == 0 else { return .forward }
                    data.removeLast(1)
                    try session.emit(data.take())
                    return .finish(try Buffer("good bye"))
                }
            })
        let bytes = Pattern.shared.stream(key: 2, count: 6_000_000).map { $0 | 1 }
        let (client, upstream) = try bridge.streams()
        let asking = beside { try client.write(bytes + [0]) }
        try bridge.wait("the engine has read some") { $0.bytesToUpstream > 100_000 }
        let reading = beside { try upstream.readAll() }
        let (asked, end) = try await reading.value
        expectSame(asked, bytes)
        #expect(end == .clean)
        #expect(try client.readAll() == (Array("good bye".utf8), .clean))
        try await asking.value
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// A finished peer that goes on sending is not reset before it has read the answer.
    @Test(arguments: Variant.all) func aFinishedClientThatSends(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant, onServer: { $0.beforeForward { _, _ in .finish(try Buffer("no")) } })
        let (client, upstream) = try bridge.streams()
        try client.write("question")
        #expect(try upstream.readEnd() == .clean)
        try client.write(Pattern.shared.stream(key: 1, count: 300_000))
        #expect(try client.readAll() == (Array("no".utf8), .clean))
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// One that stays open is cut after the linger time.
    @Test(arguments: Variant.all) func aFinishedClientThatStays(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: { $0.beforeForward { _, _ in .finish(try Buffer("no")) } },
            configure: { $0.lingerTimeout = .after(.milliseconds(200)) })
        let (client, upstream) = try bridge.streams()
        try client.write("question")
        #expect(try client.read(exactly: 2) == Array("no".utf8))
        try bridge.wait("the session is over") { $0.open == 0 }
        await bridge.expect([.completed: 1])
        upstream.close()
    }
}
