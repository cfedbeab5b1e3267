import PelmeniCore
import Testing

/// What ``BridgeEndTests`` expects of sessions' ends, over the simulated ring.
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

    /// How many sessions it takes depends on what comes before the upstream's end does.
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
