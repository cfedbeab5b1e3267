internal import PelmeniCore

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

    /// The hooks of each pair; empty without any.
    func hookPlans(_ kernel: SimulatedKernel) -> [HookPlan] {
        guard world.chaos.contains(where: { $0 != nil }) else { return [] }
        return (0..<world.pairs).map { pair in
            guard let plan = world.chaos[pair] else { return HookPlan() }
            let kind = world.messagePlan(pair)?.kind ?? .streams
            return plan.hooks(
                seed: world.seed &+ UInt64(pair), kernel, isMessage: kind.hasMessages,
                mayDrop: kind.hasDatagrams && world.messagePlan(pair)?.countsAnswers == false)
        }
    }
}
