internal import PelmeniCore

// Worlds with datagrams: seeds that leave 3 when divided by 4. Every other one of them has no plain
// streams. Their decisions use random numbers of their own, so that all other seeds stay the same.
extension SimulationSetup {
    /// Whether a seed's world has datagrams.
    package static func hasMessages(seed: UInt64) -> Bool {
        seed % 4 == 3 || hasFramedStreams(seed: seed) || seed % 16 == 9
    }

    /// Whether a seed's world has streams with a framing at both ends.
    package static func hasFramedStreams(seed: UInt64) -> Bool { seed % 16 == 1 || seed % 32 == 25 }

    mutating func shapeMessages() {
        var random = SeededRandom(seed: world.seed ^ 0x6461_7461_6772_616d)
        let isFramed = Self.hasFramedStreams(seed: world.seed)
        if world.seed % 8 == 3 || (isFramed && world.seed % 32 == 1) || world.seed % 64 == 9
            || world.seed % 64 == 25
        {
            world.plans = []
            world.upstreams = []
        } else {
            // Messages take blocks and descriptors from the streams.
            allowances.cuts = true
        }
        let isFaultless = world.healsAt == .max
        let kinds: [PairKind] = [.datagrams, .streamToDatagrams, .datagramsToStream]
        let only =
            isFramed ? .framedStreams : random.chance(0x5000) ? random.pick(kinds) : nil
        world.messages = (0..<random.between(1, 3)).map { _ in
            messagePlan(only ?? random.pick(kinds), &random, isFaultless: isFaultless)
        }
        pool.datagramBlocks = random.pick([4, 4, 8, 32])
        world.posted.datagrams = random.pick([1, 2, 16])
        world.faults.descriptorLimit = min(
            4000, world.faults.descriptorLimit + world.messages.count)
        // Byte by byte is slow.
        world.sendBuffer = max(world.sendBuffer, 2000)
        world.receiveBuffer = max(world.receiveBuffer, 2000)
        guard !isFaultless else { return }
        world.faults.datagramFull = Self.rate(&random)
        world.faults.datagramInterrupted = Self.rate(&random)
        world.faults.datagramCut = Self.rate(&random)
        world.faults.datagramLost = Self.rate(&random)
        if random.chance(0x2000) { world.faults.noPort = Self.rate(&random) }
    }

    private func messagePlan(
        _ kind: PairKind, _ random: inout SeededRandom, isFaultless: Bool
    ) -> SimulatedMessagePlan {
        var plan = SimulatedMessagePlan(kind: kind)
        plan.listensOnUnix = random.chance(0x6000)
        plan.forwardsToUnix = random.chance(0x6000)
        plan.framing = random.pick([
            .u16be, .u32be, .octetCount, .line, .delimiter(random.pick([0, 0x1e, 0xff])),
            .fixed(random.pick([16, 100, 1200, 9000])), .raw, .eof, .syslog,
        ])
        plan.tellsLocal = kind.hasNamedClient && !plan.listensOnUnix && random.chance(0x8000)
        plan.clients = random.pick([1, 2, 3, 6, 12, 25])
        plan.messages = random.pick([1, 3, 10, 20, 40])
        if plan.clients * plan.messages > 400 { plan.messages = 10 }
        plan.burst = random.pick([1, 2, 8, 40])
        plan.trains = random.pick([0, 0x4000, 0xc000])
        plan.answers = random.pick([0, 1, 1, 2, 3])
        plan.gap = random.pick([1000, 300_000, 5_000_000])
        plan.socketBuffer = random.pick([2, 64, 64])
        plan.deadlines = deadlines
        plan.peerBuffer = random.pick([1, 3, 10, 10])
        plan.readGap = random.pick([1000, 300_000, 20_000_000])
        plan.cut = random.pick([.byChance, .byChance, .byChance, .atOwnNumber, .never])
        shapeSizes(&plan, &random)
        shapeSessions(&plan, &random)
        if kind == .framedStreams { shapeFramedStreams(&plan, &random) }
        shapeFraming(&plan)
        guard !isFaultless else { return plan }
        shapeEnds(&plan, &random)
        plan.refusesTrains = random.chance(0x4000)
        if random.chance(0x3000) { plan.longest = random.pick([50, 1000, 1200, 9000]) }
        shapeDestinations(&plan, &random)
        // Without a bound on silence, an end has to end the session.
        if random.chance(0x2000), plan.clientEnd != .never, sessions >= 256,
            kind != .streamToDatagrams || !plan.forwardsToUnix
        {
            plan.deadlines.idle = 0
        }
        return plan
    }

    /// A framing for each end, and readers that hold the other side's messages back.
    private func shapeFramedStreams(
        _ plan: inout SimulatedMessagePlan, _ random: inout SeededRandom
    ) {
        let framings: [Framing] = [
            .u16be, .u32be, .octetCount, .line, .delimiter(random.pick([0, 0x1e, 0xff])),
            .fixed(random.pick([16, 100, 1200, 9000])), .syslog,
        ]
        plan.framing = random.pick(framings)
        plan.upstreamFraming = random.pick(framings)
        // Every message has to have a form at both ends.
        if plan.hasCounted { plan.hasEmpty = false }
        plan.requests = 0
        plan.responses = 0
        plan.readGap = random.pick([1, 1, 1_000_000, 500_000_000])
    }

