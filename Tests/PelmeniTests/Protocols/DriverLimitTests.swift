import Pelmeni
import TestSupport
import Testing

/// Limits of requests and responses, drains and stops of sessions with drivers.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct DriverLimitTests {
    /// Each delivered message is a request; a client's stream of datagrams ends with its responses.
    @Test(arguments: Variant.all) func responsesOfAServersDriver(variant: Variant) async throws {
        let driver = MessageScript.lines
        let bridge = try await Bridge.driven(.tcpToUDP, variant, .server, driver) {
            $0.responseLimit = 1
        }
        let client = try Wire(to: bridge.name)
        let serving = beside { try bridge.origin.serve(3) }
        try client.write("one\ntwo\nthree\n")
        client.finish()
        #expect(try client.readAll() == (Array("one\ntwo\nthree\n".utf8), .clean))
        try await serving.value
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.datagramsToUpstream == 3)
        #expect(bridge.engine.statistics.datagramsToClient == 3)
        driver.books.expectBalance(1)
    }

    /// Requests over the limit are not delivered.
    @Test(arguments: Variant.all) func requestsOfAServersDriver(variant: Variant) async throws {
        let driver = MessageScript.lines
        let bridge = try await Bridge.driven(.tcpToUDP, variant, .server, driver) {
            $0.requestLimit = 2
            $0.responseLimit = 1
        }
        let client = try Wire(to: bridge.name)
        let serving = beside { try bridge.origin.serve(2) }
        try client.write("one\ntwo\n")
        #expect(try client.readAll() == (Array("one\ntwo\n".utf8), .clean))
        try await serving.value
        client.close()
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.datagramsToUpstream == 2)
    }

    /// A datagram client's session is over with its responses; the next datagram opens another.
    @Test(arguments: [Face.tcp, .udp], Variant.all)
    func limitsOfDatagramClients(face: Face, variant: Variant) async throws {
        var driver = face == .tcp ? MessageScript.lines : MessageScript()
        driver.otherEnded = { _, _ in }
        let bridge = try await Bridge.driven(
            Crossing(from: .udp, to: face), variant, .client, driver
        ) {
            $0.requestLimit = 2
            $0.responseLimit = 1
        }
        let client = try bridge.client()
        for session in 1...3 {
            try client.ask("first")
            try client.ask("second")
            if face == .tcp {
                let upstream = try bridge.origin.accept()
                #expect(try upstream.readText(13) == "first\nsecond\n")
                try upstream.write("1\n2\n")
                #expect(try client.answerText() == "1")
                #expect(try client.answerText() == "2")
                #expect(try upstream.readEnd() == .clean)
            } else {
                for answer in ["1", "2"] {
                    let (_, from) = try bridge.origin.wire.receive()
                    try bridge.origin.wire.send(answer, to: from)
                    #expect(try client.answerText() == answer)
                }
            }
            try bridge.wait("it is over") { $0.causes == [.completed: UInt64(session)] }
        }
        client.close()
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToUpstream == 6)
        #expect(statistics.datagramsToClient == 6)
        #expect(statistics.drops == [:])
        driver.books.expectBalance(3)
    }

    /// A drain waits for open sessions, and cuts them at its end; each driver is told.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func drainsAndStops(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            for waits in [true, false] {
                var driver = StreamScript()
                let books = driver.books
                driver.opened = { _, context in context.timer(after: .seconds(1_000)) }
                driver.closing = { cause, _, _ in books.note("\(cause)") }
                let bridge = try await Bridge.driven(crossing, variant, side, driver)
                let sessions = try (0..<3).map { _ in try bridge.streams() }
                for session in sessions {
                    try session.client.write("open")
                    #expect(try session.upstream.readText(4) == "open")
                }
                if waits {
                    let draining = Task { await bridge.engine.drain(within: .seconds(10)) }
                    for session in sessions {
                        session.client.finish()
                        #expect(try session.upstream.readEnd() == .clean)
                        try session.upstream.write("the last")
                        session.upstream.finish()
                        #expect(try session.client.readAll().bytes == Array("the last".utf8))
                    }
                    #expect(await draining.value == 0)
                } else {
                    #expect(await bridge.engine.drain(within: .milliseconds(10)) == 3)
                }
                let cause = waits ? EndCause.completed : .drainCut
                #expect(await bridge.stop().causes == [cause: 3])
                #expect(books.all == ["\(cause)", "\(cause)", "\(cause)"])
                books.expectBalance(3)
            }
        }
    }

    /// A session that is silent ends, with a driver that has nothing to do.
    @Test(arguments: Variant.all) func idleSessions(variant: Variant) async throws {
        let driver = MessageScript()
        let bridge = try await Bridge.driven(
            Crossing(from: .udp, to: .udp), variant, .server, driver
        ) { $0.idleTimeout = .after(.milliseconds(50)) }
        let client = try bridge.client()
        try client.ask("x")
        #expect(try bridge.origin.wire.receiveText() == "x")
        try bridge.wait("it is idle") { $0.causes == [.idle: 1] }
        client.close()
        _ = await bridge.stop()
        driver.books.expectBalance(1)
    }
}
