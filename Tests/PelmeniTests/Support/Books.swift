import Pelmeni
import PelmeniCore
import PelmeniTesting

/// An engine's counts at its end, in either world.
struct Books: Equatable, Sendable {
    let accepted: UInt64
    let causes: [EndCause: UInt64]
    let drops: [DropReason: UInt64]
    let datagramsToUpstream: UInt64
    let datagramsToClient: UInt64

    init(_ statistics: Statistics) {
        accepted = statistics.accepted
        causes = statistics.causes
        drops = statistics.drops
        datagramsToUpstream = statistics.datagramsToUpstream
        datagramsToClient = statistics.datagramsToClient
    }

    init(_ outcome: SimulationOutcome) {
        accepted = outcome.sessions
        causes = outcome.causes
        drops = outcome.drops
        datagramsToUpstream = outcome.datagramsToUpstream
        datagramsToClient = outcome.datagramsToClient
    }
}
