internal import CPelmeni
internal import Glibc

// What drivers want done, in order, once their call has returned.
extension Relay where R: ~Copyable {
    /// Carries out the commands of a call. False when the session does not go on: the commands
    /// behind are dropped.
    mutating func carryOut(_ session: SessionID) -> Bool {
        var index = 0
        while index < drivers.call.pointee.count {
            let command = drivers.call.pointee.commands[index]
            index &+= 1
            carryOut(command, session)
            guard isDriving(session), driverRow(session)?.pointee.isOver == false else {
                dropCommands(from: index, session)
                return false
            }
        }
        return true
    }

    /// Drops commands of a driver that failed, or whose session has ended.
    func dropCommands(from first: Int, _ session: SessionID) {
        let count = drivers.call.pointee.count
        for index in first..<max(first, count) {
            let command = drivers.call.pointee.commands + index
            if command.pointee.kind == .deliver, sessions[session].kind.hasMessages {
                drop(drivenSide(session) == .upstream ? .surplus : .noUpstream)
            }
            command.pointee.row.releaseOnWorker()
        }
        drivers.call.pointee.count = 0
    }

    private mutating func carryOut(_ command: DriverCommand, _ session: SessionID) {
        guard let row = driverRow(session) else { return }
        switch command.kind {
        case .send: sendOwn(command.row, session)
        case .deliver: deliver(command.row, session)
        case .deliverEnd: deliverEnd(session)
        case .shutdown:
            let own = drivenLeg(session)
            if !own.isNone, !legs[own].kind.isDatagrams { shutBehindQueue(own) }
        case .pause: row.pointee.isPaused = true
        case .resume:
            row.pointee.isPaused = false
            row.pointee.isFresh = true
            wake(session)
        case .awaitDrained: awaitDrained(session)
        case .timer:
            row.pointee.timerAt = command.flag ? max(1, now &+ command.number) : 0
            if command.flag { legs.wheel.hasten(session, to: row.pointee.timerAt) }
        case .end: endByDriver(session, command.cause, reset: command.flag)
        }
    }

    private mutating func awaitDrained(_ session: SessionID) {
        let own = drivenLeg(session)
        guard !own.isNone, !legs[own].kind.isDatagrams else {
            return wake(session, for: .drained)
        }
        guard !legs.isDrained(own) || hasSurplus(towards: own) else {
            return wake(session, for: .drained)
        }
        driverRow(session)?.pointee.awaitsDrained = true
        legs[own].flags.insert(.tellsDrained)
    }

    /// Sends on the driver's own side.
    private mutating func sendOwn(_ bytes: BufferRow, _ session: SessionID) {
        var bytes = bytes
        let own = drivenLeg(session)
        guard !own.isNone, !legs[own].kind.isDatagrams else {
            return bringMessage(bytes, session, isToClient: drivenSide(session) == .client)
        }
        guard legs[own].phase == .open, !legs[own].flags.contains(.shutsBehindQueue) else {
            return bytes.releaseOnWorker()
        }
        sendChunk(bytes, on: own, session)
    }

    // MARK: The other side

    private mutating func deliver(_ bytes: BufferRow, _ session: SessionID) {
        let isToClient = drivenSide(session) == .upstream
        let kind = sessions[session].kind
        let count = chain(of: session)?.pointee.count ?? 0
        var item = HookRunner.Item(
            row: bytes, stage: isToClient ? Int8(truncatingIfNeeded: count) : -1,
            isToClient: isToClient, isMessage: kind.hasMessages)
        item.row.isMessage = item.isMessage
        guard kind.hasMessages else {
            guard item.row.count > 0 else { return item.row.releaseOnWorker() }
            return passHooks(item, session)
        }
        deliverMessage(item, session)
    }

    private mutating func deliverMessage(_ item: HookRunner.Item, _ session: SessionID) {
        if item.isToClient {
            states[session].responses &+= 1
        } else {
            states[session].requests &+= 1
        }
        passHooks(item, session)
        guard isOpen(session) else { return }
        guard !item.isToClient else { return answered(session) }
        let most = pairs[sessions[session].pair].requests
        guard most != 0, states[session].requests >= most else { return }
        if sessions[session].kind.hasNamedClient {
            retire(session)
        } else {
            stopReading(session)
        }
    }

    private mutating func deliverEnd(_ session: SessionID) {
        let other = otherLeg(session)
        switch (sessions[session].kind, drivenSide(session)) {
        case (.streams, _), (_, .none): assertionFailure("a pair without driver")
        case (.hookedStreams, let side):
            let isToClient = side == .upstream
            let count = chain(of: session)?.pointee.count ?? 0
            var item = HookRunner.Item(
                row: BufferRow(), stage: isToClient ? Int8(truncatingIfNeeded: count) : -1,
                isToClient: isToClient, isMessage: false)
            item.isEnd = true
            passHooks(item, session)
        case (.framedStreams, _), (.datagramsToStream, .client): shutBehindQueue(other)
        case (.streamToDatagrams, .upstream):
            endResponses(session, .completed, readsOn: true)
        case (.streamToDatagrams, .client): clientEnded(session)
        case (.datagramsToStream, .upstream): endBridge(session, .completed)
        case (.datagrams, _): break
        }
    }

    // MARK: Ends

    private mutating func endByDriver(_ session: SessionID, _ cause: EndCause, reset: Bool) {
        guard !reset else { return breakDriven(session, cause) }
        driverRow(session)?.pointee.endsWith = cause
        driverRow(session)?.pointee.isOver = true
        wake(session)
    }

    /// Finishes a session, once asynchronous hooks have answered and the driver has seen its items.
    mutating func finishDriven(_ session: SessionID, _ cause: EndCause) {
        guard !hasParked(session) else { return }
        finish(session, cause, readsOn: true)
    }

    /// What was queued before goes out; then streams are reset.
    private mutating func breakDriven(_ session: SessionID, _ cause: EndCause) {
        guard sessions[session].kind.isOfStreams else { return end(session, cause, reset: true) }
        legs.breakBoth(session, cause)
        heedNotices()
    }

    /// A driver threw, or broke a rule.
    mutating func failDriver(_ session: SessionID) {
        guard isOpen(session) else { return }
        reportFailed(session)
        breakDriven(session, .protocolError)
    }

    func reportFailed(_ session: SessionID) {
        events.report(
            WorkerEvent(
                kind: .driverFailed, pair: sessions[session].pair, cause: .protocolError))
    }
}
