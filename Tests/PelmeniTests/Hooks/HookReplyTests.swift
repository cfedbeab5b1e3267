import Pelmeni
import TestSupport
import Testing

/// Hooks that answer messages, and end sessions of messages.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookReplyTests {
    private func start(
        _ crossing: Crossing, _ variant: Variant,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        @Sendable func judge(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            let text = data.text
            switch text.prefix(5) {
            case "reply": return .reply(try Buffer("no \(text)"))
            case "empty": return .reply(Buffer())
            case "finis": return .finish()
            case "good ": return .finish(try Buffer("bye"))
            case "close": return .close("it said so")
            case "throw": throw HookTestError(description: "it threw")
            default: return .forward
            }
        }
        return try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onClient: { $0.beforeSend { try judge(&$0, $1) } },
            onServer: {
                $0.beforeRespond { data, _ in
                    data.starts(with: "no".utf8) ? .drop : .forward
                }
            }, configure: change)
    }

    private func serve(_ bridge: Bridge, _ count: Int) -> Task<Void, any Error> {
        beside { try bridge.origin.serve(count) }
    }

    /// A reply passes no hook, and the question is asked and answered.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func repliesToWhoAsked(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await start(crossing, variant)
        let serving = serve(bridge, 2)
        let client = try bridge.client()
        for (text, answer) in [
            ("reply 1", "no reply 1"), ("through", "through"), ("empty", ""),
            ("reply 2", "no reply 2"), ("again", "again"),
        ] {
            try client.ask(text)
            #expect(try client.answerText() == answer)
        }
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:])
        #expect(statistics.datagramsToUpstream == 2)
        #expect(statistics.datagramsToClient == 5)
        #expect(statistics.hooks.map(\.calls) == [2, 5])
        #expect(statistics.hooks.map(\.drops) == [0, 3])
    }

    /// A reply is one of the expected responses: a session with all of them is over.
    @Test(arguments: Crossing.withDatagrams.filter { $0.from == .udp }, Variant.all)
    func aReplyIsAResponse(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await start(crossing, variant) { $0.responseLimit = 1 }
        let client = try bridge.client()
        for round in 1...3 {
            try client.ask("reply \(round)")
            #expect(try client.answerText() == "no reply \(round)")
            try bridge.wait("the session is over") { $0.causes == [.completed: UInt64(round)] }
        }
        client.close()
        #expect(await bridge.stop().accepted == 3)
    }

    /// The client of a stream ends it: the replies are all that it waits for.
    @Test(arguments: Variant.all) func aClientWithAllReplies(variant: Variant) async throws {
        let bridge = try await start(Crossing(from: .tcp, to: .udp), variant) {
            $0.responseLimit = 1
        }
        let client = try Wire(to: bridge.name)
        try client.write((1...3).flatMap { BridgeClient.framed(Array("reply \($0)".utf8)) })
        client.finish()
        let wanted = (1...3).flatMap { BridgeClient.framed(Array("no reply \($0)".utf8)) }
        #expect(try client.readAll() == (wanted, .clean))
        await bridge.expect([.completed: 1])
    }

    /// A reply to a response goes to the upstream.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func repliesToTheUpstream(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant, near: crossing.messageFraming, far: crossing.messageFraming,
            onServer: {
                $0.beforeRespond { data, _ in
                    data.text == "challenge" ? .reply(try Buffer("solution")) : .forward
                }
            })
        let serving = beside {
            try bridge.origin.serve(2) {
                $0 == Array("question".utf8) ? Array("challenge".utf8) : $0 + Array("!".utf8)
            }
        }
        let client = try bridge.client()
        try client.ask("question")
        #expect(try client.answerText() == "solution!")
        try await serving.value
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToUpstream == 2)
        #expect(statistics.datagramsToClient == 1)
        #expect(statistics.drops == [:])
    }

    /// The answer and all before it arrive, and then the end.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func finished(crossing: Crossing, variant: Variant) async throws {
        for word in ["good bye", "finish"] { try await finish(crossing, variant, by: word) }
    }

    private func finish(
        _ crossing: Crossing, _ variant: Variant, by word: String
    ) async throws {
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
            #expect(try wire.readEnd() == .clean)
            wire.close()
        }
        #expect(try upstream?.readEnd() ?? .clean == .clean)
        upstream?.close()
        try bridge.wait("the session is over") { $0.causes == [.completed: 1] }
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == (word == "finish" ? [.hook: 1] : [:]))
        #expect(statistics.datagramsToUpstream == 1)
        #expect(statistics.datagramsToClient == (word == "finish" ? 1 : 2))
        #expect(bridge.closings == [])
    }

    /// One that is still dialled is linked first.
    @Test(arguments: Variant.all) func finishedAtOnce(variant: Variant) async throws {
        let bridge = try await start(Crossing(from: .udp, to: .tcp), variant)
        let client = try bridge.client()
        try client.ask("good bye")
        #expect(try client.answerText() == "bye")
        let upstream = try bridge.origin.accept()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// The upstream's end has shut the client's stream: a reply has no way back.
    @Test(arguments: Variant.all) func aReplyBehindTheOthersEnd(variant: Variant) async throws {
        for word in ["reply", "good bye"] {
            let bridge = try await start(.streams, variant)
            let (client, upstream) = try bridge.streams()
            upstream.finish()
            #expect(try client.readEnd() == .clean)
            try client.write(BridgeClient.framed(Array(word.utf8)))
            try bridge.wait("it is dropped") { $0.drops == [.hook: 1] }
            client.finish()
            #expect(try upstream.readEnd() == .clean)
            await bridge.expect([.completed: 1])
            #expect(bridge.engine.statistics.datagramsToClient == 0)
        }
    }

    /// The next datagram of a client whose session a hook ended opens another one.
    @Test(arguments: [Crossing(from: .udp, to: .udp), Crossing(from: .udp, to: .tcp)], Variant.all)
    func theNextSession(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await start(crossing, variant)
        let client = try bridge.client()
        var upstreams: [Wire] = []
        for (number, word) in ["good bye", "close", "throw"].enumerated() {
            try client.ask("ask")
            if crossing.to.isStream {
                let upstream = try bridge.origin.accept()
                try upstream.write(try upstream.read(exactly: 5))
                upstreams.append(upstream)
            } else {
                let (bytes, from) = try bridge.origin.wire.receive()
                try bridge.origin.wire.send(bytes, to: from)
            }
            #expect(try client.answerText() == "ask")
            try client.ask(word)
            if word == "good bye" { #expect(try client.answerText() == "bye") }
            try bridge.wait("the session is over") {
                $0.causes.values.reduce(0, +) == UInt64(number + 1)
            }
        }
        for (upstream, end) in zip(upstreams, [Wire.End.clean, .reset, .reset]) {
            #expect(try upstream.readEnd() == end)
        }
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1, .hook: 2])
        #expect(statistics.drops == [.hook: 2])
        #expect(bridge.closings == ["beforeSend: it said so", "beforeSend: it threw"])
    }

    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func closed(crossing: Crossing, variant: Variant) async throws {
        for word in ["close", "throw"] { try await close(crossing, variant, by: word) }
    }

    private func close(_ crossing: Crossing, _ variant: Variant, by word: String) async throws {
        let bridge = try await start(crossing, variant)
        let client = try bridge.client()
        try client.ask("first")
        var upstream: Wire?
        if crossing.to.isStream {
            upstream = try bridge.origin.accept()
            #expect(try upstream?.read(exactly: 7) == BridgeClient.framed(Array("first".utf8)))
        } else {
            #expect(try bridge.origin.wire.receiveText() == "first")
        }
        try client.ask(word)
        if case .stream(let wire) = client { #expect(try wire.readEnd() == .reset) }
        if let upstream { #expect(try upstream.readEnd() == .reset) }
        try bridge.wait("the session is over") { $0.causes == [.hook: 1] }
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.hook: 1])
        #expect(statistics.datagramsToUpstream == 1)
        #expect(statistics.datagramsToClient == 0)
        #expect(bridge.closings == ["beforeSend: it \(word == "close" ? "said so" : "threw")"])
    }

    /// The messages before it, in one write with it, arrive; it and those behind it do not.
    @Test(arguments: Crossing.hookedMessages.filter(\.from.isStream), Variant.all)
    func messagesBeforeTheEnd(crossing: Crossing, variant: Variant) async throws {
        for (word, cause) in [("close", EndCause.hook), ("good bye", .completed)] {
            let bridge = try await start(crossing, variant)
            let client = try Wire(to: bridge.name)
            let messages = ["one", "two", word, "three"].map { Array($0.utf8) }
            try client.write(messages.flatMap(BridgeClient.framed))
            if crossing.to.isStream {
                let (bytes, end) = try bridge.origin.accept().readAll()
                #expect(bytes == messages[..<2].flatMap(BridgeClient.framed))
                #expect(end == (cause == .hook ? .reset : .clean))
            } else {
                for text in ["one", "two"] {
                    #expect(try bridge.origin.wire.receiveText() == text)
                }
            }
            let (bytes, end) = try client.readAll()
            #expect(bytes == (cause == .hook ? [] : BridgeClient.framed(Array("bye".utf8))))
            #expect(end == (cause == .hook ? .reset : .clean))
            client.close()
            try bridge.wait("the session is over") { $0.causes == [cause: 1] }
            let statistics = await bridge.stop()
            #expect(statistics.datagramsToUpstream == 2)
        }
    }
}
