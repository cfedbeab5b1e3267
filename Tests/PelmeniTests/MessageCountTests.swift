import Pelmeni
import PelmeniTesting
import TestSupport
import Testing

/// Numbers of messages whose product has more than 32 bits.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct MessageCountTests {
    /// Four questions times 2^30 answers each: the first answer is not the last one.
    @Test(arguments: Variant.all) func manyAnswersToEachQuestion(variant: Variant) async throws {
        for crossing in [Crossing(from: .tcp, to: .udp), Crossing(from: .udp, to: .udp)] {
            let bridge = try await Bridge.start(crossing, variant) { $0.responseLimit = 1 << 30 }
            let client = try bridge.client()
            let origin = try bridge.origin.wire
            var from: DatagramAddress?
            for number in UInt8(0)..<4 {
                try client.ask([number])
                from = try origin.receive().from
            }
            if case .stream(let wire) = client { wire.finish() }
            let address = try #require(from)
            for number in UInt8(0)..<3 {
                try origin.send([number], to: address)
                #expect(try client.answer() == [number])
            }
            #expect(bridge.engine.statistics.open == 1)
            client.close()
            #expect(await bridge.stop().accepted == 1)
        }
    }

    @Test func manyAnswersToEachQuestionSimulated() {
        let simulated = SimulatedCrossing(crossing: Crossing(from: .tcp, to: .udp))
        let plan = simulated.messages {
            $0.messages = 4
            $0.responses = 1 << 30
            $0.answers = 2
        }
        simulated.run([plan]) {
            #expect($0.datagramsToUpstream == 4)
            #expect($0.datagramsToClient == 8)
        }
    }
}
