internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The thread of a load: many connections, each with a few requests in flight.
struct LoadWorker: ~Copyable {
    /// The interval of the search for late exchanges.
    static let sweep: UInt64 = 50_000_000
    /// Connections that are opened and tried at once, so that no listener's backlog overflows.
    static let openingMax = 256

    var legs: LoadLegs
    let rows: UnsafeMutablePointer<LoadClient>
    /// Requests in flight: a ring of the plan's depth for each connection.
    let requests: UnsafeMutablePointer<LoadRequest>
    /// Heads of answers of HTTP.
    var heads: HTTPHeads
    private let target: UnsafeMutablePointer<SocketAddress>
    let plan: LoadPlan
    private let signal: StopSignal
    let tell: @Sendable (LoadMark) -> Void

    var stage: LoadStage
    /// Due requests are given up too.
    var isAbandoned = false
    var windowStart: UInt64 = .max
    /// The end of the stage, and of the window as soon as that has begun.
    var stageEnd: UInt64 = .max
    private var nextSweep: UInt64 = 0
    var trials = LoadTrials()
    /// The start of the open loop's schedule; below, the number of its due requests.
    var scheduleStart: UInt64 = 0
    var due = 0
    var thinking: ThinkQueue
    var number: UInt64
    var result = LoadResult()

    /// - Parameter tell: called on the worker's thread, and must be quick.
    init(
        _ plan: LoadPlan, signal: StopSignal, tell: @escaping @Sendable (LoadMark) -> Void
    ) throws(SystemError) {
        legs = try LoadLegs(
            capacity: plan.connections, blockClass: plan.blockClass,
            isPrecise: plan.isOpenLoop || plan.thinkNanoseconds > 0)
        rows = .allocate(capacity: plan.connections)
        rows.initialize(repeating: LoadClient(), count: plan.connections)
        requests = .allocate(capacity: plan.connections * plan.depth)
        requests.initialize(
            repeating: LoadRequest(number: 0, since: 0), count: plan.connections * plan.depth)
        heads = HTTPHeads(capacity: plan.origin == .http ? plan.connections : 0)
        target = .allocate(capacity: 1)
        target.initialize(to: plan.target)
        thinking = ThinkQueue(capacity: plan.connections)
        self.plan = plan
        self.signal = signal
        self.tell = tell
        stage = plan.isStaged ? .opening : .measuring
        number = plan.number << 40
    }

    deinit {
        rows.deallocate()
        requests.deallocate()
        target.deallocate()
    }

    // MARK: The loop

    mutating func run() {
        let started = legs.now()
        nextSweep = started &+ Self.sweep
        if !plan.isStaged {
            windowStart = started
            stageEnd = started &+ plan.nanoseconds
        }
        var error = legs.watch(signal.event)
        openMore()
        while error == 0, legs.openLegs > 0 {
            error = legs.submit(until: deadline())
            while let event = legs.next() { handle(event) }
            let now = legs.now()
            if now >= nextSweep {
                nextSweep = now &+ Self.sweep
                closeLate(now)
            }
            advance(now)
        }
        if error != 0 { result.failure = SystemError(code: error) }
        if stage != .ending { result.gaveUp = true }
        if plan.isOpenLoop { closeUnanswered() }
    }

    private func deadline() -> UInt64 {
        switch stage {
        case .opening: nextSweep
        // No request can be late.
        case .holding: .max
        case .ending: min(nextSweep, thinking.firstDue)
        case .warmingUp, .measuring:
            min(nextSweep, stageEnd, thinking.firstDue, plan.isOpenLoop ? intended(due) : .max)
        }
    }

    private mutating func handle(_ event: LoadEvent) {
        switch event {
        case .woken: if signal.isRequested { stop(legs.now()) }
        case .connected(let leg): connected(leg)
        case .received(let leg, let block, let count): take(leg, block, count)
        case .sent(let leg): proceed(leg, legs.now())
        case .ended(let leg): ended(leg)
        case .failed(let leg, let error): fail(leg, Fault(errno: error))
        case .closed(let leg): closed(leg)
        case .accepted, .acceptFailed: break
        }
    }

    // MARK: Connections

    mutating func dial() {
        guard let leg = legs.dial(target) else {
            result.faults.add(.other)
            // Otherwise the wait for all connections would never end.
            if stage == .opening { giveUp() }
            return
        }
        result.connections += 1
        if plan.origin == .http { heads.reset(leg) }
        rows[leg] = LoadClient(phase: .connecting, since: legs.now(), asked: rows[leg].asked)
    }

    private mutating func connected(_ leg: Int) {
        rows[leg].phase = .active
        guard plan.origin != .source else { return beginStalling(leg) }
        legs.receive(leg, limit: plan.receiveBytesMax)
        proceed(leg, legs.now())
    }

    private mutating func ended(_ leg: Int) {
        guard rows[leg].phase == .ending else { return fail(leg, .short) }
        rows[leg].phase = .closing
        legs.close(leg)
    }

    private mutating func closed(_ leg: Int) {
        rows[leg].phase = .closed
        switch stage {
        case .opening: if !rows[leg].isTried { dial() }
        case .warmingUp, .measuring: dial()
        case .holding, .ending: break
        }
    }

    /// A connection's fault counts for each of its requests in flight.
    mutating func fail(_ leg: Int, _ fault: Fault) {
        result.faults.add(fault, max(1, rows[leg].inFlight))
        if stage == .opening, rows[leg].isTried {
            rows[leg].isTried = false
            trials.tried -= 1
        }
        rows[leg].phase = .closing
        if plan.holds, stage == .ending, rows[leg].inFlight > 0 { trials.inFlight -= 1 }
        rows[leg].inFlight = 0
        legs.close(leg)
        if result.faults.total >= plan.faultsMax { giveUp() }
        if plan.holds, stage == .ending { tryMoreAgain() }
    }

    /// A hanging exchange would delay the whole run.
    private mutating func closeLate(_ now: UInt64) {
        for leg in 0..<legs.capacity {
            switch rows[leg].phase {
            case .closed, .closing: continue
            case .active: if rows[leg].inFlight == 0 { continue }
            case .connecting, .ending: break
            }
            if now > rows[leg].since, now &- rows[leg].since > plan.timeoutNanoseconds {
                fail(leg, .timeout)
            }
        }
    }
}
