package import Pelmeni
internal import PelmeniCore

// Worlds of a pair whose peers are programs, with all faults of the project's own worlds.
extension SimulationSetup {
    /// What a world of programs has beside its server.
    package struct Cast: Sendable {
        package var clients: Int
        /// Bytes of all streams, roughly: sockets of a few bytes are for few.
        package var bytes: Int
        package var makePrograms: @Sendable () -> any PeerPrograms

        package init(
            clients: Int, bytes: Int, makePrograms: @escaping @Sendable () -> any PeerPrograms
        ) {
            self.clients = clients
            self.bytes = bytes
            self.makePrograms = makePrograms
        }
    }

    /// - Parameter isRough: connects fail, blocks and descriptors are short, the clock jumps, and
    ///   the engine drains or stops meanwhile. Without, no session ends for a fault.
    package init(
        seed: UInt64, server: any Server, cast: Cast, isRough: Bool
    ) throws(EngineError) {
        let pair = try EngineCheck.pair(of: server)
        self.init(seed: seed, plans: [])
        var random = SeededRandom(seed: seed ^ 0x7072_6f67_7261_6d73)
        shapePair(pair, clients: cast.clients, bytes: cast.bytes, &random)
        // All deadlines of a session's parts are minutes.
        world.sessionTime = 20_000 * Deadlines.second
        sessions = max(random.pick([64, 256, 4100]), 4 * cast.clients)
        pool = PoolLimits(
            smallBlocks: max(64, 8 * cast.clients), bulkBlocks: random.pick([2, 4, 8]))
        pool.datagramBlocks = max(32, 4 * cast.clients)
        if random.chance(0xe000) { shapeScriptFaults(&random) }
        if isRough { shapeRough(&random, cast) }
        scripted = Scripted(pair: pair, plan: nil, makePrograms: cast.makePrograms)
    }

    /// No fault, and room for everything.
    package mutating func makeWhole() {
        world.faults = SimulatedFaults()
        world.isMultishot = true
        world.postsBlocks = true
        world.posted.small = 16
        world.sendBuffer = 1 << 20
        world.receiveBuffer = 1 << 20
    }

    private mutating func shapeRough(_ random: inout SeededRandom, _ cast: Cast) {
        let rate = { (random: inout SeededRandom) in
            random.chance(0x4000) ? Self.rate(&random) / 4 : 0
        }
        world.faults.acceptAbort = rate(&random)
        world.faults.connectRefuse = rate(&random)
        world.faults.connectUnreachable = rate(&random)
        world.faults.connectTimeout = rate(&random)
        world.faults.connectSilent = rate(&random)
        world.faults.datagramLost = rate(&random)
        world.faults.datagramFull = rate(&random)
        world.faults.noPort = rate(&random)
        if random.chance(0x3000) {
            world.faults.clockJump = UInt32(random.between(10, 600))
            world.faults.clockJumpMost = random.pick([50_000_000, 2_000_000_000])
        }
        if random.chance(0x3000) { world.faults.descriptorLimit = 2 + random.between(2, 30) }
        if random.chance(0x6000) { pool.smallBlocks = random.pick([4, 8, 16, 32]) }
        if random.chance(0x3000) { sessions = random.between(1, 8) }
        if random.chance(0x3000) {
            world.messages[0].upstreams = world.messages[0].upstreams.map { _ in
                [random.pick([.accepts, .refuses, .unreachable, .timesOut, .silent])]
            }
        }
        world.healsAt = SimulatedWorld.start + 20 * Deadlines.second
        let within = 2 * world.arrival + 400 * world.faults.latency
        if random.chance(0x2000) {
            world.drainsAt = SimulatedWorld.start + UInt64(random.below(within))
        }
        if random.chance(0x1000) {
            world.stopsAt = SimulatedWorld.start + UInt64(random.below(within))
        }
    }
}