    private func shapeEnds(_ plan: inout SimulatedMessagePlan, _ random: inout SeededRandom) {
        plan.clientEnd = random.pick([.atOnce, .atOnce, .atOnce, .never, .resets, .cutShort])
        let maxFrame = plan.maxFrame
        let mayBeBad = plan.framings.allSatisfy {
            switch $0 {
            case .u16be: maxFrame < 0xffff
            case .fixed, .raw: false
            default: true
            }
        }
        if mayBeBad, random.chance(0x2000) { plan.clientEnd = .badFrame }
        if plan.upstreamStopsAfter == 0, random.chance(0x2000) {
            plan.upstreamStopsAfter = random.between(1, 6)
        }
        plan.upstreamEnd = random.pick([.atOnce, .atOnce, .resets, .resets, .cutShort])
        if mayBeBad, random.chance(0x3000) { plan.upstreamEnd = .badFrame }
        // Waiting answers are retried two hundred times a second.
        if random.chance(0x3000), plan.clients * plan.messages <= 60 {
            plan.readGap = 2_000_000_000
        }
        plan.clientsLeave = random.chance(0x4000)
    }

    /// Sizes and ends that fit a framing.
    private func shapeFraming(_ plan: inout SimulatedMessagePlan) {
        guard plan.kind != .datagrams else { return }
        for framing in plan.framings { shapeFraming(&plan, framing) }
        let longest = max(plan.sizeMost(isResponse: false), plan.sizeMost(isResponse: true))
        if longest <= 9000 { plan.maxFrame = 10_000 }
    }

    private func shapeFraming(_ plan: inout SimulatedMessagePlan, _ framing: Framing) {
        switch framing {
        case .fixed(let size):
            plan.sizes = [size]
            plan.answerSizes = [size]
            if plan.kind == .framedStreams { plan.lengths = [size] }
        case .line, .delimiter:
            // Every byte of these messages is examined: keep them short.
            plan.sizes = plan.sizes.map { min($0, 9000) }
            plan.answerSizes = plan.answerSizes.map { min($0, 9000) }
        case .eof:
            // One message on a stream, ended by the stream's end alone.
            if plan.kind == .streamToDatagrams { plan.messages = 1 }
            if plan.kind == .datagramsToStream { plan.upstreamStopsAfter = 1 }
        default: break
        }
    }

    private func shapeSizes(_ plan: inout SimulatedMessagePlan, _ random: inout SeededRandom) {
        let sizes: [[Int]] = [
            [8], [20, 100], [100, 1200], [1200], [1400, 9000], [4096, 4097], [16_384, 100],
        ]
        plan.sizes = random.pick(sizes)
        plan.answerSizes = random.pick(sizes)
        if random.chance(0x2000) { plan.sizes = [65_507, 100, 30_000] }
        if random.chance(0x2000) { plan.answerSizes = [65_507, 100] }
        // Messages that fit a frame and not a datagram.
        guard random.chance(0x4000) else { return }
        if plan.kind == .streamToDatagrams { plan.sizes = [65_520, 100] }
        if plan.kind == .datagramsToStream { plan.answerSizes = [65_520, 100] }
    }

    private func shapeSessions(_ plan: inout SimulatedMessagePlan, _ random: inout SeededRandom) {
        if plan.kind.hasNamedClient, random.chance(0x4000) {
            plan.requests = UInt32(random.between(1, 4))
        }
        if random.chance(0x6000) {
            plan.responses = UInt32(random.between(1, 3))
            plan.answers = Int(plan.responses)
        }
        plan.hasNameless = plan.listensOnUnix && plan.kind.hasNamedClient && random.chance(0x4000)
        plan.hasEmpty =
            !plan.hasNameless && plan.requests == 0 && plan.responses == 0 && random.chance(0xa000)
        if random.chance(0x5000) {
            plan.silence = UInt64(random.between(1, 80)) * Deadlines.second
        }
    }

    private func shapeDestinations(
        _ plan: inout SimulatedMessagePlan, _ random: inout SeededRandom
    ) {
        let second = Deadlines.second
        if random.chance(0x4000) {
            let moods: [[[SimulatedDestination.Mood]]] = [
                [[.refuses]], [[.refuses], [.accepts]], [[.accepts], [.accepts]],
                [[.unreachable], [.accepts]], [[.unreachable, .accepts]], [[.unreachable]],
                [[.refuses, .accepts]], [[.refuses, .refuses, .accepts]],
                [[.silent], [.accepts]],
            ]
            plan.upstreams = random.pick(moods)
        }
        if random.chance(0x4000) {
            plan.refusesFrom = SimulatedWorld.start + UInt64(random.below(world.arrival))
            plan.refusesUntil = plan.refusesFrom + UInt64(random.between(1, 20_000_000))
            if random.chance(0x4000) { plan.refusesUntil += second * 20 }
        }
    }
}
