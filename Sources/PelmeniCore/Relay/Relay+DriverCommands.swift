internal import CPelmeni
internal import Glibc

// What drivers want done, in order, once their call has returned.
extension Relay where R: ~Copyable {
    /// Carries out the commands of a call. False when the session does not go on: the commands
    /// behind are dropped.
    mutating func carryOut(_ driver: DriverID) -> Bool {
        var index = 0
        while index < drivers.call.pointee.count {
            let command = drivers.call.pointee.commands[index]
            index &+= 1
            carryOut(command, driver)
            guard isDriving(driver.session), row(driver)?.pointee.isOver == false else {
                dropCommands(from: index, driver)
                return false
            }
        }
        if row(driver)?.pointee.dialling.phase == .waiting { connectOnDemand(driver) }
        return true
    }

    /// Drops commands of a driver that failed, or whose session has ended.
    func dropCommands(from first: Int, _ driver: DriverID) {
        let count = drivers.call.pointee.count
        for index in first..<max(first, count) {
            let command = drivers.call.pointee.commands + index
            if command.pointee.kind == .deliver, sessions[driver.session].kind.hasMessages {
                drop(driver.deliversToClient ? .surplus : .noUpstream)
            }
            command.pointee.row.releaseOnWorker()
        }
        drivers.call.pointee.count = 0
    }

    private mutating func carryOut(_ command: DriverCommand, _ driver: DriverID) {
        guard let row = row(driver) else { return }
        switch command.kind {
        case .send: sendOwn(command.row, driver)
        case .deliver: deliver(command.row, driver)
        case .deliverEnd: deliverEnd(driver)
        case .shutdown: if !hasDatagrams(driver) { shutBehindQueue(ownLeg(driver)) }
        case .pause: row.pointee.isPaused = true
        case .resume:
            row.pointee.isPaused = false
            row.pointee.isFresh = true
            wake(driver)
        case .awaitDrained: awaitDrained(driver)
        case .timer:
            row.pointee.timerAt = command.flag ? max(1, now &+ command.number) : 0
            if command.flag { legs.wheel.hasten(driver.session, to: row.pointee.timerAt) }
        case .drop:
            drop(DropReason(rawValue: UInt8(truncatingIfNeeded: command.number)) ?? .surplus)
        case .end:
            if command.number == 1 { reportEnd(driver.session, command.cause) }
            endByDriver(driver, command.cause, reset: command.flag)
        case .connect where driver.isOfClient && dialsOnDemand(driver.session):
            if sessions[driver.session].upstream.isNone { row.pointee.dialling.phase = .waiting }
        case .closeUpstream where driver == dialler(driver.session): disconnect(driver.session)
        case .connect, .closeUpstream: break
        case .hold:
            row.pointee.dialling.holds = command.flag
            if !command.flag { wake(driver) }
        case .link, .park, .begin:
            assertionFailure("a driver of one side has one leg")
        }
    }

    private mutating func awaitDrained(_ driver: DriverID) {
        let own = ownLeg(driver)
        guard !hasDatagrams(driver), !legs.isDrained(own) || hasSurplus(towards: own) else {
            return wake(driver, for: .drained)
        }
        row(driver)?.pointee.awaitsDrained = true
        legs[own].flags.insert(.tellsDrained)
    }

    /// Sends on the driver's own side.
    private mutating func sendOwn(_ bytes: BufferRow, _ driver: DriverID) {
        var bytes = bytes
        guard !hasDatagrams(driver) else {
            return bringMessage(bytes, driver.session, isToClient: driver.isOfClient)
        }
        let own = ownLeg(driver)
        guard legs[own].phase == .open, !legs[own].flags.contains(.shutsBehindQueue) else {
            return bytes.releaseOnWorker()
        }
        sendChunk(bytes, on: own, driver.session)
    }

    // MARK: The other side

    /// A unit on its way from a driver, before all hooks.
    private func item(_ bytes: BufferRow, from driver: DriverID) -> HookRunner.Item {
        let hooks = chain(of: driver.session)?.pointee.count ?? 0
        var item = HookRunner.Item(
            row: bytes, stage: driver.deliversToClient ? Int8(truncatingIfNeeded: hooks) : -1,
            isToClient: driver.deliversToClient,
            isMessage: sessions[driver.session].kind.hasMessages)
        item.row.isMessage = item.isMessage
        return item
    }

