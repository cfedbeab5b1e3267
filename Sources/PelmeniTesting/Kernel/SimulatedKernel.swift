internal import Glibc
internal import PelmeniCore

/// A kernel of one thread with a clock of its own: sockets, peers and faults, all decided by one
/// seed.
///
/// It checks its user as a strict kernel would, and stops at the first fault.
final class SimulatedKernel {
    let world: SimulatedWorld
    let pool: BufferPool
    var random: SeededRandom
    var faults: SimulatedFaults
    private(set) var time = SimulatedWorld.start
    /// The time of the present event: behind ``time`` while the worker was busy.
    private(set) var clock = SimulatedWorld.start
    var events = EventHeap()
    private(set) var violation: String?
    let points: UnsafeMutablePointer<UInt64>
    private(set) var enters: UInt64 = 0
    /// Gets a line for each event, for a replay.
    var trace: ((String) -> Void)?

    // A descriptor's number is its row plus the first one.
    static let firstDescriptor: Int32 = 10
    static let descriptorsMax = 4096
    static let piecesMax = 16
    let sockets: UnsafeMutablePointer<SimulatedSocket>
    let slices: UnsafeMutablePointer<Slice>
    var freshSocket = 0
    var lowestFree = 0
    var openDescriptors = 0
    /// The descriptor of a slot's operations.
    let slots: UnsafeMutablePointer<Int32>
    let slotCount: Int
    /// Sends of each block in flight.
    let sending: UnsafeMutablePointer<UInt16>

    // Peers.
    let peers: UnsafeMutablePointer<SimulatedPeer>
    let peersMax: Int
    var peerCount = 0
    var openPeers = 0
    /// The rows of each plan's clients and upstreams, by their numbers.
    var clientRows: [[Int]]
    var upstreamRows: [[Int]]
    var destinations: [UInt32: SimulatedDestination] = [:]
    var listeners: [Int32] = []
    var backlogs: [[Int]]

    // The ring.
    var staged: [SimulatedRequest] = []
    /// Completions for the next batch; below, those of this batch.
    var ready: [SimulatedCompletion] = []
    var visible: [SimulatedCompletion] = []
    var visibleNext = 0
    var held: [SimulatedCompletion] = []
    var freeHeld: [Int] = []
    var small: SimulatedPosting
    var bulk: SimulatedPosting
    var datagram: SimulatedPosting
    let messages: SimulatedMessages
    let chaos = SimulatedChaos()
    /// Pipes; each end has the row's number.
    var splices: [SimulatedSplice] = []
    var retired: [Token] = []
    var serial: UInt32 = 0
    /// Submits in a row that neither waited nor brought a completion.
    private var idleSubmits = 0

    private(set) var hash = TraceHash()

    // The wake-up.
    var wakeUp = SimulatedWakeUp()
    /// Requests to the worker, as `WorkerRequests.Answer` spells them.
    let requested: UnsafeMutablePointer<UInt32>
    var isDraining = false
    var stoppedAt: UInt64?

    init(
        world: SimulatedWorld, pool: BufferPool, slots: Int, scripts: ScriptBook? = nil,
        plays: PlayBook? = nil
    ) {
        self.world = world
        self.pool = pool
        random = SeededRandom(seed: world.seed ^ 0x6b65_726e_656c)
        faults = world.faults
        points = .allocate(capacity: SimulatedPoint.allCases.count)
        points.initialize(repeating: 0, count: SimulatedPoint.allCases.count)
        sockets = .allocate(capacity: Self.descriptorsMax)
        slices = .allocate(capacity: Self.descriptorsMax * Self.piecesMax)
        self.slots = .allocate(capacity: slots)
        self.slots.initialize(repeating: -1, count: slots)
        slotCount = slots
        messages = SimulatedMessages(seed: world.seed, scripts: scripts, plays: plays)
        let blocks =
            pool.totalBlocks(.small) + pool.totalBlocks(.bulk) + pool.totalBlocks(.datagram)
        sending = .allocate(capacity: blocks)
        sending.initialize(repeating: 0, count: blocks)
        peersMax =
            world.plans.reduce(16) { $0 + $1.sessions * 16 }
            + world.messages.reduce(0) { $0 + $1.clients * ($1.messages + 1) * 4 }
        peers = .allocate(capacity: peersMax)
        clientRows = Array(repeating: [], count: world.pairs)
        upstreamRows = clientRows
        backlogs = Array(repeating: [], count: world.pairs)
        small = SimulatedPosting(
            .small, slots: world.postsBlocks ? world.posted.small : 0,
            of: pool.totalBlocks(.small))
        bulk = SimulatedPosting(
            .bulk, slots: world.postsBlocks ? world.posted.bulk : 0, of: pool.totalBlocks(.bulk))
        datagram = SimulatedPosting(
            .datagram, slots: world.postsBlocks ? world.posted.datagrams : 0,
            of: pool.totalBlocks(.datagram))
        requested = .allocate(capacity: 1)
        requested.initialize(to: 0)
        populate()
    }

