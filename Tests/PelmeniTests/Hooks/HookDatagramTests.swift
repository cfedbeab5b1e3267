import Pelmeni
import TestSupport
import Testing

/// UDP clients of a hook: many of them, and trains of datagrams.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookDatagramTests {
    private static let udp = Crossing(from: .udp, to: .udp)

    /// Each hundred answers reach who asked, and no answer is seen by a hook.
    @Test(arguments: [udp, Crossing(from: .udp, to: .tcp)], Variant.all)
    func aHundredClients(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    let port = session.client.port ?? 0
                    return .reply(try Buffer("\(data.text) from \(port)"))
                }.beforeRespond { _, _ in
                    Issue.record("a hook sees a reply")
                    return .forward
                }
            })
        let server = DatagramAddress(bridge.name)
        let clients = try (0..<100).map { _ in try DatagramWire() }
        for round in 0..<3 {
            for (number, client) in clients.enumerated() {
                try client.send("\(number), \(round)", to: server)
            }
            for (number, client) in clients.enumerated() {
                #expect(try client.receiveText() == "\(number), \(round) from \(client.port)")
            }
        }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 100)
        #expect(statistics.datagramsToUpstream == 0)
        #expect(statistics.datagramsToClient == 300)
        #expect(statistics.drops == [:])
        #expect(statistics.hooks.map(\.calls) == [300, 0])
        #expect(statistics.hooks.map(\.drops) == [300, 0])
        for client in clients { #expect(try client.receive(within: 0) == nil) }
    }

    /// A train is many datagrams: each has a verdict of its own.
    @Test(arguments: [udp, Crossing(from: .udp, to: .tcp)], Variant.all)
    func trainsAreCut(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    #expect(session.isMessage && [1_000, 500].contains(data.count))
                    switch data.array.first ?? 0 {
                    case let number where number % 4 == 1: return .drop
                    case let number where number % 4 == 2: return .reply(data.take())
                    case let number where number % 4 == 3:
                        try data.append(contentsOf: [UInt8](repeating: number, count: 1_000))
                        return .forward
                    default: return .forward
                    }
                }
            })
        let client = try DatagramWire()
        try client.connect(to: DatagramAddress(bridge.name))
        let train = (0..<40).flatMap {
            [UInt8](repeating: UInt8($0), count: $0 == 39 ? 500 : 1_000)
        }
        try client.sendTrain(train, segment: 1_000)
        let stream = crossing.to.isStream ? try bridge.origin.accept() : nil
        for number in UInt8(0)..<40 where number % 4 == 0 || number % 4 == 3 {
            let count = (number == 39 ? 500 : 1_000) + (number % 4 == 3 ? 1_000 : 0)
            let wanted = [UInt8](repeating: number, count: count)
            if let stream {
                let framed = BridgeClient.framed(wanted)
                expectSame(try stream.read(exactly: framed.count), framed, "\(number)")
            } else {
                expectSame(try bridge.origin.wire.receive().bytes, wanted, "\(number)")
            }
        }
        for number in UInt8(0)..<40 where number % 4 == 2 {
            expectSame(try client.receive().bytes, [UInt8](repeating: number, count: 1_000))
        }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 1)
        #expect(statistics.datagramsToUpstream == 20)
        #expect(statistics.datagramsToClient == 10)
        #expect(statistics.drops == [.hook: 10])
        #expect(statistics.hooks.map(\.calls) == [40])
    }

    /// The rest of a train whose session a hook closed is dropped with it.
    @Test(arguments: Variant.all) func closedWithinATrain(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            Self.udp, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    data.array.first == 3 ? .close("the third") : .forward
                }
            })
        let client = try DatagramWire()
        try client.connect(to: DatagramAddress(bridge.name))
        let train = (0..<10).flatMap { [UInt8](repeating: UInt8($0), count: 100) }
        try client.sendTrain(train, segment: 100)
        for number in UInt8(0)..<3 {
            #expect(
                try bridge.origin.wire.receive().bytes == [UInt8](repeating: number, count: 100))
        }
        try bridge.wait("the session is over") { ($0.causes[.hook] ?? 0) > 0 }
        // Those behind it open another session if they came apart.
        let statistics = await bridge.stop()
        let dropped = statistics.drops[.hook] ?? 0
        #expect(statistics.datagramsToUpstream + dropped == 10)
        #expect(dropped >= 1)
        #expect(bridge.closings == ["beforeForward: the third"])
    }

    /// Replies of the longest datagrams, and of what none can hold.
    @Test(arguments: [udp, Crossing(from: .udp, to: .tcp)], Variant.all)
    func longReplies(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    let count = Int(data.text) ?? 0
                    return .reply(try Buffer([UInt8](repeating: 0x61, count: count)))
                }
            })
        let client = try bridge.client()
        for count in [65_507, 0, 1, 20_000] {
            try client.ask("\(count)")
            #expect(try client.answer() == [UInt8](repeating: 0x61, count: count))
        }
        for count in [65_508, 1_000_000] { try client.ask("\(count)") }
        try bridge.wait("two are too long") { $0.drops == [.oversize: 2] }
        try client.ask("7")
        #expect(try client.answer().count == 7)
        let statistics = await bridge.stop()
        #expect(statistics.datagramsToClient == 5)
        #expect(statistics.causes == [.drainCut: 1])
    }
}