    private mutating func deliver(_ bytes: BufferRow, _ driver: DriverID) {
        var item = item(bytes, from: driver)
        guard row(driver)?.pointee.hasDeliveredEnd == false else {
            if item.isMessage { drop(driver.deliversToClient ? .surplus : .noUpstream) }
            return item.row.releaseOnWorker()
        }
        guard !item.isMessage else { return deliverMessage(item, driver.session) }
        guard item.row.count > 0 else { return item.row.releaseOnWorker() }
        passHooks(item, driver.session)
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

    /// Tells the other side of an end, behind what was delivered.
    mutating func deliverEnd(_ driver: DriverID) {
        let session = driver.session
        if sessions[session].kind != .datagrams { row(driver)?.pointee.hasDeliveredEnd = true }
        guard
            !sessions[session].kind.hasMessages
                || !isParked(session, isToClient: driver.deliversToClient)
        else {
            row(driver)?.pointee.events.insert(.deliversEnd)
            return
        }
        row(driver)?.pointee.events.remove(.deliversEnd)
        let isOtherDriven = row(driver.other) != nil
        switch (sessions[session].kind, driver.isOfClient) {
        case (.streams, _), (.drivenStreams, _): assertionFailure("a pair without drivers of sides")
        case (.hookedStreams, _):
            var end = item(BufferRow(), from: driver)
            end.isEnd = true
            passHooks(end, session)
        case (.framedStreams, _) where isOtherDriven,
            (.datagramsToStream, true) where isOtherDriven,
            (.streamToDatagrams, false) where isOtherDriven:
            otherEnded(driver.other)
        case (.framedStreams, _), (.datagramsToStream, true): shutBehindQueue(otherLeg(driver))
        case (.streamToDatagrams, false): endResponses(session, .completed, readsOn: true)
        case (.streamToDatagrams, true): clientEnded(session)
        case (.datagramsToStream, false): endBridge(session, .completed)
        case (.datagrams, _): break
        }
    }

    // MARK: Ends

    private mutating func endByDriver(_ driver: DriverID, _ cause: EndCause, reset: Bool) {
        guard !reset else { return breakDriven(driver.session, cause) }
        // The first end holds.
        guard row(driver)?.pointee.isOver == false else { return }
        row(driver)?.pointee.endsWith = cause
        row(driver)?.pointee.isOver = true
        wake(driver)
    }

    /// Finishes a session, once asynchronous hooks have answered and the other driver has seen what
    /// was delivered.
    mutating func finishDriven(_ driver: DriverID, _ cause: EndCause) {
        guard !hasParked(driver.session) else { return }
        if let other = row(driver.other), !other.pointee.isOver,
            !other.pointee.items.isEmpty || !other.pointee.hasOtherEnded
        {
            otherEnded(driver.other)
            return wake(driver)
        }
        dropUntaken(driver)
        finish(driver.session, cause, readsOn: true)
    }

    /// Drops what waits for a driver that is called no more: its session does not wait for that.
    private mutating func dropUntaken(_ driver: DriverID) {
        guard let row = row(driver), row.pointee.isOver else { return }
        row.pointee.rest.releaseOnWorker()
        row.pointee.rest = BufferRow()
        while var item = row.pointee.items.popFirst() {
            if item.isMessage { drop(item.isToClient ? .surplus : .noUpstream) }
            item.row.releaseOnWorker()
        }
    }

    /// Whether a hook's finish has to wait for a driver, which has not sent the reply yet.
    mutating func finishesLater(_ session: SessionID) -> Bool {
        guard drivers.areThere else { return false }
        return finishesLater(DriverID(session, ofClient: true))
            || finishesLater(DriverID(session, ofClient: false))
    }

    private func finishesLater(_ driver: DriverID) -> Bool {
        guard let row = row(driver), !row.pointee.items.isEmpty else { return false }
        row.pointee.endsWith = .completed
        return true
    }

    /// A hook has finished the session, and a driver is still to send its last bytes.
    func isFinishedByHook(_ session: SessionID) -> Bool {
        guard drivers.areThere else { return false }
        return row(DriverID(session, ofClient: true))?.pointee.isFinishedByHook == true
            || row(DriverID(session, ofClient: false))?.pointee.isFinishedByHook == true
    }

    /// What was queued before goes out; then streams are reset.
    private mutating func breakDriven(_ session: SessionID, _ cause: EndCause) {
        guard sessions[session].kind.isOfStreams else { return end(session, cause, reset: true) }
        legs.breakBoth(session, cause)
        heedNotices()
    }

    /// A driver threw, or broke a rule.
    mutating func failDriver(_ driver: DriverID) {
        guard isOpen(driver.session) else { return }
        reportFailed(driver.session)
        breakDriven(driver.session, .protocolError)
    }

    func reportFailed(_ session: SessionID) {
        events.report(
            WorkerEvent(
                kind: .driverFailed, pair: sessions[session].pair, cause: .protocolError))
    }
}