    deinit {
        points.deallocate()
        sockets.deallocate()
        slices.deallocate()
        slots.deallocate()
        sending.deallocate()
        peers.deallocate()
        requested.deallocate()
    }

    // MARK: Reports

    /// A call of the engine's, for the hash of the run.
    @inline(__always)
    func trace(_ call: TraceHash.Call, _ socket: Int32, _ detail: Int = 0) {
        hash.fold(call, socket, detail, at: time)
    }

    @inline(__always)
    func hit(_ point: SimulatedPoint) { points[point.rawValue] += 1 }

    func violate(_ text: @autoclosure () -> String) {
        guard violation == nil else { return }
        violation = text()
        note("violated: \(violation ?? "")")
    }

    @inline(__always)
    func note(_ text: @autoclosure () -> String) {
        if trace != nil { noteNow(text()) }
    }

    @inline(never)
    private func noteNow(_ text: String) {
        let nanoseconds = time - SimulatedWorld.start
        trace?("\(nanoseconds / 1_000_000).\(nanoseconds / 1000 % 1000) ms: \(text)")
    }

    // MARK: The clock

    /// A time in the near future, within the latency.
    func soon() -> UInt64 { clock + 1 + UInt64(random.below(faults.latency)) }

    func submit(until deadline: UInt64) -> Int32 {
        enters += 1
        guard violation == nil else { return -EIO }
        checkOwed()
        // The worker's actions for a timer belong to no completion.
        messages.lastHanded = -1
        let before = time
        time += 1000 + UInt64(random.below(4000))
        if random.chance(faults.clockJump) {
            hit(.clockJump)
            time += UInt64(random.below(Int(faults.clockJumpMost)))
        }
        while violation == nil, events.nextTime <= time { happenNext() }
        clock = time
        messages.sentInLoop = 0
        for request in staged { perform(request) }
        staged.removeAll(keepingCapacity: true)
        advance(to: deadline)
        if visible.isEmpty, deadline <= before {
            idleSubmits += 1
            if idleSubmits > 500 { violate("the worker spins: its deadline has passed for good") }
        } else {
            idleSubmits = 0
        }
        if time > SimulatedWorld.start + world.sessionTime { violate(unendedText()) }
        // The wake-up itself may be late: a fault delays it, and the clock jumps more than once.
        if let stoppedAt, time > stoppedAt + 3_000_000_000 + faults.clockJumpMost {
            violate("the worker runs on after a stop: " + unendedText())
        }
        sendStale()
        return violation == nil ? 0 : -EIO
    }

    private func advance(to deadline: UInt64) {
        visible.removeAll(keepingCapacity: true)
        visibleNext = 0
        visible.append(contentsOf: ready)
        ready.removeAll(keepingCapacity: true)
        var isLast = !visible.isEmpty
        while violation == nil {
            let next = events.nextTime
            if next <= time {
                happenNext()
                visible.append(contentsOf: ready)
                ready.removeAll(keepingCapacity: true)
                continue
            }
            if !visible.isEmpty {
                // A completion that is due a moment later sometimes comes in the same batch.
                guard !isLast else { return }
                isLast = true
                time += UInt64(random.below(20_000))
                continue
            }
            guard next != .max || deadline != .max else {
                return violate("the worker waits for ever: " + unendedText())
            }
            if next > deadline {
                time = max(time, deadline)
                return
            }
            time = next
        }
    }

    /// Lets the network and the peers finish once the worker is gone.
    func settle() {
        while violation == nil, openPeers > 0 {
            guard events.count > 0 else { return violate(unendedText()) }
            time = max(time, events.nextTime)
            happenNext()
        }
        // Stray completions that no loop will take any more.
        for it in ready where it.isStray && !it.completion.block.isNone {
            pool.release(it.completion.block)
        }
        for it in ready where !it.isStray && it.kind != .wake {
            violate("a completion of descriptor \(it.socket) was never asked for")
        }
    }

    private func happenNext() {
        let event = events.removeFirst()
        clock = event.time
        happen(event)
    }
}

/// The worker's wake-up: armed by a token, signalled or not.
struct SimulatedWakeUp {
    var token: Token?
    var isSignalled = false
}
