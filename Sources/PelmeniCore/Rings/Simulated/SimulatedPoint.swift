/// Things that have to happen now and then over many seeds, else they are not tested.
package enum SimulatedPoint: Int, CaseIterable, Sendable {
    // What the simulated kernel does to the ring's user.
    case shortReceive
    case shortSend
    case waitingSend
    case gatheredSend
    case multishotEndedEarly
    case limitReached
    case noBlock
    case spuriousResult
    case staleCompletion
    case delayedCompletion
    case reorderedCompletion
    case cancelled
    case cancelLost
    case cancelledSendPartial
    case connectRefused
    case connectUnreachable
    case connectTimedOut
    case connectSilent
    case connectBusy
    case connectSecondAddress
    case acceptAborted
    case acceptNoDescriptor
    case openNoDescriptor
    case backlogFull
    case clockJump
    case resetByClient
    case resetByUpstream
    case resetDestroyedBytes
    case resetUnread
    case resetFoundBySend
    case resetByProxy
    case closeWithUnread
    case bulkReceive
    // What the engine did about it.
    case starved
    case copied
    case acceptPaused
    case upstreamRecovered
    case causeCompleted
    case causeClientReset
    case causeUpstreamReset
    case causeConnectRefused
    case causeConnectTimeout
    case causeNoUpstream
    case causeFirstByte
    case causeIdle
    case causeLinger
    case causeSendStalled
    case causePool
    case causeLimit
    case causeDrainCut
    case drained
}
