internal import CPelmeni

/// The hooks of a pair, in the order of attachment: those of its server, then those of its client.
package struct HookPlan: Sendable {
    /// Hooks of one pair, at most: a session has a bit for each.
    package static let hooksMax = 32

    package var ofServer: [HookTable]
    package var ofClient: [HookTable]
    /// The sides of the pair's drivers, and their names, the server's first. Their sessions have
    /// rows for hooks, too: bytes wait there.
    package var driven: DrivenSides = []
    /// One driver speaks with both sides.
    package var isPairDriven = false
    /// A driver connects to upstreams when it wants one.
    package var dialsOnDemand = false
    package var driverNames = ["", ""]
    package var upstreamSocket = SocketKind()
    package var listenerSocket = SocketKind()

    package init(ofServer: [HookTable] = [], ofClient: [HookTable] = []) {
        self.ofServer = ofServer
        self.ofClient = ofClient
    }

    package var isEmpty: Bool {
        ofServer.isEmpty && ofClient.isEmpty && driven.isEmpty && !isPairDriven
    }
    package var count: Int { ofServer.count + ofClient.count }
    package var all: [HookTable] { ofServer + ofClient }
}

extension PairRow {
    /// Notes where the pair's hooks have to be called.
    package mutating func attach(_ plan: HookPlan) {
        hooks.areThere = !plan.isEmpty
        guard hooks.areThere else { return }
        hooks.driven = plan.driven
        hooks.upstreamSocket = plan.upstreamSocket
        hooks.dialsOnDemand = plan.dialsOnDemand
        // Units for a driver go one by one, as for a hook.
        hooks.toUpstream =
            plan.ofServer.contains { $0.moments.contains(.forward) }
            || plan.ofClient.contains { $0.moments.contains(.send) }
            || plan.driven.contains(.upstream)
        hooks.toClient =
            plan.all.contains { $0.moments.contains(.respond) } || plan.driven.contains(.client)
        if kind == .streams { kind = plan.isPairDriven ? .drivenStreams : .hookedStreams }
    }
}

/// Counts of one hook in one worker: one thread writes, any may read.
package struct HookCounts: @unchecked Sendable {
    package enum Name: Int {
        case calls
        /// Units not forwarded, chunks too.
        case drops
        /// Calls that blocked the worker; the watch counts them.
        case stalls
    }

    static let words = 3
    let base: UnsafeMutablePointer<UInt64>

    @inline(__always)
    func add(_ name: Name) { pelmeni_counter_add(base + name.rawValue, 1) }

    package func get(_ name: Name) -> UInt64 { pelmeni_counter_get(base + name.rawValue) }
}

/// One hook of a chain.
struct HookStage {
    let table: Unmanaged<HookTable>
    let counts: HookCounts
    /// Where the hook's state lies in a session's row.
    let stateOffset: Int
    let isOfServer: Bool
    /// Nanoseconds; 0 is a synchronous hook.
    let deadline: UInt64
    /// Where tasks of an asynchronous hook run.
    let executor: Unmanaged<HookExecutor>?
}

/// The hooks of a pair in one worker, and a row for each of its sessions. Stable memory.
package struct HookChain {
    let stages: UnsafeMutablePointer<HookStage>
    let count: Int
    /// Hooks with a moment in each direction, a bit each.
    let toUpstream: UInt32
    let toClient: UInt32
    /// The rows of sessions, touched as they are used.
    private let rows: UnsafeMutableRawPointer
    private let rowBytes: Int
    private let rowCount: Int

    /// - Parameters:
    ///   - counts: words for each hook.
    ///   - answers: the way of asynchronous hooks to the worker.
    ///   - sessions: rows of the worker's session table.
    init?(
        _ plan: HookPlan, pair: PairID, counts: UnsafeMutablePointer<UInt64>,
        answers: HookAnswers, sessions: Int
    ) {
        var end = MemoryLayout<HookRow>.stride
        var alignment = MemoryLayout<HookRow>.alignment
        var offsets: [Int] = []
        for table in plan.all {
            end = (end + table.alignment - 1) / table.alignment * table.alignment
            offsets.append(end)
            end += table.size
            alignment = max(alignment, table.alignment)
        }
        rowBytes = (end + alignment - 1) / alignment * alignment
        rowCount = sessions
        guard let rows = pelmeni_memory_map(UInt64(rowBytes * sessions)) else { return nil }
        self.rows = rows
        count = plan.count
        stages = .allocate(capacity: max(1, plan.count))
        var toUpstream: UInt32 = 0
        var toClient: UInt32 = 0
        for (index, table) in plan.all.enumerated() {
            let isOfServer = index < plan.ofServer.count
            let executor =
                table.deadline == 0 ? nil : HookExecutor(answers, pair: pair, stage: index)
            (stages + index).initialize(
                to: HookStage(
                    table: .passRetained(table),
                    counts: HookCounts(base: counts + index * HookCounts.words),
                    stateOffset: offsets[index], isOfServer: isOfServer,
                    deadline: table.deadline, executor: executor.map(Unmanaged.passRetained)))
            if table.moments.contains(isOfServer ? .forward : .send) { toUpstream |= 1 << index }
            if table.moments.contains(.respond) { toClient |= 1 << index }
        }
        self.toUpstream = toUpstream
        self.toClient = toClient
    }

    func destroy() {
        for index in 0..<count {
            stages[index].table.release()
            stages[index].executor?.release()
        }
        stages.deallocate()
        pelmeni_memory_unmap(rows, UInt64(rowBytes * rowCount))
    }

    @inline(__always)
    func row(_ session: SessionID) -> UnsafeMutablePointer<HookRow> {
        (rows + Int(session.rawValue) &* rowBytes).assumingMemoryBound(to: HookRow.self)
    }

    @inline(__always)
    func state(_ session: SessionID, _ stage: Int) -> UnsafeMutableRawPointer {
        rows + Int(session.rawValue) &* rowBytes + stages[stage].stateOffset
    }

    /// The hook behind another one on a unit's way, out in the order of attachment and back in
    /// reverse; -1 behind the last one.
    ///
    /// - Parameters:
    ///   - hooks: those to be called, a bit each.
    ///   - stage: -1 is before the first one out; ``count`` before the first one back.
    @inline(__always)
    func next(behind stage: Int, of hooks: UInt32, isToClient: Bool) -> Int {
        guard isToClient else {
            let left = UInt64(hooks) >> UInt64(stage &+ 1)
            return left == 0 ? -1 : stage &+ 1 &+ left.trailingZeroBitCount
        }
        let left = UInt64(hooks) & (1 << UInt64(stage) &- 1)
        return left == 0 ? -1 : 63 &- left.leadingZeroBitCount
    }
}

