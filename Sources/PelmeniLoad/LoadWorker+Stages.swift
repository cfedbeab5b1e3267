internal import PelmeniCore
internal import PelmeniRuntime

/// The stages in order, and the schedule of an open loop.
extension LoadWorker {
    /// Moves to the stage that is due.
    mutating func advance(_ now: UInt64) {
        while let next = thinking.popDue(now) {
            rows[next.leg].meant = next.time
            proceed(next.leg, now)
        }
        switch stage {
        case .opening: if trials.tried == plan.connections { allAreOpen(now) }
        case .warmingUp:
            sendDue(now)
            if now >= stageEnd { beginWindow() }
        case .measuring:
            sendDue(now)
            guard now >= stageEnd else { return }
            if plan.isStaged {
                result.nanoseconds = plan.nanoseconds
                tell(.measured)
            }
            end(now)
        case .holding: break
        case .ending: if plan.isOpenLoop, now >= lastMoment { closeUnanswered() }
        }
    }

    /// Dials as many connections as may be opened at once.
    mutating func openMore() {
        let atOnce = plan.isStaged ? Self.openingMax : .max
        while trials.dialled < plan.connections, trials.dialled - trials.tried < atOnce,
            !isAbandoned
        {
            trials.dialled += 1
            dial()
        }
    }

    private mutating func allAreOpen(_ now: UInt64) {
        tell(.connected)
        guard !plan.holds else {
            stage = .holding
            windowStart = now
            return
        }
        stage = .warmingUp
        stageEnd = now &+ plan.warmUpNanoseconds
        scheduleStart = now
        for leg in 0..<legs.capacity where rows[leg].phase == .active { beginTurn(leg, now) }
        // With a connection for each request, the tried ones are closed.
        for _ in legs.openLegs..<plan.connections { dial() }
    }

    /// Connections with pauses begin spread over a pause: connections that begin together would
    /// send a burst after every pause.
    private mutating func beginTurn(_ leg: Int, _ now: UInt64) {
        guard plan.thinkNanoseconds > 0 else { return proceed(leg, now) }
        let share = plan.thinkNanoseconds &* UInt64(leg) / UInt64(plan.connections)
        thinking.append(leg, until: now &+ share)
    }

    private mutating func beginWindow() {
        tell(.measuring)
        let now = legs.now()
        stage = .measuring
        windowStart = now
        stageEnd = now &+ plan.nanoseconds
    }

    // MARK: The end

    /// A stop was requested.
    mutating func stop(_ now: UInt64) {
        guard stage != .ending else { return }
        if stage == .measuring || stage == .holding { result.nanoseconds = now &- windowStart }
        isAbandoned = stage != .holding
        end(now)
    }

    mutating func giveUp() {
        guard stage != .ending else { return }
        result.gaveUp = true
        stop(legs.now())
        isAbandoned = true
    }

    private mutating func end(_ now: UInt64) {
        stage = .ending
        if plan.holds, plan.origin != .source { return tryMoreAgain() }
        for leg in 0..<legs.capacity where rows[leg].phase == .active {
            if plan.origin == .source { proveStalled(leg, now) } else { proceed(leg, now) }
        }
    }

    /// Tries held connections again, as many at once as were opened at once: a proxy whose clients
    /// share its upstreams may not have the descriptors for more.
    mutating func tryMoreAgain() {
        let now = legs.now()
        while trials.inFlight < Self.openingMax, trials.nextAgain < legs.capacity {
            let leg = trials.nextAgain
            trials.nextAgain += 1
            if rows[leg].phase == .active { proceed(leg, now) }
        }
    }

    // MARK: The open loop

    /// The intended send time of a request: evenly spaced, whatever became of the earlier ones.
    func intended(_ request: Int) -> UInt64 {
        scheduleStart &+ UInt64(request) &* 1_000_000_000 / UInt64(plan.requestsPerSecond)
    }

    /// Requests go to the connections round-robin. A request for a busy connection waits, and its
    /// number is enough to keep.
    private mutating func sendDue(_ now: UInt64) {
        guard plan.isOpenLoop else { return }
        let last = stage == .measuring ? min(now, stageEnd &- 1) : now
        while intended(due) <= last {
            let leg = due % plan.connections
            due += 1
            proceed(leg, now)
        }
    }

    /// The number of a connection's requests that are due and unsent.
    func waiting(_ leg: Int) -> Int {
        guard !isAbandoned, due > leg else { return 0 }
        return (due - leg + plan.connections - 1) / plan.connections - rows[leg].asked
    }

    /// The time until which answers to the window's requests are awaited.
    private var lastMoment: UInt64 {
        isAbandoned ? .max : stageEnd &+ plan.timeoutNanoseconds
    }

    /// A request without an answer now is late, sent or not.
    mutating func closeUnanswered() {
        for leg in 0..<legs.capacity {
            let unsent = waiting(leg)
            result.faults.add(.timeout, unsent)
            (rows + leg).pointee.asked += unsent
            guard rows[leg].phase == .active || rows[leg].phase == .connecting else { continue }
            result.faults.add(.timeout, rows[leg].inFlight)
            rows[leg].phase = .closing
            legs.close(leg)
        }
    }
}
