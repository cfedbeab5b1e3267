internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// One run of the engine's worker over the simulated kernel: its memory, its loop, its verdict.
struct SimulationRun: ~Copyable {
    private let setup: SimulationSetup
    private let pool: BufferPool
    private let kernel: SimulatedKernel
    private let counters = Counters()
    private let shared: UnsafeMutablePointer<Int64>
    private let pairs: UnsafeMutablePointer<PairRow>
    private let upstreams: UnsafeMutablePointer<Upstream>
    private let addresses: UnsafeMutablePointer<UpstreamAddress>
    private let hooks: HookMemory
    private let drivers: [DriverPlans]

    /// Nil when memory is short.
    init?(_ setup: SimulationSetup) {
        guard let pool = BufferPool(limits: setup.pool) else { return nil }
        self.setup = setup
        self.pool = pool
        let plans = setup.world.pairs
        let slots = HostedWorker.slots(sessions: setup.sessions, listeners: plans)
        kernel = SimulatedKernel(
            world: setup.world, pool: pool, slots: slots,
            scripts: setup.scripted?.plan.map { ScriptBook($0, seed: setup.world.seed) },
            plays: (setup.scripted?.makePrograms).map { PlayBook($0()) })
        shared = .allocate(capacity: plans + 2)
        shared.initialize(repeating: 0, count: plans + 2)
        pairs = .allocate(capacity: plans)
        upstreams = .allocate(capacity: plans * Self.upstreamsMax)
        addresses = .allocate(capacity: plans * Self.upstreamsMax * Upstream.addressesMax)
        drivers = setup.driverPlans(kernel)
        hooks = HookMemory(plans: setup.hookPlans(kernel, drivers), event: -1)
        fillPairs()
    }

    deinit {
        counters.destroy()
        shared.deallocate()
        pairs.deallocate()
        upstreams.deallocate()
        addresses.deallocate()
        hooks.destroy()
        pool.destroy()
    }

    /// Upstreams of a pair, at most.
    static var upstreamsMax: Int { 4 }

    private func fillPairs() {
        for plan in 0..<setup.world.pairs {
            let moods = setup.world.destinations(plan)
            for upstream in moods.indices {
                let row = plan * Self.upstreamsMax + upstream
                let first = addresses + row * Upstream.addressesMax
                first.initialize(repeating: UpstreamAddress(), count: Upstream.addressesMax)
                (upstreams + row).initialize(to: Upstream(addresses: first, endpoint: upstream))
                upstreams[row].replaceAddresses(
                    moods[upstream].indices.map {
                        setup.world.address(plan, upstream: upstream, address: $0)
                    })
            }
            let messages = setup.world.messagePlan(plan)
            var pair = PairRow(
                deadlines: messages?.deadlines ?? setup.deadlines, options: SocketOptions(),
                sessionsMax: Int64(setup.scripted?.pair.sessionsMax ?? 0),
                sessionsOpen: shared + 1 + plan,
                upstreams: upstreams + plan * Self.upstreamsMax, upstreamCount: UInt8(moods.count))
            pair.isUnix = setup.world.listensOnUnix(plan)
            if let messages {
                pair.kind = messages.kind
                pair.clientFraming = StreamFraming(
                    messages.framing(ofClient: true), maxFrame: messages.maxFrame)
                pair.upstreamFraming = StreamFraming(
                    messages.framing(ofClient: false), maxFrame: messages.maxFrame)
                pair.requests = messages.requests
                pair.responses = messages.responses
                pair.tellsLocal = messages.tellsLocal
            }
            if let scripted = setup.scripted { pair.adopt(scripted.pair) }
            if !hooks.plans.isEmpty { pair.attach(hooks.plans[plan]) }
            (pairs + plan).initialize(to: pair)
        }
    }

    /// Runs the seed to its end and judges it.
    func outcome(trace: ((String) -> Void)?) -> SimulationOutcome {
        kernel.trace = trace
        var outcome = SimulationOutcome(seed: setup.world.seed)
        let limits = Limits(
            shares: SessionShares(streams: setup.sessions, datagrams: setup.sessions),
            engineSessionsCap: setup.cap, engineSessionsOpen: shared,
            datagramSessionsOpen: shared + setup.world.pairs + 1, sessions: setup.sessions)
        let reports = WorkerReports(points: kernel.points, hooks: hooks)
        defer { withExtendedLifetime(reports) {} }
        let listeners = (0..<setup.world.pairs).map {
            WorkerListener(
                socket: SimulatedKernel.firstDescriptor + Int32($0), pair: PairID($0),
                isShared: false,
                isDatagrams: setup.world.messagePlan($0)?.listensForDatagrams ?? false,
                refusesWhenDown: setup.refusesWhenDown($0))
        }
        let requests = WorkerRequests(
            reader: { context, _ in context?.load(as: UInt32.self) ?? 0 },
            context: UnsafeMutableRawPointer(kernel.requested), event: 3)
        guard
            var worker = HostedWorker(
                host: SimulatedRing(kernel: kernel), pool: pool, limits: limits, pairs: pairs,
                hooks: hooks, drivers: drivers, listeners: listeners, requests: requests,
                counters: counters,
                events: reports.events,
                key: setup.world.seed)
        else {
            outcome.violations = ["no memory for the relay"]
            return outcome
        }
        _ = worker.begin()
        var turns: UInt64 = 0
        while worker.runOnce() {
            turns += 1
            if turns & 15 == 0 { checkMarks(worker.queuedMost) }
        }
        worker.closeReserve()
        kernel.settle()
        judge(worker, &outcome)
        outcome.failure?.closed = reports.closed
        return outcome
    }

