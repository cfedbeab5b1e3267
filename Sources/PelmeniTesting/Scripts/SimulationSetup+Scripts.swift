internal import PelmeniCore
internal import PelmeniRuntime

// Worlds of a program's own pair with scripted peers. Nothing in them ends a session by itself, so
// that a script holds for each seed: no peer or connect fails, no datagram is lost, and the pool is
// never empty for long.
extension SimulationSetup {
    /// The program's pair and its peers.
    struct Scripted: Sendable {
        var pair: PairConfiguration
        var plan: ScriptPlan?
        /// The peers are programs instead.
        var makePrograms: (@Sendable () -> any PeerPrograms)?
    }

    /// The decisions of a seed about a program's pair.
    init(seed: UInt64, pair: PairConfiguration, scripts: ScriptPlan) {
        self.init(seed: seed, plans: [])
        var random = SeededRandom(seed: seed ^ 0x7363_7269_7074)
        var scripts = scripts
        let isShort = scripts.bytes <= 4000
        scripts.pace = random.pick(
            isShort ? [.atOnce, .byChance, .byChance, .bytewise] : [.atOnce, .byChance])
        let clients = scripts.clients.count
        shapePair(pair, clients: clients, bytes: scripts.bytes, &random)
        world.backlog = max(world.backlog, clients)
        world.sessionTime = 1 << 62
        sessions = max(random.pick([64, 256]), 2 * clients)
        pool = PoolLimits(
            smallBlocks: max(64, 8 * clients), bulkBlocks: random.pick([2, 4, 8]))
        pool.datagramBlocks = max(32, 4 * clients)
        if !random.chance(0x2000) { shapeScriptFaults(&random) }
        scripted = Scripted(pair: pair, plan: scripts)
    }

    /// A pair whose upstreams accept, its ring and its sockets.
    ///
    /// - Parameter bytes: of all its streams, roughly.
    mutating func shapePair(
        _ pair: PairConfiguration, clients: Int, bytes: Int, _ random: inout SeededRandom
    ) {
        var plan = SimulatedMessagePlan(kind: pair.kind)
        plan.listensOnUnix = pair.endpoint.isUnix
        plan.forwardsToUnix = pair.upstreams.first?.isUnix ?? false
        plan.upstreams = pair.upstreams.map { _ in [.accepts] }
        plan.clients = clients
        plan.deadlines = pair.deadlines
        // Nothing overflows: peers and sockets have room for all that comes at once.
        plan.messages = 64
        plan.socketBuffer = 1 << 20
        plan.peerBuffer = 1 << 20
        world.messages = [plan]
        shapeRing(&random)
        shapeSockets(&random)
        // Byte by byte is slow.
        let least = bytes / 400
        world.sendBuffer = max(world.sendBuffer, least)
        world.receiveBuffer = max(world.receiveBuffer, least)
        world.posted.datagrams = random.pick([1, 2, 16])
    }

    mutating func shapeScriptFaults(_ random: inout SeededRandom) {
        world.faults.shortReceive = Self.rate(&random)
        world.faults.shortSend = Self.rate(&random)
        world.faults.earlyEnd = Self.rate(&random)
        world.faults.delay = Self.rate(&random)
        world.faults.reorder = Self.rate(&random)
        world.faults.spurious = Self.rate(&random)
        world.faults.stale = Self.rate(&random)
        world.faults.cancelLost = Self.rate(&random)
        world.faults.noPipe = Self.rate(&random)
        if random.chance(0x8000) {
            world.faults.missedEnd = random.pick([2000, 20_000, 65_536])
        }
        world.healsAt = SimulatedWorld.start + 20 * Deadlines.second
    }
}

extension PairRow {
    /// The settings of a program's pair.
    mutating func adopt(_ pair: PairConfiguration) {
        kind = pair.kind
        clientFraming = pair.messages.client
        upstreamFraming = pair.messages.upstream
        requests = pair.messages.requests
        responses = pair.messages.responses
    }
}
