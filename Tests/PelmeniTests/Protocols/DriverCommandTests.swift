import Pelmeni
import TestSupport
import Testing

/// What drivers do with their commands, one by one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct DriverCommandTests {
    /// A call takes 256 commands; bytes that are left come again until all are taken.
    @Test(arguments: Variant.all) func theRoomOfACall(variant: Variant) async throws {
        var driver = StreamScript()
        let books = driver.books
        driver.received = { data, _, context in
            if context.room != Context.commandsMax { books.note("room \(context.room)") }
            var given = 0
            while context.room > 0, !data.isEmpty {
                context.deliver(data.take(first: 1))
                given += 1
            }
            books.note("gave \(given)")
        }
        let bridge = try await Bridge.driven(.streams, variant, .server, driver)
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 1, count: 5_000)
        try client.write(bytes)
        client.finish()
        let (got, end) = try upstream.readAll()
        expectSame(got, bytes)
        #expect(end == .clean)
        upstream.close()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        #expect(books.all.contains("gave 256"))
        #expect(!books.all.contains { $0.hasPrefix("room") })
    }

    /// Timers fire once, one replaces an earlier one, and nil takes it back.
    @Test(arguments: Variant.all) func timers(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let books = driver.books
            driver.opened = { session, context in
                context.timer(after: .seconds(3_600))
                context.timer(after: .milliseconds(20))
                session.number = Int(context.now)
            }
            driver.timer = { session, context in
                books.note("late \(Int(context.now) - session.number >= 20_000_000)")
                context.timer(after: .milliseconds(1))
                context.timer(after: nil)
                context.send(try Buffer("tick"))
                context.deliver(try Buffer("tock"))
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            #expect(try own.readText(4) == "tick")
            #expect(try other.readText(4) == "tock")
            // Both come and go without another tick.
            try own.write("x")
            #expect(try other.readText(1) == "x")
            // A later session's timer fires: by then one of the first would have fired again.
            let (laterClient, laterUpstream) = try bridge.streams()
            let isServer = side == .server
            #expect(try laterClient.readText(4) == (isServer ? "tick" : "tock"))
            #expect(try laterUpstream.readText(4) == (isServer ? "tock" : "tick"))
            for wire in [client, upstream, laterClient, laterUpstream] { wire.close() }
            await bridge.expect([.completed: 2])
            #expect(books.all == ["late true", "late true"])
        }
    }

    /// A paused stream is not read, and not lost.
    @Test(arguments: Variant.all) func pauseAndResume(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let books = driver.books
            driver.opened = { _, context in context.pause() }
            driver.received = { data, _, context in
                books.note("received")
                context.deliver(data.take())
            }
            driver.arrived = { data, _, context in
                if data.text == "resume" { context.resume() } else { context.send(data) }
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            let bytes = Pattern.shared.stream(key: 2, count: 1 << 20)
            try own.write(bytes.prefix(1_000))
            try own.waitUntilDelivered()
            // What comes later arrives, and what came before is not offered.
            for _ in 0..<3 {
                try other.write("later")
                #expect(try own.readText(5) == "later")
            }
            #expect(books.all == [])
            try other.write("resume")
            let writing = beside {
                try own.write(bytes.dropFirst(1_000))
                own.finish()
            }
            let (got, end) = try other.readAll()
            expectSame(got, bytes)
            #expect(end == .clean)
            try await writing.value
            other.close()
            own.close()
            await bridge.expect([.completed: 1])
        }
    }

    /// Told once, when all that was sent is the kernel's; at once where nothing is queued.
    @Test(arguments: Variant.all) func drained(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let books = driver.books
            driver.opened = { _, context in
                for _ in 0..<64 {
                    context.send(try Buffer([UInt8](repeating: 7, count: 128 << 10)))
                }
                context.awaitDrained()
            }
            driver.drained = { session, context in
                books.note("drained")
                session.number += 1
                if session.number == 1 { context.awaitDrained() }
                if session.number == 2 { context.deliver(try Buffer("done")) }
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            // Not before it is read: the kernel does not take 8 MiB.
            try other.write("?")
            let count = 64 * (128 << 10)
            let first = try own.read(exactly: 1 << 16)
            #expect(books.all == [])
            let rest = try own.read(exactly: count + 1 - first.count)
            #expect(rest.last == UInt8(ascii: "?"))
            #expect(rest.dropLast().allSatisfy { $0 == 7 })
            #expect(try other.readText(4) == "done")
            client.close()
            upstream.close()
            await bridge.expect([.completed: 1])
            #expect(books.all == ["drained", "drained"])
        }
    }

    /// Each end by itself: the other direction goes on.
    @Test(arguments: Variant.all) func shutdownAndDeliverEnd(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            driver.received = { data, _, context in
                let text = data.text
                context.deliver(data.take())
                if text == "end" { context.deliverEnd() }
            }
            driver.arrived = { data, _, context in
                let text = data.text
                context.send(data)
                if text == "end" { context.shutdown() }
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            try own.write("end")
            #expect(try other.readAll() == (Array("end".utf8), .clean))
            try other.write("more")
            #expect(try own.readText(4) == "more")
            try other.write("end")
            #expect(try own.readAll() == (Array("end".utf8), .clean))
            client.finish()
            upstream.finish()
            await bridge.expect([.completed: 1])
        }
    }

    /// The cause is the driver's; what was sent and delivered before goes out, what is behind not.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func ends(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            for resets in [false, true] {
                var driver = StreamScript()
                let books = driver.books
                driver.received = { _, _, context in
                    context.send(try Buffer("bye, own"))
                    context.deliver(try Buffer("bye, other"))
                    context.end(.limit, reset: resets)
                    context.end(.hook, reset: true)
                    context.send(try Buffer("never"))
                    context.deliver(try Buffer("never"))
                }
                driver.closing = { cause, _, _ in books.note("\(cause)") }
                let bridge = try await Bridge.driven(crossing, variant, side, driver)
                let (client, upstream) = try bridge.streams()
                let (own, other) = side == .server ? (client, upstream) : (upstream, client)
                try own.write("end it")
                let (ownBytes, ownEnd) = try own.readAll()
                let (otherBytes, otherEnd) = try other.readAll()
                #expect(ownBytes == Array("bye, own".utf8))
                #expect(otherBytes == Array("bye, other".utf8))
                let (ownFace, otherFace) =
                    side == .server
                    ? (crossing.from, crossing.to) : (crossing.to, crossing.from)
                #expect(ownEnd == (resets ? bridge.resetEnd(ownFace) : .clean))
                #expect(otherEnd == (resets ? bridge.resetEnd(otherFace) : .clean))
                client.close()
                upstream.close()
                await bridge.expect([.limit: 1])
                #expect(books.all == ["limit"])
                books.expectBalance(1)
            }
        }
    }

    /// Also when the upstream refuses: the state was made before the dial.
    @Test(arguments: Variant.all) func closingOfAFailedDial(variant: Variant) async throws {
        let refused = try RefusedPort()
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let books = driver.books
            driver.opened = { _, _ in books.note("opened") }
            driver.closing = { cause, _, context in
                books.note("\(cause), \(context.upstream ?? -1)")
            }
            let bridge = try await Bridge.driven(
                .streams, variant, side, driver, upstreams: [.port(refused.port)])
            #expect(try Wire(to: bridge.name).readEnd() == .reset)
            await bridge.expect([.connectRefused: 1])
            #expect(books.all == ["connect_refused, -1"])
            books.expectBalance(1)
        }
    }

    /// The client's address, as a hook gets it, and the number of the upstream that accepted.
    @Test(arguments: [Face.tcp, .udp], Variant.all)
    func whatAContextKnows(face: Face, variant: Variant) async throws {
        let refused = try RefusedPort()
        for side in DriverSide.allCases {
            var driver = MessageScript()
            let books = driver.books
            driver.opened = { _, context in
                books.note("\(context.client) \(context.upstream ?? -1) \(context.queued)")
            }
            let listener = try TestListener()
            let bridge = try await Bridge.driven(
                Crossing(from: face, to: .tcp), variant, side, driver, framing: .u16be,
                upstreams: [.port(refused.port), listener.name],
                onServer: {
                    $0.onOpen { session in
                        books.note("\(session.client) 1 0")
                        return .forward
                    }
                })
            let client = try bridge.client()
            try client.ask("hello")
            let upstream = try listener.accept()
            try books.wait("it is open") { $0.count == 2 }
            #expect(books.all.first?.hasPrefix("127.0.0.1:") == true)
            #expect(books.all.first == books.all.last)
            client.close()
            upstream.close()
            _ = await bridge.stop()
            books.expectBalance(1)
        }
    }
}
