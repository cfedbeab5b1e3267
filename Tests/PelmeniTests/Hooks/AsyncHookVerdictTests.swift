import Pelmeni
import TestSupport
import Testing

/// Verdicts of asynchronous hooks, on real rings.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AsyncHookVerdictTests {
    private func start(
        _ crossing: Crossing, _ variant: Variant, asks counting: Counting? = nil,
        isFramed: Bool = true
    ) async throws -> Bridge {
        func attach(_ client: any Client) -> any Client {
            client.hook(Obedient(counting: counting))
        }
        let framing = isFramed ? crossing.messageFraming : nil
        return try await Bridge.hooked(
            crossing, variant, near: framing, far: framing, onClient: attach)
    }

    /// With hooks that answer at once, and with those that ask an actor.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func ofMessages(crossing: Crossing, variant: Variant) async throws {
        for counting in [nil, Counting()] {
            let bridge = try await start(crossing, variant, asks: counting)
            let serving = beside { try bridge.origin.serve(4) }
            let client = try bridge.client()
            for (text, answer) in [
                ("reply 1", "no reply 1"), ("through", "through"), ("empty", ""),
                ("longer", "longer!"), ("other", "another one"), ("last", "last"),
            ] {
                if text == "other" { try client.ask("drop it") }
                try client.ask(text)
                #expect(try client.answerText() == answer)
            }
            try await serving.value
            client.close()
            let statistics = await bridge.stop()
            #expect(statistics.drops == [.hook: 1])
            #expect(statistics.datagramsToUpstream == 4)
            #expect(statistics.datagramsToClient == 6)
            // Seven questions, and four answers.
            #expect(statistics.hooks.map(\.calls) == [11])
            #expect(statistics.hooks.map(\.drops) == [3])
            #expect(statistics.hooks.map(\.stalls) == [0])
        }
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func thatEndTheSession(crossing: Crossing, variant: Variant) async throws {
        for (word, cause) in [
            ("finish", EndCause.completed), ("good bye", .completed), ("close", .hook),
            ("throw", .hook),
        ] {
            let bridge = try await start(crossing, variant)
            let client = try bridge.client()
            try client.ask("first")
            var upstream: Wire?
            if crossing.to.isStream {
                upstream = try bridge.origin.accept()
                try upstream?.write(try #require(try upstream?.read(exactly: 7)))
            } else {
                let (bytes, from) = try bridge.origin.wire.receive()
                try bridge.origin.wire.send(bytes, to: from)
            }
            #expect(try client.answerText() == "first")
            try client.ask(word)
            if word == "good bye" { #expect(try client.answerText() == "bye") }
            if case .stream(let wire) = client {
                #expect(try wire.readEnd() == (cause == .hook ? .reset : .clean), "\(word)")
                wire.close()
            }
            if let upstream {
                #expect(try upstream.readEnd() == (cause == .hook ? .reset : .clean), "\(word)")
                upstream.close()
            }
            try bridge.wait("the session is over") { $0.causes == [cause: 1] }
            client.close()
            let statistics = await bridge.stop()
            #expect(statistics.datagramsToUpstream == 1)
            let reason = word == "close" ? "said so" : "threw"
            #expect(
                bridge.closings == (cause == .completed ? [] : ["Obedient: it \(reason)"]))
        }
    }

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func ofChunks(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await start(crossing, variant, isFramed: false)
        let (client, upstream) = try bridge.streams()
        try client.write("through")
        #expect(try upstream.readText(7) == "through")
        try client.write("reply")
        #expect(try client.readText(8) == "no reply")
        try client.write("drop it")
        try bridge.waitForCalls(3)
        try client.write("longer")
        #expect(try upstream.readText(7) == "longer!")
        try upstream.write("answer")
        #expect(try client.readText(6) == "answer")
        client.finish()
        #expect(try upstream.readAll() == ([], .clean))
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.hooks.map(\.calls) == [7])
    }

    /// The last bytes of a dropped chunk go, and its end does not.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func endsOfChunks(crossing: Crossing, variant: Variant) async throws {
        for (word, end) in [
            ("finish", Wire.End.clean), ("good bye", .clean), ("close", .reset), ("throw", .reset),
        ] {
            let bridge = try await start(crossing, variant, isFramed: false)
            let (client, upstream) = try bridge.streams()
            try client.write("first")
            #expect(try upstream.readText(5) == "first")
            try client.write(word)
            let wanted = word == "good bye" ? "bye" : ""
            let far = bridge.resetEnd(crossing.to)
            let near = bridge.resetEnd(crossing.from)
            #expect(try upstream.readAll() == ([], end == .reset ? far : .clean))
            if end == .clean { upstream.finish() }
            #expect(
                try client.readAll() == (Array(wanted.utf8), end == .reset ? near : .clean))
            client.close()
            upstream.close()
            await bridge.expect([end == .reset ? .hook : .completed: 1])
        }
    }

    /// Both directions of two streams, once their hooks are released.
    @Test(arguments: Variant.all) func released(variant: Variant) async throws {
        let size = 32 << 20
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: { server in
                server
                    .beforeForward { data, session in
                        await Task.yield()
                        return .release(data)
                    }
                    .beforeRespond { data, session in
                        await Task.yield()
                        return .release(data)
                    }
            })
        let (client, upstream) = try bridge.streams()
        for (number, (from, to)) in [(client, upstream), (upstream, client)].enumerated() {
            try from.write("first")
            #expect(try to.readText(5) == "first")
            let bytes = Pattern.shared.stream(key: number, count: size)
            let writing = beside {
                try from.write(bytes)
                from.finish()
            }
            let (got, end) = try to.readAll()
            expectSame(got, bytes, "direction \(number)")
            #expect(end == .clean)
            try await writing.value
        }
        await bridge.expect([.completed: 1])
        let statistics = bridge.engine.statistics
        #expect(statistics.hooks.map(\.calls) == [1, 1])
        #expect(statistics.bytesSpliced >= UInt64(2 * size) * 8 / 10)
    }
}
