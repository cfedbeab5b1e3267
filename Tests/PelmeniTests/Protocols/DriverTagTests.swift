import Pelmeni
import TestSupport
import Testing

/// Sessions that a driver tells apart by a number in each datagram.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DriverTagTests {
    private static let crossings = [
        Crossing(from: .udp, to: .udp), Crossing(from: .udp, to: .tcp),
    ]

    /// Of three datagrams in a row the first two belong to a session each, and the third to none.
    private static var driver: MessageScript {
        var driver = MessageScript()
        let books = driver.books
        driver.tag = { data in
            let number = data.array.first ?? 0
            return number % 3 == 2 ? nil : UInt64(number % 3)
        }
        driver.received = { data, state, context in
            state.seen += data.array.prefix(1)
            context.deliver(data.take())
        }
        driver.closing = { _, state, _ in books.note("\(state.seen)") }
        return driver
    }

    /// Datagrams that come as one train belong to the sessions of their own numbers, and so do the
    /// answers.
    @Test(arguments: crossings, Variant.all)
    func aTrainOfTwoSessions(crossing: Crossing, variant: Variant) async throws {
        let driver = Self.driver
        let bridge = try await Bridge.driven(
            crossing, variant, .server, driver, framing: crossing.messageFraming)
        let client = try DatagramWire()
        try client.connect(to: DatagramAddress(bridge.name))
        let messages = (UInt8(0)..<40).map { number in
            [UInt8](repeating: number, count: number == 39 ? 300 : 500)
        }
        let sessions = [0, 1].map { tag in messages.filter { $0[0] % 3 == tag } }
        let count = sessions[0].count + sessions[1].count
        let serving = beside { try bridge.origin.serve(count) }
        try client.sendTrain(Array(messages.joined()), segment: 500)
        let answers = try (0..<count).map { _ in try client.receive().bytes }
        try await serving.value
        for tag in 0..<2 {
            #expect(answers.filter { $0.first.map { $0 % 3 } == UInt8(tag) } == sessions[tag])
        }
        let statistics = await bridge.stop()
        #expect(driver.books.all.sorted() == sessions.map { "\($0.map { $0[0] })" }.sorted())
        #expect(statistics.accepted == 2)
        #expect(statistics.datagramsToUpstream == UInt64(count))
        #expect(statistics.datagramsToClient == UInt64(count))
        #expect(statistics.drops == [.hook: UInt64(messages.count - count)])
    }

    /// Each session counts its own messages and responses, and ends after them.
    @Test(arguments: Variant.all) func sessionsEndAlone(variant: Variant) async throws {
        let driver = Self.driver
        let bridge = try await Bridge.driven(Self.crossings[0], variant, .server, driver) {
            $0.responseLimit = 1
        }
        let client = try DatagramWire()
        try client.connect(to: DatagramAddress(bridge.name))
        // Two messages of the first session, and one of the second.
        let serving = beside { try bridge.origin.serve(3) }
        try client.sendTrain([0, 0, 1, 1, 3, 3], segment: 2)
        let answers = try (0..<3).map { _ in try client.receive().bytes[0] }
        try await serving.value
        #expect(answers.sorted() == [0, 1, 3])
        try bridge.wait("two sessions are over") { $0.causes[.completed] == 2 }
        let statistics = await bridge.stop()
        #expect(driver.books.all.sorted() == ["[0, 3]", "[1]"])
        #expect(statistics.accepted == 2)
        #expect(statistics.drops == [:])
    }
}
