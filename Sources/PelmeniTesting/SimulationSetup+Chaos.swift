internal import PelmeniCore
internal import PelmeniRuntime

// Worlds with hooks: seeds that leave 5 or 9 when divided by 16. The latter have messages.
extension SimulationSetup {
    /// Whether a seed's world has hooks.
    package static func hasHooks(seed: UInt64) -> Bool { seed % 16 == 5 || seed % 16 == 9 }

    mutating func shapeChaos() {
        var random = SeededRandom(seed: world.seed ^ 0x6368_616f_7320)
        world.chaos = Array(repeating: nil, count: world.pairs)
        let isViolent = world.healsAt != .max && random.chance(0x8000)
        for pair in 0..<world.pairs where random.chance(0xe000) {
            var plan = ChaosPlan()
            let isLate = random.chance(0x6000)
            let chains: [([ChaosPlan.Directions], [ChaosPlan.Directions])] = [
                ([.both], []), ([.both], []), ([], [.both]), ([.toUpstream], []),
                ([], [.toClient]), ([.toUpstream], [.toClient]), ([.both], [.both]),
                ([.both, .toClient], [.toUpstream]),
            ]
            let chain = random.pick(chains)
            plan.ofServer = chain.0.map {
                ChaosPlan.Stage(directions: $0, isAsynchronous: isLate && random.chance(0x8000))
            }
            plan.ofClient = chain.1.map {
                ChaosPlan.Stage(directions: $0, isAsynchronous: isLate && random.chance(0x8000))
            }
            plan.isViolent = isViolent
            plan.releases = random.pick([0, 0, 0x400, 0x4000])
            world.chaos[pair] = plan
            // A hook may hold the first bytes of a side back: the other one must not wait for them.
            if pair < world.plans.count { world.plans[pair].start = .both }
        }
        // Emitted buffers and moved chunks take blocks, and a hook may end a session.
        if isViolent || pool.smallBlocks < 64 { allowances.cuts = true }
    }

    /// The hooks of each pair; empty without any. Drivers are noted in them.
    func hookPlans(_ kernel: SimulatedKernel, _ drivers: [DriverPlans]) -> [HookPlan] {
        if let pair = scripted?.pair { return pair.hooks.isEmpty ? [] : [pair.hooks] }
        let hasHooks = world.chaos.contains { $0 != nil }
        guard hasHooks || !drivers.isEmpty else { return [] }
        return (0..<world.pairs).map { pair in
            var hooks = HookPlan()
            let kind = world.messagePlan(pair)?.kind ?? .streams
            if hasHooks, let plan = world.chaos[pair] {
                hooks = plan.hooks(
                    seed: world.seed &+ UInt64(pair), kernel, isMessage: kind.hasMessages,
                    mayDrop: kind.hasDatagrams && world.messagePlan(pair)?.countsAnswers == false)
            }
            if !drivers.isEmpty { hooks.attach(drivers[pair]) }
            return hooks
        }
    }

    /// The drivers of each pair; empty without any.
    func driverPlans(_ kernel: SimulatedKernel) -> [DriverPlans] {
        if let drivers = scripted?.pair.drivers { return drivers.isEmpty ? [] : [drivers] }
        guard world.drivers.contains(where: { $0 != nil }) else { return [] }
        return (0..<world.pairs).map { pair in
            var plans = DriverPlans()
            guard let plan = world.drivers[pair] else { return plans }
            plans.ofPair = plan.ofPair?.driver(seed: world.seed &+ UInt64(pair), kernel)
            guard plans.ofPair == nil else { return plans }
            if plan.sides.contains(.client) { plans.ofServer = driver(pair, plan, .client, kernel) }
            if plan.sides.contains(.upstream) {
                plans.ofClient = driver(pair, plan, .upstream, kernel)
            }
            return plans
        }
    }

    private func driver(
        _ pair: Int, _ plan: ChaosDriverPlan, _ side: DrivenSides, _ kernel: SimulatedKernel
    ) -> DriverPlan {
        plan.driver(
            seed: world.seed &+ UInt64(pair) &+ (side == .client ? 0 : 0x5555), kernel,
            world.messagePlan(pair), isOfClient: side == .client,
            framing: drivenFraming(pair, side))
    }

    // MARK: Drivers

    /// Whether a seed's world has drivers that speak with both sides: a world of plain streams.
    package static func hasPairDrivers(seed: UInt64) -> Bool { seed % 16 == 6 }

    mutating func shapePairDrivers() {
        var random = SeededRandom(seed: world.seed ^ 0x7061_6972_73)
        world.drivers = Array(repeating: nil, count: world.pairs)
        let isViolent = world.healsAt != .max && random.chance(0x6000)
        for pair in 0..<world.pairs where random.chance(0xe000) {
            var plan = ChaosPairPlan()
            plan.isViolent = isViolent
            plan.holds = random.chance(0x8000)
            let isAsked =
                world.plans[pair].start == .client && world.plans[pair].bytesToUpstream > 0
            plan.mayPark = isAsked && random.chance(0x8000)
            world.drivers[pair] = ChaosDriverPlan(ofPair: plan)
        }
        if isViolent || pool.smallBlocks < 64 { allowances.cuts = true }
        // A client's reset ends the session at once.
        allowances.lateResets = true
    }

    /// Whether a seed's world has drivers: of plain streams, of datagrams, of framed streams, and
    /// in two of them with hooks.
    package static func hasDrivers(seed: UInt64) -> Bool {
        [7, 13].contains(seed % 16) || seed % 32 == 17 || [37, 41].contains(seed % 64)
    }

    mutating func shapeDrivers() {
        var random = SeededRandom(seed: world.seed ^ 0x6472_6976_6572)
        // A generator of its own, so that the other decisions stay as they are.
        var apart = SeededRandom(seed: world.seed ^ 0x7461_6773)
        world.drivers = Array(repeating: nil, count: world.pairs)
        let isViolent = world.healsAt != .max && random.chance(0x6000)
        let holds = random.chance(0x8000)
        for pair in 0..<world.pairs where random.chance(0xe000) {
            var plan = ChaosDriverPlan()
            plan.sides = random.pick([
                .client, .client, .upstream, .upstream, [.client, .upstream],
            ])
            plan.isViolent = isViolent
            plan.holds = holds
            for side in [DrivenSides.client, .upstream] where plan.sides.contains(side) {
                if let messages = world.messagePlan(pair), let framing = drivenFraming(pair, side),
                    !ChaosDriverPlan.speaks(framing, in: messages)
                {
                    plan.sides.remove(side)
                }
            }
            guard !plan.sides.isEmpty else { continue }
            plan.hasTags =
                plan.sides.contains(.client) && world.messagePlan(pair)?.kind == .datagrams
                && apart.chance(0x8000)
            world.drivers[pair] = plan
            // A driver may keep the first bytes of a side: the other one must not wait for them.
            if pair < world.plans.count { world.plans[pair].start = .both }
        }
        if isViolent || pool.smallBlocks < 64 { allowances.cuts = true }
        // What a driver keeps is gone with a reset.
        if holds { allowances.lateResets = true }
    }

    /// The framing of the stream that a driver speaks; nil where it has datagrams, or no messages.
    private func drivenFraming(_ pair: Int, _ side: DrivenSides) -> Framing? {
        guard let plan = world.messagePlan(pair) else { return nil }
        let isStream =
            side == .client ? !plan.kind.hasNamedClient : !plan.kind.forwardsDatagrams
        return isStream ? plan.framing(ofClient: side == .client) : nil
    }
}
