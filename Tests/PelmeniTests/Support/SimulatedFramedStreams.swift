import Pelmeni
import PelmeniCore
import PelmeniTesting
import Testing

/// The expectations of ``FramedStreamTests``, over the simulated ring.
struct SimulatedFramedStreams {
    private let pair: FramedPair
    private let simulated: SimulatedCrossing

    init(_ pair: FramedPair) {
        self.pair = pair
        simulated = SimulatedCrossing(crossing: pair.crossing)
    }

    /// Every message is answered with as many bytes.
    private func plan(
        _ lengths: [Int], _ change: (inout SimulatedMessagePlan) -> Void = { _ in }
    ) -> SimulatedMessagePlan {
        simulated.messages {
            $0.kind = .framedStreams
            $0.framing = pair.near
            $0.upstreamFraming = pair.far
            $0.maxFrame = FramingConfiguration.maxFrameBetweenStreams
            $0.lengths = lengths
            $0.messages = lengths.count
            $0.answersAfter = 1
            change(&$0)
        }
    }

    func everySize(_ lengths: [Int]) -> [Books] {
        var all: [Books] = []
        simulated.run([plan(lengths)]) { all.append($0) }
        return all
    }

    func cutsAtEveryOffset() {
        let lengths = pair.isFixed ? [5, 5, 5] : pair.mayBeEmpty ? [6, 0, 1] : [6, 1, 1]
        // One for each cut, and the ends.
        let cuts = lengths.reduce(0) { $0 + 4 + $1 }
        for (cut, clients) in [(SimulatedCut.atOwnNumber, cuts), (.everyByte, 1)] {
            let plan = plan(lengths) {
                $0.clients = clients
                $0.cut = cut
            }
            simulated.run([plan]) {
                #expect($0.drops == [:])
                #expect($0.causes == [.completed: UInt64(clients)])
                #expect($0.datagramsToUpstream == UInt64(clients * lengths.count))
                #expect($0.datagramsToClient == UInt64(clients * lengths.count))
            }
        }
    }

    /// The judge bounds the queue of each leg.
    func anUpstreamThatDoesNotRead() {
        let lengths = [Int](repeating: 60_000, count: 60)
        let plan = plan(lengths) {
            $0.readGap = 3_000_000_000
            $0.answers = 0
        }
        simulated.run([plan]) {
            #expect($0.drops == [:])
            #expect($0.causes == [.completed: 1])
            #expect($0.datagramsToUpstream == UInt64(lengths.count))
        }
    }

    /// The client ends first, or the upstream does.
    func halfCloses() {
        let lengths = [100, 9_000, 7, 300]
        let byClient = plan(lengths)
        let byUpstream = plan(lengths) {
            $0.upstreamStopsAfter = 2
            $0.gap = 300_000_000
        }
        for (plan, answers) in [(byClient, 4), (byUpstream, 2)] {
            simulated.run([plan]) {
                #expect($0.drops == [:])
                #expect($0.causes == [.completed: 1])
                #expect($0.datagramsToUpstream == 4)
                #expect($0.datagramsToClient == UInt64(answers))
            }
        }
    }

    /// The client's last message is invalid, or cut short; those before it have answers.
    func aClientThatIsBad() {
        for (end, messages) in [(StreamEnd.badFrame, 3), (.cutShort, 4)] {
            let plan = plan([Int](repeating: 50, count: messages)) {
                $0.maxFrame = 1_000
                $0.answers = 2
                $0.clientEnd = end
            }
            simulated.run([plan]) {
                #expect($0.causes == [.badFrame: 1])
                #expect($0.datagramsToUpstream == 3)
                #expect($0.datagramsToClient == 6)
            }
        }
    }

    func anUpstreamThatIsBad() {
        for (end, answers) in [(StreamEnd.badFrame, 3), (.cutShort, 4)] {
            let plan = plan([Int](repeating: 50, count: 1)) {
                $0.maxFrame = 1_000
                $0.answers = answers
                $0.upstreamStopsAfter = answers
                $0.upstreamEnd = end
            }
            simulated.run([plan]) {
                #expect($0.causes == [.badFrame: 1])
                #expect($0.datagramsToUpstream == 1)
                #expect($0.datagramsToClient == 3)
            }
        }
    }

    /// Both streams of a session wait to be cut, and the first one of them ends it.
    func badFramesBehindMany() {
        let plan = plan([Int](repeating: 1, count: 2_000)) {
            $0.clients = 8
            $0.cut = .never
            $0.upstreamStopsAfter = 640
            $0.upstreamEnd = .badFrame
            $0.maxFrame = 1_000
        }
        simulated.run([plan]) { #expect($0.causes == [.badFrame: 8]) }
    }

    /// The second message is one that the other framing cannot write.
    func aMessageThatCannotBeWritten(_ lengths: [Int]) {
        simulated.run([plan(lengths)]) {
            #expect($0.causes == [.badFrame: 1])
            #expect($0.datagramsToUpstream == 1)
        }
    }

    /// More messages at once than the pool has blocks for.
    func aSmallPool() {
        let plan = plan([60_000, 100, 60_000]) { $0.clients = 25 }
        let small = PoolLimits(smallBlocks: 8, bulkBlocks: 2)
        simulated.run([plan], pool: small) {
            #expect($0.accepted == 25)
            #expect(($0.causes[.completed] ?? 0) + ($0.causes[.pool] ?? 0) == 25)
            #expect($0.causes[.completed] != nil)
        }
    }
}
