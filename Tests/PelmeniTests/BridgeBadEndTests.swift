import Glibc
import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// A session ends after a fault: messages before it are still answered and delivered.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeBadEndTests {
    private static let toUDP = Crossing(from: .tcp, to: .udp)
    private static let toTCP = Crossing(from: .udp, to: .tcp)
    /// More than the kernel holds for a receiver that does not read, and less than one leg may
    /// queue.
    private static let answers = 20
    private static let answer = [UInt8](repeating: 9, count: 10_000)

    /// A Unix socket has no reset.
    private func resetEnd(_ face: Face) -> Wire.End { face.isUnix ? .clean : .reset }

    private func said(_ bridge: Bridge, _ part: String) -> Bool {
        bridge.log.entries(from: .info).contains { $0.message.contains(part) }
    }

    // MARK: A stream in front of datagrams

    @Test(arguments: Crossing.fromStream, World.all)
    func answersPassAStreamThatIsBad(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedEnds(crossing: crossing).answersPassAStreamThatIsBad()
        }
        // Too long; and, with the end of the stream behind them, half a length and half a message.
        for (bad, ends) in [([0, 101], false), ([0], true), ([0, 9, 1], true)] as [([UInt8], Bool)]
        {
            let bridge = try await Bridge.start(crossing, variant) {
                $0.frameBytesMax = 100
                $0.responseLimit = 2
                $0.lingerTimeout = .never
            }
            let origin = try bridge.origin.wire
            let client = try Wire(to: bridge.name)
            try client.write(BridgeClient.framed([1]) + BridgeClient.framed([2]) + bad)
            if ends { client.finish() }
            let (first, from) = try origin.receive()
            #expect(first == [1])
            #expect(try origin.receive().bytes == [2])
            try waitUntil("the bad frame is seen") { said(bridge, "could not be cut") }
            var wanted: [UInt8] = []
            for number in UInt8(10)..<14 {
                try origin.send([number], to: from)
                wanted += BridgeClient.framed([number])
            }
            let (bytes, end) = try client.readAll()
            #expect(bytes == wanted, "behind \(bad)")
            #expect(end == resetEnd(crossing.from), "behind \(bad)")
            let statistics = await bridge.stop()
            #expect(statistics.causes == [.badFrame: 1])
            #expect(statistics.drops == [:])
        }
    }

    /// Without a question there is nothing to wait for.
    @Test(arguments: Variant.all) func aStreamThatIsBadAtOnce(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.frameBytesMax = 100
            $0.lingerTimeout = .never
        }
        let client = try Wire(to: bridge.name)
        try client.write([0, 101])
        #expect(try client.readEnd() == .reset)
        #expect(await bridge.stop().causes == [.badFrame: 1])
    }

    /// A close with an unread message would destroy the answers that the client has not read.
    @Test(arguments: Crossing.fromStream, World.all)
    func messagesOverRequestsDestroyNoAnswer(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedEnds(crossing: crossing).messagesOverRequestsAreDropped()
        }
        let bridge = try await Bridge.start(crossing, variant) {
            $0.requestLimit = 1
            $0.responseLimit = Self.answers
        }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed([1]))
        let (_, from) = try origin.receive()
        for number in 2..<UInt8(5) {
            try client.write(BridgeClient.framed([number]))
            try bridge.wait("message \(number) is dropped") {
                $0.drops[.surplus] == UInt64(number) - 1
            }
        }
        for number in 1...Self.answers {
            try origin.send(Self.answer, to: from)
            try bridge.wait("answer \(number)") { $0.datagramsToClient == UInt64(number) }
            // One comes while answers are in flight.
            if number == Self.answers / 2 { try client.write(BridgeClient.framed([9])) }
        }
        let wanted = (0..<Self.answers).flatMap { _ in BridgeClient.framed(Self.answer) }
        #expect(try client.readAll() == (wanted, .clean))
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        #expect(statistics.drops == [.surplus: 4])
    }

    /// The upstream closes while its answers wait for a client that does not read.
    @Test(arguments: Variant.all)
    func anUpstreamThatRefusesDestroysNoAnswer(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant)
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed([1]))
        let (_, from) = try origin.receive()
        var answers = 0
        repeat {
            try origin.send(Self.answer, to: from)
            answers += 1
            try bridge.wait("answer \(answers)") {
                Int($0.datagramsToClient + ($0.drops[.queueFull] ?? 0)) == answers
            }
        } while bridge.engine.statistics.drops[.queueFull] == nil
        try origin.refuse()
        try client.write(BridgeClient.framed([2]))
        try bridge.wait("the upstream refuses") { $0.drops[.noUpstream] != nil }
        let wanted = (1..<answers).flatMap { _ in BridgeClient.framed(Self.answer) }
        let (bytes, end) = try client.readAll()
        #expect(bytes.count == wanted.count)
        #expect(bytes == wanted)
        #expect(end == .reset)
        #expect(await bridge.stop().causes == [.connectRefused: 1])
    }

    // MARK: Datagrams in front of a stream

    /// Its answers before that are sent, and so are the questions that wait for it.
    @Test(arguments: Variant.all) func anUpstreamThatIsBad(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant)
        let client = try bridge.client()
        let question = [UInt8](repeating: 7, count: 60_000)
        var asked = 0
        repeat {
            try client.ask(question)
            asked += 1
            try bridge.wait("a question is counted") {
                Int($0.datagramsToUpstream + ($0.drops[.queueFull] ?? 0)) == asked
            }
        } while bridge.engine.statistics.drops[.queueFull] == nil
        let upstream = try bridge.origin.accept()
        try upstream.write(BridgeClient.framed([1]) + BridgeClient.framed([2]) + [0, 9, 0])
        upstream.finish()
        #expect(try client.answer() == [1])
        #expect(try client.answer() == [2])
        try waitUntil("the bad frame is seen") { said(bridge, "could not be cut") }
        for _ in 1..<asked {
            #expect(try upstream.read(exactly: 60_002) == BridgeClient.framed(question))
        }
        #expect(try upstream.readEnd() == .reset)
        #expect(await bridge.stop().causes == [.badFrame: 1])
    }

    /// A session that has all its answers ends while its upstream still sends: the last question is
    /// not destroyed.
    @Test(arguments: Variant.all)
    func answersOverResponsesDestroyNoQuestion(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.responseLimit = 1 }
        let client = try bridge.client()
        let question = [UInt8](repeating: 7, count: 60_000)
        try client.ask(question)
        let upstream = try bridge.origin.accept()
        let surplus = (0..<20).flatMap { _ in BridgeClient.framed(Self.answer) }
        try upstream.write(BridgeClient.framed([1]) + surplus)
        #expect(try client.answer() == [1])
        #expect(try upstream.readAll() == (BridgeClient.framed(question), .clean))
        #expect(await bridge.stop().causes == [.completed: 1])
    }

    /// Messages in one read with the last answer are counted, although the session is over by then.
    @Test(arguments: Variant.all)
    func answersBehindTheLastOneAreCounted(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.responseLimit = 1 }
        let client = try bridge.client()
        try client.ask([7])
        let upstream = try bridge.origin.accept()
        #expect(try upstream.read(exactly: 3) == BridgeClient.framed([7]))
        try upstream.write((0..<21).flatMap { BridgeClient.framed([$0]) })
        #expect(try client.answer() == [0])
        _ = try upstream.readEnd()
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        #expect(statistics.drops == [.surplus: 20])
    }
}
