internal import CPelmeni

/// A session's part of its pair's driver; the driver's state lies behind it.
struct PairDriverRow {
    /// What is known of one side.
    struct Side {
        /// Events that wait for the driver's turn.
        struct Events: OptionSet {
            let rawValue: UInt8

            static let opened = Events(rawValue: 1 << 0)
            /// All bytes of its link are with the other side.
            static let linked = Events(rawValue: 1 << 1)
            /// The stream has ended, behind the rest.
            static let ended = Events(rawValue: 1 << 2)
            /// The stream was reset, or failed, behind the rest.
            static let broken = Events(rawValue: 1 << 3)
            static let drained = Events(rawValue: 1 << 4)
        }

        /// Received bytes that are not taken yet.
        var rest = BufferRow()
        var events: Events = []
        /// Bytes came behind the rest since it was offered last, or the driver may take more of it.
        var isFresh = false
        /// The driver wants none of its bytes.
        var isPaused = false
        /// Its bytes go to the other side without the driver.
        var isLinked = false
        var awaitsDrained = false
        /// The socket's receive told that more is there.
        var expectsBytes = false
    }

    /// Events that wait for the driver's turn.
    struct Events: OptionSet {
        let rawValue: UInt8

        static let timer = Events(rawValue: 1 << 0)
        static let unreachable = Events(rawValue: 1 << 1)
        static let draining = Events(rawValue: 1 << 2)
        /// The driver wants an upstream, and the loop has no dial left.
        static let dials = Events(rawValue: 1 << 3)
        /// An upstream is dialled; the legs tell the outcome.
        static let dialling = Events(rawValue: 1 << 4)
        /// The driver's work has returned.
        static let clientFinished = Events(rawValue: 1 << 5)
        static let upstreamFinished = Events(rawValue: 1 << 6)
    }

    var client = Side()
    var upstream = Side()
    var events: Events = []
    /// The session waits for its turn.
    var isQueued = false
    /// The state was made.
    var isMade = false
    /// The upstream's connection was parked before.
    var isReused = false
    /// Why no upstream accepted.
    var unreachableCause = EndCause.noUpstream
    /// The session ends with this cause, and its driver is called no more.
    var endsWith: EndCause?
    /// The upstream that the driver asked for, or -1.
    var wantedUpstream: Int16 = -1
    /// How long a client that has everything is waited for; 0 before it has.
    var lingersUntil: UInt64 = 0
    /// When the timer fires; 0 is never.
    var timerAt: UInt64 = 0
    /// Work of the driver that has begun, for each side; 0 is none. An upstream's side goes with
    /// its connection, its work does not.
    var clientTask: UInt64 = 0
    var upstreamTask: UInt64 = 0
}

/// The driver of a pair in one worker, and a row for each of its sessions. Stable memory.
struct PairDriverPlace {
    let table: Unmanaged<PairDriverTable>
    private let rows: UnsafeMutableRawPointer
    private let rowBytes: Int
    private let rowCount: Int
    private let stateOffset: Int
    let restMax: Int
    /// Where work of the driver runs.
    let executor: Unmanaged<HookExecutor>

    /// Nil when memory runs out.
    ///
    /// - Parameter executor: the watch names its jobs by it.
    init?(_ driver: PairDriverTable, sessions: Int, executor: HookExecutor) {
        let alignment = max(driver.alignment, MemoryLayout<PairDriverRow>.alignment)
        let begin = MemoryLayout<PairDriverRow>.stride
        stateOffset = (begin + driver.alignment - 1) / driver.alignment * driver.alignment
        rowBytes = (stateOffset + driver.size + alignment - 1) / alignment * alignment
        rowCount = sessions
        guard let rows = pelmeni_memory_map(UInt64(rowBytes * sessions)) else { return nil }
        self.rows = rows
        table = .passRetained(driver)
        self.executor = .passRetained(executor)
        restMax = driver.restMax
    }

    func destroy() {
        table.release()
        executor.release()
        pelmeni_memory_unmap(rows, UInt64(rowBytes * rowCount))
    }

    @inline(__always)
    func row(_ session: SessionID) -> UnsafeMutablePointer<PairDriverRow> {
        (rows + Int(session.rawValue) &* rowBytes).assumingMemoryBound(to: PairDriverRow.self)
    }

