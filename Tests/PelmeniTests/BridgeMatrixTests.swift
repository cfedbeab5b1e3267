import Pelmeni
import PelmeniCore
import PelmeniTesting
import TestSupport
import Testing

/// Every kind of client to every kind of origin, on every ring: each answer reaches its client.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeMatrixTests {
    private static let crowds = [1, 2, 100]
    private static let rounds = 3
    /// Questions of a client in flight at once.
    private static let depth = 2

    private func question(_ client: Int, of crowd: Int, _ number: Int) -> [UInt8] {
        Array("client \(client) of \(crowd) number \(number) ".utf8)
            + Pattern.shared.piece(key: client, at: number, count: 50)
    }

    /// The origin collects the questions of a whole crowd and answers them backwards.
    @Test(arguments: Crossing.all, World.all)
    func everyAnswerGoesToWhoAsked(crossing: Crossing, world: World) async throws {
        let people = UInt64(Self.crowds.reduce(0, +))
        let messages = crossing.hasDatagrams ? people * UInt64(Self.rounds * Self.depth) : 0
        let judge = { (books: Books) in
            #expect(books.accepted == people)
            #expect(books.drops == [:])
            #expect(books.datagramsToUpstream == messages)
            #expect(books.datagramsToClient == messages)
        }
        switch world {
        case .real(let variant): judge(try await ask(crossing, variant))
        case .simulated: simulate(crossing, judge)
        }
    }

    private func simulate(_ crossing: Crossing, _ judge: (Books) -> Void) {
        let simulated = SimulatedCrossing(crossing: crossing)
        guard crossing.hasDatagrams else {
            let bytes = Self.rounds * Self.depth * 50
            return simulated.run(
                streams: Self.crowds.map { simulated.streams($0, bytes: bytes) }, judge: judge)
        }
        let plans = Self.crowds.map { crowd in
            simulated.messages {
                $0.clients = crowd
                $0.messages = Self.rounds * Self.depth
                $0.turn = Self.depth
                $0.answersAfter = crowd * Self.depth
            }
        }
        simulated.run(plans, judge: judge)
    }

    private func ask(_ crossing: Crossing, _ variant: Variant) async throws -> Books {
        let bridge = try await Bridge.start(crossing, variant)
        let batches = Self.crowds.flatMap { crowd in
            repeatElement(crowd * Self.depth, count: Self.rounds)
        }
        let serving = beside {
            try bridge.origin.serveReversed(batches: batches) { Array("to ".utf8) + $0 }
        }
        // They stay open to the end: a reused port would be the same client.
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
        return Books(await bridge.stop())
    }

    /// Sizes around the payload of an Ethernet and a jumbo frame, and the least and the most of
    /// UDP.
    @Test(arguments: Crossing.withDatagrams, World.all)
    func everySizePasses(crossing: Crossing, world: World) async throws {
        let sizes = [0, 1, 1_472, 1_473, 8_972, 65_507, 0, 2]
        let judge = { (books: Books) in
            #expect(books.drops == [:])
            #expect(books.accepted == 1)
            #expect(books.datagramsToUpstream == UInt64(sizes.count))
            #expect(books.datagramsToClient == UInt64(sizes.count))
        }
        switch world {
        case .real(let variant): judge(try await pass(sizes, crossing, variant))
        case .simulated:
            let simulated = SimulatedCrossing(crossing: crossing)
            let plan = simulated.messages {
                $0.lengths = sizes
                $0.messages = sizes.count
                $0.turn = 1
            }
            simulated.run([plan], judge: judge)
        }
    }

    private func pass(
        _ sizes: [Int], _ crossing: Crossing, _ variant: Variant
    ) async throws -> Books {
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
        return Books(await bridge.stop())
    }
}
