import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Every kind of client to every kind of origin, on every ring: each answer reaches who asked.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeMatrixTests {
    private static let crowds = [1, 2, 100]
    private static let rounds = 3
    /// Questions of a client that are under way at once.
    private static let depth = 2

    private func question(_ client: Int, of crowd: Int, _ number: Int) -> [UInt8] {
        Array("client \(client) of \(crowd) number \(number) ".utf8)
            + Pattern.shared.piece(key: client, at: number, count: 50)
    }

    /// The origin collects what a whole crowd asked and answers it backwards.
    @Test(arguments: Crossing.all, Variant.all)
    func everyAnswerGoesToWhoAsked(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.start(crossing, variant)
        let batches = Self.crowds.flatMap { crowd in
            repeatElement(crowd * Self.depth, count: Self.rounds)
        }
        let serving = beside {
            try bridge.origin.serveReversed(batches: batches) { Array("to ".utf8) + $0 }
        }
        // They stay to the end: a port that comes again is the same client.
        var everybody: [BridgeClient] = []
        for crowd in Self.crowds {
            let clients = try (0..<crowd).map { try bridge.client(crowd * 1_000 + $0) }
            everybody += clients
            for round in 0..<Self.rounds {
                let numbers = (0..<Self.depth).map { round * Self.depth + $0 }
                for (index, client) in clients.enumerated() {
                    for number in numbers { try client.ask(question(index, of: crowd, number)) }
                }
                for (index, client) in clients.enumerated() {
                    for number in numbers.reversed() {
                        let wanted = Array("to ".utf8) + question(index, of: crowd, number)
                        let answer = try client.answer()
                        #expect(
                            answer == wanted,
                            """
                            client \(index) of \(crowd), number \(number) got \
                            \(String(decoding: answer.prefix(40), as: UTF8.self)); \
                            seed \(Pattern.processSeed)
                            """)
                    }
                }
            }
        }
        try await serving.value
        for client in everybody { client.close() }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == UInt64(Self.crowds.reduce(0, +)))
        #expect(statistics.drops == [:])
        let messages = crossing.hasDatagrams ? UInt64(batches.reduce(0, +)) : 0
        #expect(statistics.datagramsToUpstream == messages)
        #expect(statistics.datagramsToClient == messages)
    }

    /// Around what a frame of Ethernet and a jumbo frame carry, and the most and the least of UDP.
    @Test(arguments: Crossing.withDatagrams, Variant.all)
    func everySizePasses(crossing: Crossing, variant: Variant) async throws {
        let sizes = [0, 1, 1_472, 1_473, 8_972, 65_507, 0, 2]
        let bridge = try await Bridge.start(crossing, variant)
        let serving = beside {
            try bridge.origin.serveReversed(batches: sizes.map { _ in 1 }) { $0.reversed() }
        }
        let client = try bridge.client()
        for (key, size) in sizes.enumerated() {
            let bytes = Pattern.shared.stream(key: key, count: size)
            try client.ask(bytes)
            let answer = try client.answer()
            #expect(
                answer == bytes.reversed(),
                "\(answer.count) of \(size) bytes; seed \(Pattern.processSeed)")
        }
        try await serving.value
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:])
        #expect(statistics.accepted == 1)
        #expect(statistics.datagramsToUpstream == UInt64(sizes.count))
        #expect(statistics.datagramsToClient == UInt64(sizes.count))
    }
}
