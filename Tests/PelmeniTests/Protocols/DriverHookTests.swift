import Dispatch
import Pelmeni
import TestSupport
import Testing

/// Hooks of a pair with a driver: they stand between it and the other side.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct DriverHookTests {
    private static func marked(_ server: any Server) -> any Server {
        server
            .beforeForward { data, _ in
                try data.append("1")
                return .forward
            }
            .beforeForward { data, _ in
                try data.append("2")
                return .forward
            }
            .beforeRespond { data, _ in
                try data.append("b")
                return .forward
            }
    }

    private static func marked(_ client: any Client) -> any Client {
        client
            .beforeSend { data, _ in
                try data.append("3")
                return .forward
            }
            .beforeRespond { data, _ in
                try data.append("a")
                return .forward
            }
    }

    /// A server's driver stands before all hooks of requests, a client's behind them.
    @Test(arguments: Variant.all) func theOrder(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = MessageScript()
            driver.received = { data, _, context in
                try data.append("D")
                context.deliver(data.take())
            }
            driver.arrived = { data, _, context in
                var data = data
                try data.append("d")
                context.send(data)
            }
            let bridge = try await Bridge.driven(
                Crossing(from: .udp, to: .udp), variant, side, driver,
                onClient: { Self.marked($0) }, onServer: { Self.marked($0) })
            let client = try bridge.client()
            try client.ask("")
            let (bytes, from) = try bridge.origin.wire.receive()
            let asked = side == .server ? "D123" : "123d"
            #expect(String(decoding: bytes, as: UTF8.self) == asked)
            try bridge.origin.wire.send("", to: from)
            #expect(try client.answerText() == (side == .server ? "abd" : "Dab"))
            client.close()
            let statistics = await bridge.stop()
            #expect(statistics.hooks.map(\.calls) == [1, 1, 1, 1, 1])
            #expect(statistics.hooks.map(\.drops) == [0, 0, 0, 0, 0])
            #expect(statistics.drops == [:])
        }
    }

    private static func judging(_ server: any Server) -> any Server {
        @Sendable func judge(_ data: inout Buffer) -> Verdict {
            switch data.text {
            case "reply": return .reply((try? Buffer("no")) ?? Buffer())
            case "finish": return .finish((try? Buffer("bye")) ?? Buffer())
            case "close": return .close("it said so")
            case "drop": return .drop
            default: return .forward
            }
        }
        return server.beforeForward { data, _ in judge(&data) }
            .beforeRespond { data, _ in judge(&data) }
    }

    /// What a hook replies to a delivered message comes to the driver.
    @Test(arguments: Face.allCases, Variant.all)
    func verdictsOnMessages(face: Face, variant: Variant) async throws {
        for (word, cause) in [
            ("drop", EndCause.completed), ("finish", .completed), ("close", .hook),
        ] {
            let driver = MessageScript.lines
            let bridge = try await Bridge.driven(
                Crossing(from: .tcp, to: face), variant, .server, driver, framing: .u16be,
                configure: { if !face.isStream { $0.responseLimit = 1 } },
                onServer: { Self.judging($0) })
            let client = try Wire(to: bridge.name)
            let upstream = face.isStream ? try bridge.origin.accept() : nil
            try client.write("reply\nfine\n")
            #expect(try client.readText(3) == "no\n")
            try expectMessage("fine", bridge, upstream)
            if upstream == nil { #expect(try client.readText(3) == "ok\n") }
            try client.write("\(word)\nbehind\n")
            switch word {
            case "drop":
                try expectMessage("behind", bridge, upstream)
                client.finish()
                upstream?.finish()
            case "finish": #expect(try client.readAll() == (Array("bye\n".utf8), .clean))
            default: #expect(try client.readEnd() == .reset)
            }
            client.close()
            upstream?.close()
            try bridge.wait("it is over") { $0.open == 0 }
            let statistics = await bridge.stop()
            #expect(statistics.causes == [cause: 1], "\(word) \(face)")
            #expect(statistics.datagramsToUpstream == (word == "drop" ? 2 : 1))
            #expect(bridge.closings == (word == "close" ? ["beforeForward: it said so"] : []))
            driver.books.expectBalance(1)
        }
    }

    /// A message at the origin, which answers a datagram.
    private func expectMessage(_ text: String, _ bridge: Bridge, _ upstream: Wire?) throws {
        guard let upstream else {
            let (bytes, from) = try bridge.origin.wire.receive()
            #expect(String(decoding: bytes, as: UTF8.self) == text)
            return try bridge.origin.wire.send("ok", to: from)
        }
        let frame = BridgeClient.framed(Array(text.utf8))
        #expect(try upstream.read(exactly: frame.count) == frame)
    }

    /// Of a client's driver: the reply is a message for it to send to its upstream.
    @Test(arguments: Face.allCases, Variant.all)
    func repliesToAClientsDriver(face: Face, variant: Variant) async throws {
        let driver = MessageScript.lines
        let bridge = try await Bridge.driven(
            Crossing(from: face, to: .tcp), variant, .client, driver, framing: .u16be,
            onServer: { Self.judging($0) })
        let client = try bridge.client()
        try client.ask("hello")
        let upstream = try bridge.origin.accept()
        #expect(try upstream.readText(6) == "hello\n")
        try upstream.write("reply\nanswer\n")
        #expect(try upstream.readText(3) == "no\n")
        #expect(try client.answerText() == "answer")
        try client.ask("reply")
        #expect(try client.answerText() == "no")
        try upstream.write("finish\n")
        #expect(try upstream.readAll() == (Array("bye\n".utf8), .clean))
        if case .stream(let wire) = client { #expect(try wire.readEnd() == .clean) }
        upstream.close()
        client.close()
        try bridge.wait("it is over") { $0.open == 0 }
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        driver.books.expectBalance(1)
    }

    /// Chunks: held bytes stand before the next ones, and go out before a delivered end.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func chunks(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            let driver = StreamScript()
            let replacing = Replacing(pattern: "secret", text: "******")
            let bridge = try await Bridge.driven(
                crossing, variant, side, driver,
                onServer: { $0.hook { replacing } })
            let (client, upstream) = try bridge.streams()
            for (from, to) in [(client, upstream), (upstream, client)] {
                for part in ["a sec", "ret, and a se", "cret; secre"] { try from.write(part) }
                from.finish()
                let (bytes, end) = try to.readAll()
                #expect(String(decoding: bytes, as: UTF8.self) == "a ******, and a ******; secre")
                #expect(end == .clean)
            }
            await bridge.expect([.completed: 1])
            driver.books.expectBalance(1)
        }
    }

    /// A hook closes or finishes a session of two streams, whose driver is told.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func endsByChunkHooks(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            for word in ["finish", "close", "reply"] {
                var driver = StreamScript()
                let books = driver.books
                driver.closing = { cause, _, _ in books.note("\(cause)") }
                let bridge = try await Bridge.driven(
                    crossing, variant, side, driver, onServer: { Self.judging($0) })
                let (client, upstream) = try bridge.streams()
                try client.write(word)
                if word == "reply" {
                    #expect(try client.readText(2) == "no")
                    client.finish()
                    upstream.finish()
                } else {
                    let (bytes, end) = try client.readAll()
                    #expect(bytes == Array((word == "finish" ? "bye" : "").utf8))
                    #expect(end == (word == "close" ? bridge.resetEnd(crossing.from) : .clean))
                    #expect(try upstream.readAll().bytes == [])
                    client.close()
                    upstream.close()
                }
                await bridge.expect([word == "close" ? .hook : .completed: 1])
                #expect(books.all == [word == "close" ? "hook" : "completed"])
                books.expectBalance(1)
            }
        }
    }

    /// A driver that blocks its worker is named. No sleep decides, only the report.
    @Test(arguments: Variant.all) func aDriverThatBlocks(variant: Variant) async throws {
        let report = DispatchSemaphore(value: 0)
        var driver = StreamScript()
        driver.received = { data, _, context in
            // Bounded, so that a watch that sees nothing fails the test and ends it.
            _ = report.wait(timeout: .now() + 10)
            context.deliver(data.take())
        }
        let bridge = try await Bridge.driven(.streams, variant, .server, driver)
        let (client, upstream) = try bridge.streams()
        try client.write("slow")
        let text = "a hook blocks its worker; its sessions wait"
        try bridge.wait("the stall is logged") { _ in
            bridge.log.entries(from: .warning).contains { $0.message == text }
        }
        report.signal()
        #expect(try upstream.readText(4) == "slow")
        try waitUntil("its return is logged") {
            bridge.log.entries(from: .warning).contains {
                $0.message == "a hook has returned that blocked its worker"
            }
        }
        let entry = bridge.log.entries(from: .warning).first { $0.message == text }
        #expect(entry?.fields.contains { $0.value == "Scripted<OfBytes>" } == true)
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    /// A client's last request is still at an asynchronous hook when its reading ends: a client's
    /// driver gets it before the end.
    @Test(arguments: [Face.tcp, .unix], Variant.all)
    func theEndBehindALateMessage(face: Face, variant: Variant) async throws {
        let gate = AsyncGate()
        var driver = MessageScript()
        let books = driver.books
        driver.arrived = { data, _, context in
            books.note(data.text)
            context.send(data)
        }
        driver.otherEnded = { _, _ in books.note("the end") }
        let bridge = try await Bridge.driven(
            Crossing(from: face, to: .udp), variant, .client, driver,
            configure: { $0.requestLimit = 1 },
            onServer: {
                $0.beforeForward { data, _ async throws -> AsyncVerdict in
                    try await gate.wait()
                    return .forward(data)
                }
            })
        let client = try bridge.client()
        try client.ask("last")
        try bridge.wait("the hook has it") { _ in gate.count == 1 }
        #expect(books.all == [])
        gate.openAll()
        let (bytes, from) = try bridge.origin.wire.receive()
        #expect(String(decoding: bytes, as: UTF8.self) == "last")
        try bridge.origin.wire.send("ok", to: from)
        #expect(try client.answerText() == "ok")
        client.close()
        let statistics = await bridge.stop()
        #expect(books.all == ["last", "the end"])
        #expect(statistics.drops == [:])
    }
}
