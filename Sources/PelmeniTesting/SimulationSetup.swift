package import PelmeniCore
internal import PelmeniRuntime

/// A seed's setup of a run: the simulated world, and the engine's settings in it.
package struct SimulationSetup: Sendable {
    package var world: SimulatedWorld
    package var deadlines = Deadlines()
    package var pool = PoolLimits(smallBlocks: 64, bulkBlocks: 8)
    /// Rows of sessions; above the backlog's size accepts are multishot.
    package var sessions = 256
    /// Sessions over this are closed; 0 is no cap.
    package var cap: Int64 = 0
    package var allowances = FlowJudge.Allowances()
    /// A program's own pair with scripted peers.
    var scripted: Scripted?

    /// A given set of plans in a world without faults.
    package init(seed: UInt64, plans: [FlowPlan]) {
        world = SimulatedWorld(seed: seed)
        world.plans = plans
        world.upstreams = plans.map { _ in [[.accepts]] }
    }

    /// The decisions of the seed.
    package init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        self.init(seed: seed, plans: Self.plans(&random))
        shape(&random)
        if Self.hasMessages(seed: seed) {
            shapeMessages()
        } else {
            // A generator of its own, so that other seeds stay as they are.
            var random = SeededRandom(seed: seed ^ 0x73_706c_6963_65)
            if random.chance(0x2000) { shapeLong(&random) }
        }
        if Self.hasHooks(seed: seed) { shapeChaos() }
        if Self.hasDrivers(seed: seed) { shapeDrivers() }
        if Self.hasPairDrivers(seed: seed) { shapePairDrivers() }
        shapeRefusals()
        var apart = SeededRandom(seed: seed ^ 0x6d69_7373)
        if apart.chance(0x8000) {
            world.faults.missedEnd = apart.pick([2000, 20_000, 65_536])
        }
    }

    private mutating func shape(_ random: inout SeededRandom) {
        shapeRing(&random)
        shapeSockets(&random)
        shapeEngine(&random)
        guard !random.chance(0x2000) else { return }
        shapeFaults(&random)
        shapeUpstreams(&random)
        shapeEnd(&random)
        if world.faults.cutsSessions { allowances.cuts = true }
    }

    /// Whether a pair's listener refuses clients while no upstream is up.
    func refusesWhenDown(_ pair: Int) -> Bool {
        if let scripted { return scripted.pair.refusesWhenDown }
        return pair < world.plans.count && world.plans[pair].refusesWhenDown
    }

    /// Where sessions may be cut, some listeners refuse their clients, and some upstreams begin
    /// to accept.
    private mutating func shapeRefusals() {
        var apart = SeededRandom(seed: world.seed ^ 0x7265_6675_7365)
        guard allowances.cuts, apart.chance(0x8000) else { return }
        for plan in world.plans.indices where !world.plans[plan].listensOnUnix {
            world.plans[plan].refusesWhenDown = apart.chance(0x8000)
            guard apart.chance(0x8000) else { continue }
            world.upstreams[plan] = world.upstreams[plan].map {
                $0.map { $0 == .refuses ? .late : $0 }
            }
        }
    }

    // MARK: Plans

    private static func plans(_ random: inout SeededRandom) -> [FlowPlan] {
        let count = random.between(1, 4)
        var budget = 3_000_000
        return (0..<count).map { _ in plan(&random, &budget) }
    }

    private static func plan(_ random: inout SeededRandom, _ budget: inout Int) -> FlowPlan {
        let up = size(&random)
        let down = size(&random)
        var sessions = random.pick([1, 2, 3, 5, 8, 13, 30, 60])
        sessions = max(1, min(sessions, budget / max(1, up + down)))
        budget = max(0, budget - sessions * (up + down))
        var plan = FlowPlan(
            sessions: sessions, bytesToUpstream: up, bytesToClient: down,
            chunk: random.pick([100, 1400, 16384, 16384, 65536, 1 << 20]),
            start: random.pick(FlowPlan.Start.allCases), end: .byBoth)
        if up + down > 100_000 { plan.chunk = max(plan.chunk, 4096) }
        plan.end = end(&random, plan)
        plan.clientReading = reading(&random)
        plan.upstreamReading = reading(&random)
        return plan
    }

    private static func size(_ random: inout SeededRandom) -> Int {
        switch random.below(12) {
        case 0: 0
        case 1: 1
        case 2: 16383
        case 3: 16384
        case 4: 16385
        case 5: random.between(100_000, 1_000_000)
        case 6, 7: random.between(10_000, 60_000)
        default: random.between(2, 4000)
        }
    }

    private static func end(_ random: inout SeededRandom, _ plan: FlowPlan) -> FlowPlan.End {
        switch random.below(10) {
        case 0, 1: .byClient
        case 2, 3: .byUpstream
        case 4: .clientResets(after: random.between(0, plan.bytesToUpstream))
        case 5: .upstreamResets(after: random.between(0, plan.bytesToClient))
        case 6: .clientResets(after: plan.bytesToUpstream)
        case 7: random.chance(0x6000) ? .byProxy : .byBoth
        default: .byBoth
        }
    }

    private static func reading(_ random: inout SeededRandom) -> FlowPlan.Reading {
        switch random.below(24) {
        case 0: .never
        case 1: .late(UInt64(random.between(1_000_000, 5_000_000_000)))
        case 2: .late(UInt64(random.between(1_000_000, 200_000_000)))
        default: .prompt
        }
    }

    // MARK: The ring, the sockets, the engine

    mutating func shapeRing(_ random: inout SeededRandom) {
        world.isMultishot = !random.chance(0x4000)
        world.postsBlocks = random.chance(0x9000)
        world.posted.small = random.pick([1, 4, 16, 256])
        world.posted.bulk = random.pick([1, 2, 32])
        world.waitsForAll = random.chance(0xa000)
        world.tellsAcknowledged = random.chance(0xc000)
    }

    mutating func shapeSockets(_ random: inout SeededRandom) {
        world.sendBuffer = random.pick([2, 2000, 20_000, 70_000, 300_000])
        world.receiveBuffer = random.pick([2, 3000, 20_000, 70_000, 600_000])
        // Byte by byte is slow: only with few bytes.
        let bytes = world.plans.reduce(0) {
            $0 + $1.sessions * ($1.bytesToUpstream + $1.bytesToClient)
        }
        let least = bytes / 400
        world.sendBuffer = max(world.sendBuffer, least)
        world.receiveBuffer = max(world.receiveBuffer, least)
        world.backlog = random.pick([4, 64, 1024])
        world.arrival = random.pick([1000, 1_000_000, 100_000_000])
        world.faults.latency = random.pick([1000, 100_000, 2_000_000])
    }

    /// Long streams, with buffers that fill blocks: these are spliced.
    private mutating func shapeLong(_ random: inout SeededRandom) {
        for plan in world.plans.indices {
            world.plans[plan].sessions = random.between(1, 3)
            if random.chance(0xc000) {
                world.plans[plan].bytesToUpstream = random.between(200_000, 700_000)
            }
            if random.chance(0xc000) {
                world.plans[plan].bytesToClient = random.between(200_000, 700_000)
            }
            world.plans[plan].chunk = random.pick([65536, 1 << 20])
        }
        world.sendBuffer = random.pick([40_000, 300_000])
        world.receiveBuffer = random.pick([100_000, 600_000])
        if random.chance(0x4000) { world.faults.noPipe = Self.rate(&random) }
    }

    private mutating func shapeEngine(_ random: inout SeededRandom) {
        let second = Deadlines.second
        deadlines.connect = UInt64(random.between(1, 5)) * second
        deadlines.idle = UInt64(random.pick([3, 10, 25, 60])) * second
        deadlines.linger = UInt64(random.pick([2, 6, 30])) * second
        deadlines.stall = UInt64(random.between(8, 40)) * second
        deadlines.firstByte = random.chance(0x2000) ? 10 * second : 0
        pool = PoolLimits(
            smallBlocks: random.pick([4, 8, 64, 128]), bulkBlocks: random.pick([2, 2, 4, 8]))
        sessions = random.pick([64, 256, 4100, 5000])
        if random.chance(0x800) {
            sessions = random.between(1, 8)
        }
        if random.chance(0x800) {
            cap = Int64(random.between(1, 8))
            allowances.cuts = true
        }
        // Stalled readers may hold all blocks of a small pool beyond the deadlines.
        let count = world.plans.reduce(0) { $0 + $1.sessions }
        if world.plans.contains(where: \.mayBeCut), pool.smallBlocks < 8 * count {
            allowances.cuts = true
        }
        if allowances.cuts, random.chance(0x4000) { deadlines.firstByte = second / 50 }
    }

    // MARK: Faults

    static func rate(_ random: inout SeededRandom) -> UInt32 {
        switch random.below(6) {
        case 0: UInt32(random.between(1, 600))
        case 1: UInt32(random.between(600, 6000))
        case 2: UInt32(random.between(6000, 30_000))
        default: 0
        }
    }

    private mutating func shapeFaults(_ random: inout SeededRandom) {
        world.faults.shortReceive = Self.rate(&random)
        world.faults.shortSend = Self.rate(&random)
        world.faults.earlyEnd = Self.rate(&random)
        world.faults.delay = Self.rate(&random)
        world.faults.reorder = Self.rate(&random)
        world.faults.spurious = Self.rate(&random)
        world.faults.stale = Self.rate(&random)
        world.faults.cancelLost = Self.rate(&random)
        if random.chance(0x1800) { world.faults.acceptAbort = Self.rate(&random) }
        if random.chance(0x1800) { world.faults.connectRefuse = Self.rate(&random) }
        if random.chance(0x1800) { world.faults.connectUnreachable = Self.rate(&random) }
        if random.chance(0x1000) { world.faults.connectTimeout = Self.rate(&random) }
        if random.chance(0x1000) { world.faults.connectSilent = Self.rate(&random) }
        if random.chance(0x1800) {
            world.faults.clockJump = UInt32(random.between(10, 600))
            world.faults.clockJumpMost = random.pick([50_000_000, 2_000_000_000])
            allowances.lateResets = true
            allowances.cuts = true
        }
        if random.chance(0x1000) {
            world.faults.descriptorLimit =
                world.plans.count + 1 + random.between(2, 30)
        }
        world.healsAt = SimulatedWorld.start + 20 * Deadlines.second
    }

    private mutating func shapeUpstreams(_ random: inout SeededRandom) {
        for plan in world.plans.indices where random.chance(0x4000) {
            let bad: [SimulatedDestination.Mood] = [
                .refuses, .refuses, .unreachable, .timesOut, .silent,
            ]
            var upstreams: [[SimulatedDestination.Mood]] = []
            for _ in 0..<random.between(1, 3) {
                if random.chance(0x3000) {
                    upstreams.append([.busy])
                    continue
                }
                upstreams.append(
                    (0..<random.between(1, 3)).map { _ in
                        random.chance(0x8000) ? .accepts : random.pick(bad)
                    })
            }
            world.upstreams[plan] = upstreams
            // A reachable upstream is found in the end, unless there is none.
            let isReachable = upstreams.allSatisfy { $0.contains(.accepts) || $0 == [.busy] }
            if !isReachable { allowances.cuts = true }
        }
    }

    private mutating func shapeEnd(_ random: inout SeededRandom) {
        let within = 2 * world.arrival + 50 * world.faults.latency
        if random.chance(0x1000) {
            world.drainsAt = SimulatedWorld.start + UInt64(random.below(within))
            allowances.cuts = true
        }
        if random.chance(0x1000) {
            world.stopsAt = SimulatedWorld.start + UInt64(random.below(within))
            allowances.cuts = true
        }
    }
}
