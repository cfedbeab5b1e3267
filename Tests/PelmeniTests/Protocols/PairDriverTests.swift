import EngineTestSupport
import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Drivers that speak with both sides of a pair: what they may do, on every backend.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(3))) struct PairDriverTests {
    /// Bytes and ends pass both ways, between all kinds of streams.
    @Test(arguments: Variant.all) func passesBytes(variant: Variant) async throws {
        for crossing in Crossing.allStreams {
            let driver = PairScript()
            let bridge = try await Bridge.paired(crossing, variant, driver)
            let (client, upstream) = try bridge.streams()
            let there = Pattern.shared.stream(key: 1, count: 300_000)
            let back = Pattern.shared.stream(key: 2, count: 200_000)
            let sent = beside {
                try client.write(there)
                client.finish()
            }
            let (got, end) = try upstream.readAll()
            try await sent.value
            expectSame(got, there)
            #expect(end == .clean)
            try upstream.write(back)
            upstream.close()
            let (answer, answerEnd) = try client.readAll()
            expectSame(answer, back)
            #expect(answerEnd == .clean)
            client.close()
            await bridge.expect([.completed: 1])
            driver.books.expectBalance(1)
        }
    }

    /// A request's answer is linked whatever its length, and its connection is used by the next
    /// request, and by other clients.
    @Test(arguments: Variant.all) func linksAndParks(variant: Variant) async throws {
        let driver = PairScript.fetching
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        var upstream: Wire?
        let lengths = [0, 1, 100, 16_384, 65_536, 300_000, 3_000_000, 5, 0, 1_000_000]
        for (index, length) in lengths.enumerated() {
            let body = Pattern.shared.stream(key: index, count: length)
            try client.write("GET \(index)\n")
            if upstream == nil { upstream = try bridge.origin.accept() }
            guard let upstream else { continue }
            #expect(try upstream.readLine() == "GET \(index)")
            let sent = beside {
                try upstream.write("\(length)\n")
                try upstream.write(body)
            }
            #expect(try client.readLine() == "\(length)")
            expectSame(try client.read(exactly: length), body)
            try await sent.value
        }
        // Another client gets the connection that the first one has left.
        let other = try bridge.wire()
        try other.write("GET other\n")
        #expect(try upstream?.readLine() == "GET other")
        try upstream?.write("2\nok")
        #expect(try other.readText(4) == "2\nok")
        for wire in [client, other] {
            wire.finish()
            #expect(try wire.readEnd() == .clean)
            wire.close()
        }
        await bridge.expect([.completed: 2])
        #expect(throws: (any Error).self) { try bridge.origin.accept(within: .zero) }
        driver.books.expectBalance(2)
    }

    /// Bodies of requests are linked too, and what is behind them is the next request.
    @Test(arguments: Variant.all) func pipelinedUploads(variant: Variant) async throws {
        var driver = PairScript.fetching
        let linked = Mutex<[UInt64]>([])
        driver.closing = { _, _, context in
            linked.withLock {
                $0 = [.client, .upstream].map { context.linkedBytes(from: $0) }
            }
        }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        let lengths = [0, 3, 70_000, 1, 900_000, 12]
        var all: [UInt8] = []
        for (index, length) in lengths.enumerated() {
            all += "PUT \(index) \(length)\n".utf8
            all += Pattern.shared.stream(key: index, count: length)
        }
        let bytes = all
        let sent = beside { try client.write(bytes) }
        let upstream = try bridge.origin.accept()
        for (index, length) in lengths.enumerated() {
            #expect(try upstream.readLine() == "PUT \(index) \(length)")
            let body = try upstream.read(exactly: length)
            expectSame(body, Pattern.shared.stream(key: index, count: length))
            try upstream.write("1\n\(index)")
            #expect(try client.readText(3) == "1\n\(index)")
        }
        try await sent.value
        client.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        // All of a session's links, whether they went through blocks, a pipe or a buffer.
        #expect(linked.withLock { $0 } == [UInt64(lengths.reduce(0, +)), 6])
        #expect(throws: (any Error).self) { try bridge.origin.accept(within: .zero) }
    }

    /// What is sent to an upstream that is dialled goes out first, once it accepts; and is lost,
    /// without a trace of it in a later session, where none does.
    @Test(arguments: Variant.all) func sendsWhileItDials(variant: Variant) async throws {
        var driver = PairScript.fetching
        driver.received = { data, side, _, context in
            guard side == .client else { return context.send(data.take(), to: .client) }
            context.connect()
            context.send(try Buffer("first, "), to: .upstream)
            context.send(data.take(), to: .upstream)
        }
        driver.opened = { _, _, _ in }
        driver.unreachable = { _, _, context in
            context.send(try Buffer("nobody"), to: .client)
            context.end()
        }
        driver.ended = { _, _, _, context in context.end() }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        try client.write("hello")
        let upstream = try bridge.origin.accept()
        #expect(try upstream.readText(12) == "first, hello")
        try upstream.write("answer")
        #expect(try client.readText(6) == "answer")
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        try bridge.wait("it is over") { $0.open == 0 }
        bridge.origin.close()
        let other = try bridge.wire()
        try other.write("is there anybody?")
        #expect(try other.readAll() == (Array("nobody".utf8), .clean))
        other.close()
        await bridge.expect([.completed: 2])
        driver.books.expectBalance(2)
    }

    /// A parked connection that ends, is reset or gets a byte is used by nobody.
    @Test(arguments: Variant.all) func parkedConnectionsDie(variant: Variant) async throws {
        let driver = PairScript.fetching
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        for (index, death) in ["end", "reset", "byte"].enumerated() {
            try client.write("GET \(index)\n")
            let upstream = try bridge.origin.accept()
            #expect(try upstream.readLine() == "GET \(index)")
            try upstream.write("1\nx")
            #expect(try client.readText(3) == "1\nx")
            switch death {
            case "end": upstream.finish()
            case "reset": upstream.reset()
            default:
                try upstream.write("?")
                _ = try upstream.readEnd()
            }
            if death == "end" { #expect(try upstream.readEnd() == .clean) }
        }
        client.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    /// A drain closes parked connections, and tells the drivers.
    @Test(arguments: Variant.all) func drains(variant: Variant) async throws {
        var driver = PairScript.fetching
        let books = driver.books
        driver.draining = { _, context in
            books.note("draining \(context.isDraining)")
            context.end()
        }
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        try client.write("GET 1\n")
        let upstream = try bridge.origin.accept()
        #expect(try upstream.readLine() == "GET 1")
        try upstream.write("1\nx")
        #expect(try client.readText(3) == "1\nx")
        let ends = beside {
            let ends = (try client.readEnd(), try upstream.readEnd())
            client.close()
            return ends
        }
        await bridge.expect([.completed: 1])
        #expect(try await ends.value == (.clean, .clean))
        #expect(books.all == ["draining true"])
    }

    /// No upstream accepts: the driver answers its client itself.
    @Test(arguments: Variant.all) func unreachable(variant: Variant) async throws {
        var driver = PairScript.fetching
        driver.unreachable = { cause, session, context in
            context.send(try Buffer("\(cause)\n"), to: .client)
            session.text = ""
            context.resume(.client)
        }
        let unused = try RefusedPort()
        let bridge = try await Bridge.paired(
            .streams, variant, driver, upstreams: [.port(unused.port)])
        let client = try bridge.wire()
        try client.write("GET 1\nGET 2\n")
        #expect(try client.readLine() == "connect_refused")
        #expect(try client.readLine() == "connect_refused")
        client.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    /// An answer that its upstream cuts off never looks whole: the client gets a prefix, and a
    /// reset. A client that goes takes its upstream with it.
    @Test(arguments: Variant.all) func resets(variant: Variant) async throws {
        for length in [1_000, 2_000_000] {
            let driver = PairScript.fetching
            let bridge = try await Bridge.paired(.streams, variant, driver)
            let client = try bridge.wire()
            try client.write("GET 1\n")
            let upstream = try bridge.origin.accept()
            #expect(try upstream.readLine() == "GET 1")
            let body = Pattern.shared.stream(key: 1, count: length)
            let sent = beside {
                try upstream.write("\(length + 1)\n")
                try upstream.write(body)
                try upstream.waitUntilDelivered()
                upstream.reset()
            }
            #expect(try client.readLine() == "\(length + 1)")
            let (got, end) = try client.readAll()
            try await sent.value
            #expect(got.count <= length)
            #expect(body.starts(with: got))
            #expect(end == .reset)

            let leaver = try bridge.wire()
            try leaver.write("GET 2\n")
            let left = try bridge.origin.accept()
            #expect(try left.readLine() == "GET 2")
            try left.write("\(length)\n")
            leaver.reset()
            #expect(try left.readEnd() == .reset)
            await bridge.expect([.upstreamReset: 1, .clientReset: 1])
            driver.books.expectBalance(2)
        }
    }

    /// Long links go through a pipe, also those of the same connection's next exchanges.
    @Test(arguments: Variant.all) func splicesLinks(variant: Variant) async throws {
        let driver = PairScript.fetching
        let bridge = try await Bridge.paired(.streams, variant, driver)
        let client = try bridge.wire()
        let size = 32 << 20
        let body = Pattern.shared.stream(key: 1, count: size)
        var upstream: Wire?
        for number in 0..<4 {
            try client.write("GET \(number)\n")
            if upstream == nil { upstream = try bridge.origin.accept() }
            guard let upstream else { continue }
            #expect(try upstream.readLine() == "GET \(number)")
            let sent = beside {
                try upstream.write("\(size)\n")
                try upstream.write(body)
            }
            #expect(try client.readLine() == "\(size)")
            expectSame(try client.read(exactly: size), body)
            try await sent.value
        }
        client.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        let spliced = bridge.engine.statistics.bytesSpliced
        #expect(spliced >= UInt64(4 * size) * 9 / 10, "\(spliced) of \(4 * size) bytes")
    }
}
