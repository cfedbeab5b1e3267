import EngineTestSupport
import Pelmeni
import TestSupport
import Testing

/// Drivers of both sides that go too far, and pairs that cannot have one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct PairDriverHostileTests {
    private static func driver() -> PairScript {
        var driver = PairScript()
        driver.received = { data, side, _, context in
            guard side == .client else { return context.send(data.take(), to: .client) }
            guard let word = data.takeLine()?.text else { return }
            switch word {
            case "many":
                for number in 0..<10_000 { context.send(try Buffer("\(number)"), to: .client) }
            case "throw":
                context.send(try Buffer("never sent"), to: .upstream)
                context.link(from: .upstream)
                throw HookTestError(description: "it threw")
            case "contradict":
                // No side is left for any of these, but for the end.
                context.closeUpstream(reset: true)
                context.park()
                context.shutdown(.upstream)
                context.link(from: .upstream, bytes: 1)
                context.link(from: .client, bytes: 1)
                context.send(try Buffer("nobody's"), to: .upstream)
                context.pause(.upstream)
                context.awaitDrained(.upstream)
                context.send(try Buffer("done"), to: .client)
                context.end()
            default: context.send(try Buffer(word), to: .upstream)
            }
        }
        return driver
    }

    /// A throw, and more commands than a call may give, end the driver's own session alone.
    @Test(arguments: Variant.all) func hurtItselfOnly(variant: Variant) async throws {
        let driver = Self.driver()
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let (bystander, far) = try bridge.streams()
        for word in ["many", "throw"] {
            let (client, upstream) = try bridge.streams()
            try client.write("\(word)\n")
            #expect(try client.readEnd() == .reset)
            #expect(try upstream.readEnd() == .reset)
        }
        try bystander.write("fine\n")
        #expect(try far.readText(4) == "fine")
        try far.write("too")
        #expect(try bystander.readText(3) == "too")
        bystander.finish()
        #expect(try far.readEnd() == .clean)
        far.close()
        #expect(try bystander.readEnd() == .clean)
        await bridge.expect([.protocolError: 2, .completed: 1])
        #expect(
            bridge.failures == [
                "PairScript: more commands in one call than room for them", "PairScript: it threw",
            ])
        driver.books.expectBalance(3)
    }

    /// Commands about a connection that is gone do nothing.
    @Test(arguments: Variant.all) func contradictions(variant: Variant) async throws {
        let driver = Self.driver()
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let (client, upstream) = try bridge.streams()
        try client.write("contradict\n")
        #expect(try client.readText(4) == "done")
        #expect(try upstream.readEnd() == .reset)
        #expect(try client.readEnd() == .clean)
        client.close()
        await bridge.expect([.completed: 1])
    }

    /// A driver that leaves a full buffer untaken, and does not pause, is ended.
    @Test(arguments: Variant.all) func takesNothing(variant: Variant) async throws {
        var driver = PairScript()
        driver.received = { _, _, _, _ in }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let (client, upstream) = try bridge.streams()
        // The reset may come before the last of these bytes.
        let sent = beside { try? client.write([UInt8](repeating: 1, count: 200_000)) }
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        _ = await sent.result
        await bridge.expect([.protocolError: 1])
        #expect(bridge.failures == ["PairScript: takes nothing of a full buffer"])
    }

    /// A paused side is not read, and not lost; and a client's reset is seen all the same.
    @Test(arguments: Variant.all) func pauses(variant: Variant) async throws {
        var driver = PairScript()
        driver.opened = { side, _, context in
            guard side == .upstream else { return context.connect() }
            context.pause(.client)
            context.send(try Buffer("+"), to: .client)
        }
        driver.received = { data, side, _, context in
            if side == .upstream { context.resume(.client) }
            context.send(data.take(), to: side.other)
        }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 1, count: 1_000_000)
        let sent = beside { try client.write(bytes) }
        try upstream.write("go")
        expectSame(try upstream.read(exactly: bytes.count), bytes)
        try await sent.value
        #expect(try client.readText(3) == "+go")
        let (leaver, left) = try bridge.streams()
        // Before that the upstream's connection is closed as one that nobody has used.
        #expect(try leaver.readText(1) == "+")
        leaver.reset()
        #expect(try left.readEnd() == .reset)
        client.reset()
        #expect(try upstream.readEnd() == .reset)
        await bridge.expect([.clientReset: 2])
    }

    /// An upstream whose bytes are not all sent sees no end in order: its part would look whole.
    @Test(arguments: Variant.all) func closesWithUnsentBytes(variant: Variant) async throws {
        var driver = PairScript()
        driver.received = { data, side, _, context in
            guard side == .client, data.takeLine() != nil else { return }
            for _ in 0..<200 {
                context.send(try Buffer([UInt8](repeating: 1, count: 200_000)), to: .upstream)
            }
            context.closeUpstream()
            context.send(try Buffer("closed"), to: .client)
            context.end()
        }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let (client, upstream) = try bridge.streams()
        try client.write("go\n")
        #expect(try client.readText(6) == "closed")
        let (bytes, end) = try upstream.readAll()
        #expect(bytes.count < 40_000_000)
        #expect(end == .reset)
        #expect(try client.readEnd() == .clean)
        client.close()
        await bridge.expect([.completed: 1])
    }

    /// Hooks, framings, datagrams and drivers of a side do not go with a driver of both.
    @Test func refusals() throws {
        let tcp = TCPClient("127.0.0.1", port: 9)
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 8080)
        var framed = PairOptions()
        framed.framing = .line
        let servers: [(any Server, String)] = [
            (
                DrivenPair(PairScript(), tcp, listen: endpoint).beforeForward { _, _ in .forward },
                "the protocol PairScript takes all bytes"
            ),
            (
                DrivenPair(PairScript(), tcp, listen: endpoint, options: framed),
                "the protocol PairScript speaks with two streams of bytes"
            ),
            (
                DrivenPair(PairScript(), UDPClient("127.0.0.1", port: 9), listen: endpoint),
                "the protocol PairScript speaks with two streams of bytes"
            ),
            (
                DrivenPair(
                    PairScript(), DrivenClient(StreamScript(), to: tcp.endpoints),
                    listen: endpoint),
                "the protocol PairScript speaks with both sides, and one has its own"
            ),
        ]
        for (server, reason) in servers {
            let error = #expect(throws: EngineError.self) {
                _ = try Engine(workers: 1, servers: [server])
            }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