    /// No leg queues more than the high watermark and one receive beyond it.
    private func checkMarks(_ queued: Int) {
        // A hook emits as much again, and more; a program's driver sends what it likes.
        guard setup.scripted?.pair.drivers.isEmpty ?? true else { return }
        let isHooked = !setup.world.chaos.isEmpty || setup.scripted != nil
        let most = isHooked ? Buffer.emitMax + Buffer.bytesMax : 0
        guard queued > Limits.bulkHigh + BlockClass.bulk.bytes + most else { return }
        kernel.violate("\(queued) bytes are queued on one leg")
    }

    private func judge(
        _ worker: borrowing HostedWorker, _ outcome: inout SimulationOutcome
    ) {
        count(&outcome)
        if let violation = kernel.violation {
            outcome.violations = [violation]
            outcome.failure = kernel.messages.scripts?.failure
            return
        }
        outcome.violations = worker.leaks(lentMost: kernel.chaos.later == nil ? 0 : .max)
        if kernel.openDescriptors != 0 {
            outcome.violations.append("\(kernel.openDescriptors) descriptors are open")
        }
        for plan in 0...setup.world.pairs + 1 where shared[plan] != 0 {
            outcome.violations.append("\(shared[plan]) sessions are counted as open")
        }
        if let programs = kernel.messages.plays?.programs {
            outcome.violations += programs.judge(outcome)
            for (point, count) in programs.points { outcome.add(point, count) }
        }
        guard setup.scripted == nil else { return }
        var judge = FlowJudge(
            plans: setup.world.plans, results: kernel.results(), allowances: allowances())
        outcome.violations +=
            judge.judge() + kernel.judgeMessages(counters)
            + kernel.judgeChaos() + kernel.judgeDescriptors(counters)
    }

    private func allowances() -> FlowJudge.Allowances {
        var allowances = setup.allowances
        // A busy upstream may stay busy until the connect deadline, though hardly ever does.
        let isBusy = setup.world.upstreams.contains { $0.contains([.busy]) }
        if isBusy, counters.get(.connectTimeout) > 0 { allowances.cuts = true }
        return allowances
    }

    private func count(_ outcome: inout SimulationOutcome) {
        outcome.hash = kernel.hash.value
        outcome.sessions = counters.get(.accepted)
        outcome.bytes = counters.get(.bytesToUpstream) + counters.get(.bytesToClient)
        for point in SimulatedPoint.allCases {
            outcome.points[point.rawValue] = kernel.points[point.rawValue]
        }
        outcome.add(.starved, counters.get(.starved))
        outcome.add(.copied, counters.get(.copiedBytes) > 0 ? 1 : 0)
        outcome.add(.acceptPaused, counters.get(.acceptPauses))
        let causes: [(EndCause, SimulatedPoint)] = [
            (.completed, .causeCompleted), (.clientReset, .causeClientReset),
            (.upstreamReset, .causeUpstreamReset), (.connectRefused, .causeConnectRefused),
            (.connectTimeout, .causeConnectTimeout), (.noUpstream, .causeNoUpstream),
            (.firstByte, .causeFirstByte), (.idle, .causeIdle), (.linger, .causeLinger),
            (.sendStalled, .causeSendStalled), (.pool, .causePool), (.limit, .causeLimit),
            (.drainCut, .causeDrainCut), (.badFrame, .causeBadFrame),
            (.hook, .causeHook), (.protocolError, .causeProtocolError),
        ]
        for (cause, point) in causes { outcome.add(point, counters.get(cause)) }
        let drops: [(DropReason, SimulatedPoint)] = [
            (.oversize, .dropOversize), (.truncated, .dropTruncated),
            (.tableFull, .dropTableFull), (.queueFull, .dropQueueFull),
            (.noUpstream, .dropNoUpstream), (.noPort, .dropNoPort), (.draining, .dropDraining),
            (.noReturnAddress, .dropNoReturnAddress), (.surplus, .dropSurplus),
            (.hook, .dropHook),
        ]
        for (reason, point) in drops { outcome.add(point, counters.get(reason)) }
        for cause in EndCause.allCases where counters.get(cause) > 0 {
            outcome.causes[cause] = counters.get(cause)
        }
        for reason in DropReason.allCases where counters.get(reason) > 0 {
            outcome.drops[reason] = counters.get(reason)
        }
        outcome.datagramsToUpstream = counters.get(.datagramsToUpstream)
        outcome.datagramsToClient = counters.get(.datagramsToClient)
        if kernel.mustGoOn(counters) { outcome.add(.framedGoesOn, 1) }
        if setup.world.drainsAt != .max || setup.world.stopsAt != .max { outcome.add(.drained, 1) }
    }
}
