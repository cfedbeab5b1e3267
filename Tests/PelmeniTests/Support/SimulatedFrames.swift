import PelmeniCore
import PelmeniTesting
import Testing

/// The streams of ``BridgeFramingTests``, over the simulated ring: the plan has their cuts.
struct SimulatedFrames {
    private let simulated: SimulatedCrossing
    private let isFromClient: Bool

    init(crossing: Crossing) {
        simulated = SimulatedCrossing(crossing: crossing)
        isFromClient = crossing.from.isStream
    }

    /// Messages that crossed from the stream's side.
    private func crossed(_ books: Books) -> UInt64 {
        isFromClient ? books.datagramsToUpstream : books.datagramsToClient
    }

    func framesSplitAtEveryOffset() {
        let lengths = [6, 0, 1]
        // One for each cut; the first and the last position are no cuts.
        let cuts = lengths.reduce(0) { $0 + 2 + $1 } + 1
        for (cut, clients) in [(SimulatedCut.atOwnNumber, cuts), (.everyByte, 1)] {
            let plan = simulated.fromTheStream(lengths) {
                $0.clients = clients
                $0.cut = cut
            }
            simulated.run([plan]) {
                #expect($0.drops == [:])
                #expect($0.accepted == UInt64(clients))
                #expect(crossed($0) == UInt64(clients * lengths.count))
            }
        }
    }

    func tenFramesInOneWrite() {
        let sizes = [0, 1, 2, 100, 0, 1_472, 9_000, 3, 20_000, 7]
        let lengths = [sizes, sizes, sizes].flatMap { $0 }
        simulated.run([simulated.fromTheStream(lengths) { $0.cut = .never }]) {
            #expect($0.drops == [:])
            #expect(crossed($0) == UInt64(lengths.count))
        }
    }

    func aStreamThatEndsInsideAMessage() {
        // In its length, behind it, and in the message.
        for length in 0...2 {
            let plan = ending(.cutShort, [5, length])
            simulated.run([plan]) {
                #expect($0.causes == [.badFrame: 1], "\(length) bytes")
                #expect(crossed($0) == 1)
            }
        }
    }

    /// Each client's stream, or its upstream's, has wrong lengths; the listener stays.
    func aLengthThatLies() {
        var plan = ending(.badFrame, [100])
        plan.maxFrame = 100
        plan.clients = 2
        simulated.run([plan]) {
            #expect($0.causes == [.badFrame: 2])
            #expect($0.accepted == 2)
            #expect(crossed($0) == 2)
        }
    }

    func noLoopSendsAllThatOneReadBrings() {
        let lengths = [Int](repeating: 1, count: 2_000)
        let plan = simulated.fromTheStream(lengths) {
            $0.clients = 4
            $0.cut = .never
            $0.socketBuffer = 4_000
            $0.peerBuffer = 4_000
            // A Unix upstream gets its datagrams in order.
            $0.readGap = 10
        }
        simulated.run([plan]) {
            let dropped = $0.drops.values.reduce(0, +)
            #expect($0.accepted == 4)
            #expect(crossed($0) + dropped == UInt64(4 * lengths.count))
        }
    }

    func aFrameThatNoDatagramHolds() {
        let lengths = [65_508, 20, 65_535, 20]
        let plan = simulated.fromTheStream(lengths) {
            $0.turn = 0
            $0.answersAfter = 1
        }
        simulated.run([plan]) {
            #expect($0.drops == [.oversize: 2])
            #expect($0.causes[.badFrame] == nil)
            #expect(crossed($0) == 2)
        }
    }

    /// A stream of these messages with a bad end.
    private func ending(_ end: StreamEnd, _ lengths: [Int]) -> SimulatedMessagePlan {
        simulated.fromTheStream(lengths) {
            guard isFromClient else {
                // Not all of its requests arrive.
                $0.turn = 0
                $0.answersAfter = 1
                $0.upstreamStopsAfter = lengths.count
                $0.upstreamEnd = end
                return
            }
            $0.clientEnd = end
        }
    }
}
