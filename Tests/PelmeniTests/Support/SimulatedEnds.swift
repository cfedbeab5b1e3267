import PelmeniCore
import PelmeniTesting
import Testing

/// The expectations of ``BridgeEndTests`` on sessions' ends, over the simulated ring.
struct SimulatedEnds {
    private let simulated: SimulatedCrossing

    init(crossing: Crossing) { simulated = SimulatedCrossing(crossing: crossing) }

    func aClientThatEndsGetsItsAnswers() {
        let plan = simulated.messages {
            $0.messages = 2
            $0.responses = 2
            $0.answers = 2
            $0.deadlines.linger = 0
        }
        simulated.run([plan]) {
            #expect($0.causes == [.completed: 1])
            #expect($0.datagramsToUpstream == 2)
            #expect($0.datagramsToClient == 4)
        }
    }

    /// The last message is invalid, or cut short; those before it have answers.
    func answersPassAStreamThatIsBad() {
        for (end, messages) in [(StreamEnd.badFrame, 3), (.cutShort, 4)] {
            let plan = simulated.messages {
                $0.messages = messages
                $0.maxFrame = 1_000
                $0.responses = 2
                $0.answers = 2
                $0.clientEnd = end
                $0.deadlines.linger = 0
            }
            simulated.run([plan]) {
                #expect($0.causes == [.badFrame: 1])
                #expect($0.datagramsToUpstream == 3)
                #expect($0.datagramsToClient == 6)
            }
        }
    }

    func theLastAnswersAreATrainThatIsRefused() {
        let plan = simulated.messages {
            $0.clients = 5
            $0.messages = 1
            $0.responses = 10
            $0.answers = 10
            $0.trains = 0xffff
            $0.refusesTrains = true
        }
        simulated.run([plan]) {
            #expect($0.causes == [.completed: 5])
            #expect($0.drops == [:])
            #expect($0.datagramsToClient == 50)
        }
    }

    func messagesOverRequestsAreDropped() {
        let plan = simulated.messages {
            $0.messages = 5
            $0.requests = 2
            $0.responses = 3
            $0.answers = 3
            $0.deadlines.linger = 0
        }
        simulated.run([plan]) {
            #expect($0.causes == [.completed: 1])
            #expect($0.datagramsToUpstream == 2)
            #expect($0.datagramsToClient == 6)
        }
    }

    /// The number of sessions depends on the messages before the upstream's end.
    func anUpstreamThatClosesIsDialledAnew() {
        let plan = simulated.messages {
            $0.messages = 20
            $0.answersAfter = 1
            $0.upstreamStopsAfter = 1
        }
        simulated.run([plan]) {
            #expect($0.accepted > 1)
            #expect($0.causes == [.completed: $0.accepted])
            #expect($0.drops == [:])
            #expect($0.datagramsToUpstream == 20)
            #expect($0.datagramsToClient == $0.accepted)
        }
    }
}
