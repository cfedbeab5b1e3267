import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Drivers that go too far: their own session alone has the damage.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct DriverHostileTests {
    private final class Kept: Sendable {
        let buffer: Buffer

        init(_ buffer: consuming Buffer) { self.buffer = buffer }
    }

    private final class Store: Sendable {
        let all = Mutex<[Kept]>([])

        func keep(_ buffer: consuming Buffer) {
            let kept = Kept(buffer)
            all.withLock { $0.append(kept) }
        }

        func empty() {
            _ = all.withLock { all in
                defer { all = [] }
                return all
            }
        }
    }

    /// Does what a word says.
    @Sendable private static func judge(
        _ data: consuming Buffer, _ session: DriverSession, _ context: borrowing Context
    ) throws {
        switch data.text {
        case "many":
            for number in 0..<10_000 { context.deliver(try Buffer("\(number)")) }
        case "timers":
            for _ in 0..<10_000 { context.timer(after: .seconds(1)) }
        case "throw":
            for number in 0..<100 {
                context.deliver(try Buffer("\(number)"))
                context.send(try Buffer([UInt8](repeating: 1, count: 20_000)))
            }
            context.send(data)
            throw HookTestError(description: "it threw")
        case "long":
            while true { try data.append("again and again") }
        default: context.deliver(data)
        }
    }

    private static func driver() -> StreamScript {
        var driver = StreamScript()
        driver.received = { data, session, context in
            try judge(data.take(), session, context)
        }
        return driver
    }

    private func talk(_ session: (client: Wire, upstream: Wire), _ text: String) throws {
        try session.client.write(text)
        #expect(try session.upstream.readText(text.utf8.count) == text)
        try session.upstream.write(text)
        #expect(try session.client.readText(text.utf8.count) == text)
    }

    /// Waits until the blocks are back. The worker looks at it when it has something to do.
    private func waitUntilBack(
        _ bridge: Bridge, _ most: UInt64, _ session: (client: Wire, upstream: Wire)
    ) throws {
        try bridge.wait("at most \(most) blocks are leased") { _ in
            try? talk(session, "?")
            return bridge.blocksLeased <= most
        }
    }

    @Test(arguments: Crossing.allStreams, Variant.all)
    func tooManyCommandsAndThrows(crossing: Crossing, variant: Variant) async throws {
        let driver = Self.driver()
        let bridge = try await Bridge.driven(crossing, variant, .server, driver)
        let other = try bridge.streams()
        try talk(other, "?")
        let before = bridge.blocksLeased
        let words = ["many", "throw", "timers", "long"]
        for word in words {
            let (client, upstream) = try bridge.streams()
            try client.write(word)
            #expect(try client.readEnd() == bridge.resetEnd(crossing.from))
            #expect(try upstream.readEnd() == bridge.resetEnd(crossing.to))
            try talk(other, "fine")
        }
        try waitUntilBack(bridge, before, other)
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 1, .protocolError: 4])
        driver.books.expectBalance(5)
        let reasons = bridge.failures
        #expect(reasons.count == 4)
        let name = "Scripted<OfBytes>: "
        #expect(reasons[0] == name + "more commands in one call than room for them")
        #expect(reasons[1] == name + "it threw")
        #expect(reasons[2] == reasons[0])
        #expect(reasons[3].contains("1048576"))
    }

    /// Every event may throw.
    @Test(arguments: Variant.all) func eachEventThrows(variant: Variant) async throws {
        let fault = HookTestError(description: "no")
        let events = ["opened", "arrived", "ended", "otherEnded", "drained", "timer"]
        for event in events {
            var driver = StreamScript()
            switch event {
            case "opened": driver.opened = { _, _ in throw fault }
            case "arrived": driver.arrived = { _, _, _ in throw fault }
            case "ended": driver.ended = { _, _, _ in throw fault }
            case "otherEnded": driver.otherEnded = { _, _ in throw fault }
            case "drained":
                driver.opened = { _, context in context.awaitDrained() }
                driver.drained = { _, _ in throw fault }
            default:
                driver.opened = { _, context in context.timer(after: .zero) }
                driver.timer = { _, _ in throw fault }
            }
            let bridge = try await Bridge.driven(.streams, variant, .server, driver)
            let (client, upstream) = try bridge.streams()
            if event == "arrived" { try upstream.write("x") }
            if event == "ended" { client.finish() }
            if event == "otherEnded" { upstream.finish() }
            #expect(try client.readEnd() == .reset)
            // One that has ended its stream has no reset to see in each order.
            _ = try upstream.readEnd()
            client.close()
            upstream.close()
            await bridge.expect([.protocolError: 1])
            #expect(bridge.failures == ["Scripted<OfBytes>: no"], "\(event)")
            driver.books.expectBalance(1)
        }
    }

    /// A state that is not made: nothing is dialled, and nothing is told.
    @Test(arguments: [Face.tcp, .udp], Variant.all)
    func makingThrows(face: Face, variant: Variant) async throws {
        for side in DriverSide.allCases {
            var driver = MessageScript()
            let count = Total()
            driver.making = {
                count.add(1)
                if count.value == 1 { throw HookTestError(description: "not the first") }
            }
            let bridge = try await Bridge.driven(
                Crossing(from: face, to: .udp), variant, side, driver,
                framing: face == .tcp && side == .client ? .u16be : nil)
            let refused = try bridge.client()
            if case .stream(let wire) = refused {
                #expect(try wire.readEnd() == .reset)
            } else {
                try refused.ask("lost")
            }
            try bridge.wait("it is refused") { $0.causes == [.protocolError: 1] }
            let client = try bridge.client(1)
            try client.ask("next")
            let next = try bridge.origin.wire.receive().bytes
            #expect(next.suffix(4) == Array("next".utf8)[...])
            refused.close()
            client.close()
            let statistics = await bridge.stop()
            #expect(statistics.accepted == 2)
            #expect(statistics.drops == (face == .udp ? [.hook: 1] : [:]))
            #expect(bridge.failures == ["Scripted<OfMessages>: not the first"])
            driver.books.expectBalance(1)
        }
    }

    /// Buffers of received blocks and of the other side, kept and dropped on another thread.
    @Test(arguments: Variant.all) func keptBuffers(variant: Variant) async throws {
        let store = Store()
        for side in DriverSide.allCases {
            var driver = StreamScript()
            driver.received = { data, _, context in
                if data.starts(with: "?".utf8) { return context.deliver(data.take()) }
                store.keep(data.take())
            }
            driver.arrived = { data, _, context in
                if data.starts(with: "?".utf8) { return context.send(data) }
                store.keep(data)
            }
            let bridge = try await Bridge.driven(.streams, variant, side, driver)
            let other = try bridge.streams()
            try talk(other, "?")
            let before = bridge.blocksLeased
            let (client, upstream) = try bridge.streams()
            for number in 0..<40 {
                let bytes = [UInt8](repeating: UInt8(number), count: 3_000)
                try (number % 2 == 0 ? client : upstream).write(bytes)
                try waitUntil("it is kept") {
                    store.all.withLock { $0.last?.buffer.array.first } == UInt8(number)
                }
            }
            try talk(other, "?")
            #expect(bridge.blocksLeased > before)
            client.close()
            upstream.close()
            try bridge.wait("the session is over") { $0.open == 1 }
            #expect(store.all.withLock { $0.allSatisfy { !$0.buffer.isEmpty } })
            try await beside { store.empty() }.value
            try waitUntilBack(bridge, before, other)
            other.client.close()
            other.upstream.close()
            await bridge.expect([.completed: 2])
            driver.books.expectBalance(2)
        }
    }

    /// Far more than the pool holds waits in memory, within its bound, and the end behind it.
    @Test(arguments: Variant.all) func growthInASmallPool(variant: Variant) async throws {
        @Sendable func grow(_ data: inout Buffer) throws {
            let first = data.array
            while data.count < 512 << 10 { try data.append(contentsOf: first) }
        }
        for side in DriverSide.allCases {
            var driver = StreamScript()
            switch side {
            case .server:
                driver.received = { data, _, context in
                    try grow(&data)
                    context.deliver(data.take())
                }
            case .client:
                driver.arrived = { data, _, context in
                    var data = data
                    try grow(&data)
                    context.send(data)
                }
            }
            let bridge = try await Bridge.driven(
                .streams, variant, side, driver, poolBytes: 1 << 20)
            try await readGrown(bridge)
            driver.books.expectBalance(8)
        }
    }

    private func readGrown(_ bridge: Bridge) async throws {
        let sessions = try (0..<8).map { _ in try bridge.streams() }
        for (number, session) in sessions.enumerated() {
            try session.client.write(Pattern.shared.stream(key: number, count: 1_024))
            session.client.finish()
        }
        let reading = sessions.map { session in beside { try session.upstream.readAll() } }
        for (number, session) in sessions.enumerated() {
            let bytes = Pattern.shared.stream(key: number, count: 1_024)
            let (got, end) = try await reading[number].value
            expectSame(got, [[UInt8]](repeating: bytes, count: 512).flatMap { $0 })
            #expect(end == .clean)
            session.upstream.close()
            #expect(try session.client.readEnd() == .clean)
        }
        await bridge.expect([.completed: 8])
    }
}