/// A session's part of its chain; the hooks' states lie behind it.
struct HookRow {
    /// Bytes held back and chunks that wait, once there are any.
    var later: UnsafeMutablePointer<HookLater>?
    /// Hooks that are not called any more, a bit each.
    var releasedToUpstream: UInt32 = 0
    var releasedToClient: UInt32 = 0
    var client = ClientAddress()
    /// The number of the upstream that accepted, to the session's end; negative before.
    var upstream: Int16 = -1
    /// Instances that were made: those of the first hooks.
    var made: UInt8 = 0
    /// A hook finished the session of two streams: each is shut down once its queue is sent.
    var isFinishing = false

    /// A hook is not called any more for units of a direction.
    mutating func release(_ hook: Int, isToClient: Bool) {
        if isToClient { releasedToClient |= 1 << hook } else { releasedToUpstream |= 1 << hook }
    }

    @inline(__always)
    func released(_ isToClient: Bool) -> UInt32 {
        isToClient ? releasedToClient : releasedToUpstream
    }
}

/// What few sessions have: bytes that hooks hold back, chunks that wait for room, and work.
struct HookLater {
    var toUpstream = ChunkQueue()
    var toClient = ChunkQueue()
    /// Work of a pair's driver that has begun, for each side; 0 is none. An upstream's side goes
    /// with its connection, its work does not.
    var clientTask: UInt64 = 0
    var upstreamTask: UInt64 = 0
    /// For each hook, out and back.
    let held: UnsafeMutablePointer<HeldBytes>

    /// As it was made, of a chain without hooks.
    var isUnused: Bool {
        toUpstream.isUnused && toClient.isUnused && clientTask == 0 && upstreamTask == 0
    }

    static func create(hooks: Int) -> UnsafeMutablePointer<HookLater> {
        let bytes = MemoryLayout<HookLater>.stride + 2 * hooks * MemoryLayout<HeldBytes>.stride
        let memory = pelmeni_bytes_take(UInt64(bytes))
        let held = (memory + MemoryLayout<HookLater>.stride).bindMemory(
            to: HeldBytes.self, capacity: 2 * hooks)
        held.initialize(repeating: HeldBytes(), count: 2 * hooks)
        let later = memory.bindMemory(to: HookLater.self, capacity: 1)
        later.initialize(to: HookLater(held: held))
        return later
    }
}

/// Of one direction: chunks received and not yet offered to a hook, what came behind them, and
/// bytes that found no block.
struct ChunkQueue {
    var chunks = SendQueue()
    /// 0 is the stream's end, negative an error, positive nothing.
    var lastResult: Int32 = 1
    /// Bytes behind their hooks that found no block, in memory of their own; and whether the end of
    /// the stream follows them.
    var surplus = BufferRow()
    var endsBehindSurplus = false
    /// The unit that an asynchronous hook has, and the units behind it.
    var parked = ParkedCall()
    var behind = ItemQueue()

    var isUnused: Bool {
        !hasBytes && behind.isEmpty && lastResult > 0 && !endsBehindSurplus
    }

    var hasBytes: Bool { !chunks.isEmpty || surplus.count > 0 || parked.isThere }

    mutating func removeAll(_ pool: BufferPool) {
        chunks.removeAll(pool: pool)
        surplus.releaseOnWorker()
        assert(behind.isEmpty && !parked.isThere, "a session's calls are cancelled before")
    }
}

/// The bytes that a hook holds back, in memory of their own: a block would be kept from streams.
struct HeldBytes {
    private(set) var start: UnsafeMutableRawPointer?
    private(set) var count: UInt32 = 0
    private var capacity: UInt32 = 0

    /// Memory that is kept for the next bytes; more is given back.
    private static var kept: UInt32 { 4096 }

    mutating func set(_ bytes: UnsafeRawPointer, _ length: Int) {
        if length > Int(capacity) {
            removeAll()
            var room: UInt32 = 64
            while Int(room) < length { room &*= 2 }
            start = pelmeni_bytes_take(UInt64(room))
            capacity = room
        }
        start?.copyMemory(from: bytes, byteCount: length)
        count = UInt32(length)
    }

    /// The bytes are in another place now.
    mutating func empty() {
        count = 0
        if capacity > Self.kept { removeAll() }
    }

    mutating func removeAll() {
        if let start { pelmeni_bytes_give_back(start) }
        self = HeldBytes()
    }
}