    @inline(__always)
    func side(_ session: SessionID, _ side: PairSide)
        -> UnsafeMutablePointer<PairDriverRow.Side>
    {
        let row = row(session)
        return side == .client
            ? withUnsafeMutablePointer(to: &row.pointee.client) { $0 }
            : withUnsafeMutablePointer(to: &row.pointee.upstream) { $0 }
    }

    @inline(__always)
    func state(_ session: SessionID) -> UnsafeMutableRawPointer {
        rows + Int(session.rawValue) &* rowBytes + stateOffset
    }
}

/// A session's link in the queue of drivers.
struct PairDriverLink: QueuedRow {
    typealias Table = RowTableName.Sessions

    var next: SessionID = .none
}

/// A worker's drivers of whole pairs: their calls, and the queue of sessions with events.
struct PairDriverRunner {
    private let places: UnsafeMutablePointer<PairDriverPlace?>?
    private let placeCount: Int
    private let links: RowSlab<PairDriverLink>
    let call: UnsafeMutablePointer<DriverCall>
    private var waiting = RowQueue<PairDriverLink>()
    /// Calls so far: a round without one ends a turn.
    private(set) var calls: UInt64 = 0
    private(set) var commandsOfLastCall = 0

    /// Nil when memory runs out.
    ///
    /// - Parameters:
    ///   - plans: for each pair, or none at all.
    ///   - call: the worker's; the runner of other drivers owns it.
    ///   - stages: for each pair, how many hooks it has.
    init?(
        _ plans: [DriverPlans], call: UnsafeMutablePointer<DriverCall>, stages: [Int],
        sessions: Int
    ) {
        guard let links = RowSlab<PairDriverLink>(capacity: sessions) else { return nil }
        self.links = links
        self.call = call
        placeCount = plans.count
        guard plans.contains(where: { $0.ofPair != nil }) else {
            places = nil
            return
        }
        let places = UnsafeMutablePointer<PairDriverPlace?>.allocate(capacity: placeCount)
        places.initialize(repeating: nil, count: placeCount)
        for (pair, plan) in plans.enumerated() {
            guard let driver = plan.ofPair else { continue }
            // Behind the numbers of the hooks, as the driver itself.
            let executor = HookExecutor(
                call.pointee.hook.pointee.answers.takeUnretainedValue(),
                pair: PairID(UInt16(pair)), stage: stages[pair])
            let made = PairDriverPlace(driver, sessions: sessions, executor: executor)
            guard let place = made else { return nil }
            places[pair] = place
        }
        self.places = places
    }

    func destroy() {
        if let places {
            for index in 0..<placeCount { places[index]?.destroy() }
            places.deallocate()
        }
        links.destroy()
    }

    /// Whether any pair has such a driver.
    @inline(__always)
    var areThere: Bool { places != nil }

    @inline(__always)
    func place(_ pair: PairID) -> PairDriverPlace? {
        places.flatMap { $0[Int(pair.rawValue)] }
    }

    // MARK: The queue

    /// Sessions that wait for their turn.
    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func append(_ session: SessionID) { waiting.append(session, links.rows) }
    mutating func popFirst() -> SessionID { waiting.popFirst(links.rows) }
    mutating func remove(_ session: SessionID) { waiting.remove(session, links.rows) }

    // MARK: Calls

    mutating func noteCommands() { commandsOfLastCall = call.pointee.count }

    /// Calls a driver with an event. False when it threw.
    ///
    /// The one place of the indirect call: not inlined, so that `check-hot` names it.
    @inline(never)
    mutating func call(
        _ place: PairDriverPlace, _ session: SessionID, _ event: PairDriverEvent,
        _ row: inout BufferRow, cause: EndCause
    ) -> Bool {
        calls &+= 1
        let pool = row.pool
        var buffer = Buffer(row)
        let context = PairContext(call)
        let isFine = place.table._withUnsafeGuaranteedRef {
            $0.call(event.rawValue, place.state(session), &buffer, cause, context)
        }
        row = buffer.takeRow()
        if row.pool != pool { row.takeOver() }
        return isFine
    }

    @inline(never)
    func open(_ place: PairDriverPlace, _ session: SessionID) -> Bool {
        let context = PairContext(call)
        return place.table._withUnsafeGuaranteedRef { $0.make(place.state(session), context) }
    }

    @inline(never)
    func close(_ place: PairDriverPlace, _ session: SessionID, _ cause: EndCause) {
        call.pointee.isClosing = true
        let context = PairContext(call)
        place.table._withUnsafeGuaranteedRef { $0.close(place.state(session), cause, context) }
        call.pointee.isClosing = false
    }
}
