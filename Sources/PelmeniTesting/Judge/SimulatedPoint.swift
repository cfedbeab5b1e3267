/// Events that have to occur over many seeds: otherwise they are not tested.
package enum SimulatedPoint: Int, CaseIterable, Sendable {
    // Actions of the simulated kernel on the ring's user.
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
    case resetHiddenBySend
    case endMissed
    case resetByProxy
    case closeWithUnread
    case bulkReceive
    case spliced
    case pipeLeftFull
    case pipeWaited
    case pipeRefused
    case pipeAtMark
    // Datagrams: actions of the kernel.
    case datagramTrain
    case datagramEmpty
    case datagramCut
    case datagramNoBlock
    case datagramEndedEarly
    case datagramEndedEmpty
    case datagramSpurious
    case datagramOverflow
    case datagramRefusedReceive
    case datagramRefusedSend
    case datagramFull
    case datagramInterrupted
    case datagramTooLong
    case trainSent
    case trainRefused
    case noPort
    case staleDatagram
    case lateDatagram
    case datagramToUpstream
    case datagramToClient
    case frameToDatagram
    case datagramToFrame
    case frameToFrame
    case framedGoesOn
    case emptyFrame
    case localTold
    case markedMessage
    case messageAtEnd
    case rawMessage
    case misfit
    // Unix datagrams.
    case unixListenerFull
    case unixAnswerFull
    case unixRefused
    case unixNoMemory
    case unixUpstreamFull
    case unixUpstreamGone
    case unixClientFull
    case unixClientGone
    case roomAwaited
    case roomSpurious
    case roomCancelled
    case roomCancelMissed
    case namelessAnswer
    case sessionAnswered
    // Reactions of the engine.
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
    /// Only in one of some thousands of seeds: left out of the datagram points that some hundred
    /// seeds must have.
    case dropSurplus
    case causeBadFrame
    case dropOversize
    case dropTruncated
    case dropTableFull
    case dropQueueFull
    case dropNoUpstream
    case dropNoPort
    case dropDraining
    case dropNoReturnAddress
    // Hooks.
    case hookHeld
    case hookEndHeld
    case hookGrewInPlace
    case hookGrewMoved
    case hookEmitted
    case hookReplied
    case hookReleased
    case hookRelinked
    case hookThrew
    case hookClosed
    case hookFinished
    case hookParked
    case hookSilent
    case hookCancelled
    case hookStale
    case dropHook
    case causeHook
    // Drivers.
    case driverHeld
    case driverLeft
    case driverPaused
    case driverTimer
    case driverDrained
    case driverThrew
    case driverOverfull
    case driverEnded
    case driverReset
    case causeProtocolError

    /// The points of datagrams, which only some seeds have.
    package static var ofDatagrams: [SimulatedPoint] {
        allCases.filter {
            (datagramTrain.rawValue...sessionAnswered.rawValue).contains($0.rawValue)
                || (causeBadFrame.rawValue...dropNoReturnAddress.rawValue).contains($0.rawValue)
        }
    }
}
