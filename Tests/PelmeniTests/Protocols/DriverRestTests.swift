import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Bytes that a driver leaves, however the stream is cut, and its bounds.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(3))) struct DriverRestTests {
    private static let text = "first line\nsecond\n\nthe last line of all\n"

    /// What is offered is the stream behind what was taken: never less, never twice.
    private static func careful() -> MessageScript {
        var driver = MessageScript.lines
        let books = driver.books
        driver.received = { data, session, context in
            let all = Array(text.utf8)
            let offered = data.array
            let wanted = all.dropFirst(session.number).prefix(offered.count)
            if !offered.elementsEqual(wanted) { books.note("wrong: \(data.text)") }
            while context.room > 0, let line = data.takeLine() { context.deliver(line) }
            session.number += offered.count - data.count
            books.note("\(session.number + data.count)")
        }
        return driver
    }

    @Test(arguments: Variant.all) func everyCut(variant: Variant) async throws {
        let driver = Self.careful()
        let bytes = Array(Self.text.utf8)
        let bridge = try await Bridge.driven(.tcpToUDP, variant, .server, driver) {
            $0.lingerTimeout = .after(.milliseconds(1))
        }
        for cut in 1..<bytes.count {
            let client = try Wire(to: bridge.name)
            try client.write(bytes[..<cut])
            try driver.books.wait("\(cut) bytes were offered") { $0.last == "\(cut)" }
            try client.write(bytes[cut...])
            for line in Self.text.split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast()
            {
                #expect(try bridge.origin.wire.receiveText() == line)
            }
            try driver.books.wait("all bytes were offered") { $0.last == "\(bytes.count)" }
            client.close()
        }
        try bridge.wait("all are over") { $0.open == 0 }
        #expect(driver.books.all.filter { $0.hasPrefix("wrong") } == [])
        #expect(await bridge.stop().datagramsToUpstream == UInt64(4 * (bytes.count - 1)))
        driver.books.expectBalance(bytes.count - 1)
    }

    /// Of the upstream's stream, too.
    @Test(arguments: Variant.all) func byteByByte(variant: Variant) async throws {
        for side in DriverSide.allCases {
            let driver = Self.careful()
            let crossing = Crossing(from: side == .server ? .tcp : .udp, to: .tcp)
            let bridge = try await Bridge.driven(
                crossing, variant, side, driver, framing: .u16be)
            let client = try bridge.client()
            if side == .client { try client.ask("hello") }
            let upstream = try bridge.origin.accept()
            let bytes = Array(Self.text.utf8)
            for (index, byte) in bytes.enumerated() {
                if case .stream(let wire) = client, side == .server {
                    try wire.write([byte])
                } else {
                    try upstream.write([byte])
                }
                try driver.books.wait("byte \(index)") { $0.last == "\(index + 1)" }
            }
            let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines.dropLast() {
                let message = Array(line.utf8)
                if side == .server {
                    let frame = BridgeClient.framed(message)
                    #expect(try upstream.read(exactly: frame.count) == frame)
                } else {
                    #expect(try client.answer() == message)
                }
            }
            client.close()
            upstream.close()
            _ = await bridge.stop()
            #expect(driver.books.all.filter { $0.hasPrefix("wrong") } == [])
        }
    }

    /// The bytes that were left come with the end.
    @Test(arguments: Variant.all) func anEndWithARest(variant: Variant) async throws {
        var driver = MessageScript.lines
        let books = driver.books
        driver.ended = { rest, _, context in
            books.note("rest \(rest.text)")
            context.deliver(rest)
            context.deliverEnd()
        }
        let bridge = try await Bridge.driven(
            .tcpToUDP, variant, .server, driver
        ) { $0.responseLimit = 1 }
        let client = try Wire(to: bridge.name)
        try client.write("one\ntwo")
        #expect(try bridge.origin.wire.receiveText() == "one")
        client.finish()
        let (bytes, from) = try bridge.origin.wire.receive()
        #expect(bytes == Array("two".utf8))
        #expect(books.all == ["rest two"])
        try bridge.origin.wire.send("1", to: from)
        try bridge.origin.wire.send("2", to: from)
        #expect(try client.readAll() == (Array("1\n2\n".utf8), .clean))
        await bridge.expect([.completed: 1])
        books.expectBalance(1)
    }

    /// A driver that takes nothing of as many bytes as it may leave ends its session, alone.
    @Test(arguments: Variant.all) func aFullBuffer(variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = Scripted<OfFewBytes>()
            driver.received = { data, _, context in
                if data.starts(with: "good".utf8) { context.deliver(data.take()) }
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (otherClient, otherUpstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            // One less than the bound may be left.
            try own.write([UInt8](repeating: 1, count: 999))
            try other.write("?")
            #expect(try own.readText(1) == "?")
            try own.write([1])
            #expect(try other.readEnd() == .reset)
            #expect(try own.readEnd() == .reset)
            let (fine, far) =
                side == .server ? (otherClient, otherUpstream) : (otherUpstream, otherClient)
            try fine.write("good")
            #expect(try far.readText(4) == "good")
            otherClient.close()
            otherUpstream.close()
            await bridge.expect([.completed: 1, .protocolError: 1])
            #expect(bridge.failures == ["Scripted<OfFewBytes>: takes nothing of a full buffer"])
            driver.books.expectBalance(2)
        }
    }

    /// A driver that is slow to take, and a reader that does not read: the engine holds little.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func aReaderThatDoesNotRead(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let taken = Total()
            driver.received = { data, _, context in
                // Not all at once: a rest stands before what comes.
                let part = data.take(first: max(1, data.count * 3 / 4))
                taken.add(part.count)
                context.deliver(part)
            }
            let bridge = try await Bridge.driven(crossing, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            let bytes = Pattern.shared.stream(key: 3, count: 24 << 20)
            let writing = beside {
                try own.write(bytes)
                own.finish()
            }
            try taken.waitUntilStill()
            // What the kernel's buffers of both sides take, and the engine's queue.
            #expect(taken.value < 12 << 20)
            // The other direction goes on meanwhile.
            try other.write("still here")
            #expect(try own.readText(10) == "still here")
            let (got, end) = try await beside { try other.readAll() }.value
            expectSame(got, bytes)
            #expect(end == .clean)
            try await writing.value
            other.close()
            #expect(try own.readEnd() == .clean)
            own.close()
            await bridge.expect([.completed: 1])
        }
    }

    /// What a driver sends waits as what a relay forwards: the other side is read no further.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func aPeerThatDoesNotRead(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = StreamScript()
            let queued = Total()
            let taken = Total()
            driver.arrived = { data, _, context in
                queued.raise(to: context.queued)
                taken.add(data.count)
                context.send(data)
            }
            let bridge = try await Bridge.driven(crossing, variant, side, driver)
            let (client, upstream) = try bridge.streams()
            let (own, other) = side == .server ? (client, upstream) : (upstream, client)
            let bytes = Pattern.shared.stream(key: 4, count: 24 << 20)
            let writing = beside {
                try other.write(bytes)
                other.finish()
            }
            try taken.waitUntilStill()
            #expect(taken.value < 12 << 20)
            let (got, end) = try await beside { try own.readAll() }.value
            expectSame(got, bytes)
            #expect(end == .clean)
            // The high watermark of bulk legs, and what a loop of epoll reads from one stream.
            #expect(queued.value <= 2 << 20, "\(queued.value) were queued")
            try await writing.value
            own.close()
            #expect(try other.readEnd() == .clean)
            other.close()
            await bridge.expect([.completed: 1])
        }
    }
}

/// A number that workers change and a test reads.
final class Total: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }
    func add(_ more: Int) { number.withLock { $0 += more } }
    func raise(to other: Int) { number.withLock { $0 = max($0, other) } }

    /// Waits until the number is not 0 and the same for a while: its changes come from a flow that
    /// has stopped, which no event tells.
    func waitUntilStill() throws {
        var last = 0
        var rounds = 0
        try waitUntil("a flow stands still") {
            let now = value
            rounds = now == last && now > 0 ? rounds + 1 : 0
            last = now
            return rounds >= 100
        }
    }
}
