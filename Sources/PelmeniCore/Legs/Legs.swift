internal import CPelmeni
internal import Glibc

/// The mechanism of sessions, between a ring and a ``Relay``: sockets and their state.
///
/// Legs read, write, link, splice, dial and close. Messages and datagrams are the relay's: their
/// completions return an ``Outcome``, other changes are popped as a ``Notice``. No leg calls the
/// relay.
///
/// Rows are numbers into stable memory: the loop neither retains, releases nor checks exclusivity.
/// Handlers enqueue; none submits, and none runs inside another one's completion.
package struct Legs<R: Ring & ~Copyable>: ~Copyable {
    package var ring: R
    package let pool: BufferPool
    package let counters: Counters
    let events: WorkerEvents
    let limits: Limits
    package let pairs: PairTable

    var legSlab: RowSlab<LegRow>
    var sessionSlab: RowSlab<SessionRow>
    var wheel: TimerWheel
    var reads = ReadScheduler()
    var dials: DialQueue
    var pipes: PipeTable
    var reserve: DescriptorReserve
    /// Sessions with a ``Notice`` for the relay.
    var notices = RowQueue<SessionRow>()
    /// While draining, sessions with a datagram side end once they are silent.
    package var isDraining = false
    /// The time of this loop, read once.
    package var now: UInt64
    /// A session ended since the worker last checked.
    package var hasRoom = false
    private var open = OpenSessions()
    /// Counted links, and connections without a session.
    var links: LinkTable
    var moved = MovedBytes()

    /// - Parameter reservedSlots: slots of the ring that belong to the worker (wake-up and
    ///   listeners); legs are numbered after them.
    init?(
        ring: consuming R, pool: BufferPool, limits: Limits, reservedSlots: Int,
        pairs: PairTable, counters: Counters, events: WorkerEvents
    ) {
        let legCount = Self.slots(sessions: limits.sessions, reservedSlots: reservedSlots)
        let rows = Self.rows(sessions: limits.sessions, reservedSlots: reservedSlots)
        guard
            let legs = RowSlab<LegRow>(capacity: legCount, reserved: reservedSlots),
            let sessions = RowSlab<SessionRow>(capacity: rows, spare: 1),
            let dials = DialQueue(sessions: rows),
            let wheel = TimerWheel(capacity: rows + 1, now: ring.calls.now()),
            let links = LinkTable(legs: legCount, parkedSession: SessionID(UInt32(rows)))
        else { return nil }
        self.ring = ring
        self.pool = pool
        self.limits = limits
        pipes = PipeTable(capacity: limits.pipes)
        self.pairs = pairs
        self.counters = counters
        self.events = events
        legSlab = legs
        sessionSlab = sessions
        self.dials = dials
        self.wheel = wheel
        self.links = links
        now = self.ring.calls.now()
        reserve = DescriptorReserve(self.ring.calls.openReserve())
        beginParking()
    }

    /// Rows of the ring: a client and an upstream per session, and in the worst case every address
    /// of an upstream being dialled. Attempts are short-lived: one more row for two sessions is
    /// plenty, with a floor for small tables.
    static func slots(sessions: Int, reservedSlots: Int) -> Int {
        let rows = rows(sessions: sessions, reservedSlots: reservedSlots)
        return reservedSlots + rows * 5 / 2 + Upstream.addressesMax
    }

    /// Rows of sessions. Each listener may open one more than there is room for: all listeners are
    /// armed while one session still fits.
    static func rows(sessions: Int, reservedSlots: Int) -> Int { sessions + reservedSlots }

    deinit {
        wheel.destroy()
        dials.destroy()
        links.destroy()
        pipes.destroy()
        legSlab.destroy()
        sessionSlab.destroy()
    }

    @inline(__always)
    package var calls: R.Calls { ring.calls }

    package var sessionsOpen: Int {
        @inline(__always) get { open.count }
        @inline(__always) set { open.count = newValue }
    }
    /// No session is open, no probe, and no parked leg.
    package var isQuiet: Bool { open.count == 0 && links.open == 0 && open.probes == 0 }
    /// Sessions that are probes.
    var probesOpen: Int {
        get { open.probes }
        set { open.probes = newValue }
    }
    /// The share of the free blocks that one leg may queue, as a shift.
    @inline(__always)
    var poolShareShift: Int { open.poolShareShift }

    // MARK: Rows

    @inline(__always)
    var legs: LegTable { legSlab.rows }
    @inline(__always)
    var sessions: SessionTable { sessionSlab.rows }

    @inline(__always)
    func row(_ leg: LegID) -> UnsafeMutablePointer<LegRow> { legSlab.rows.row(leg) }

    @inline(__always)
    subscript(_ leg: LegID) -> LegRow {
        @inline(__always)
        unsafeAddress { UnsafePointer(row(leg)) }
        @inline(__always)
        nonmutating unsafeMutableAddress { row(leg) }
    }

    @inline(__always)
    func token(_ leg: LegID, _ kind: OperationKind) -> Token {
        Token(kind, index: leg.rawValue, generation: legs[leg].generation)
    }

    mutating func allocateLeg(_ kind: LegRow.Kind, socket: Int32, session: SessionID) -> LegID {
        let leg = legSlab.allocate()
        guard !leg.isNone else { return leg }
        assert(!legs[leg].isInUse, "a row is taken twice")
        legs[leg] = LegRow(
            kind, socket: socket, session: session, generation: legs[leg].generation)
        return leg
    }

    mutating func freeLeg(_ leg: LegID) {
        assert(legs[leg].phase == .closing, "a leg goes without being closed")
        assert(legs[leg].reading != .starved, "a leg waits in a list")
        assert(legs[leg].queue.isEmpty, "a leg goes with bytes in its queue")
        assert(legs[leg].pipe == PipeTable.none, "a leg goes with a pipe")
        legs[leg] = LegRow(freeAfter: legs[leg].generation)
        legSlab.giveBack(leg)
    }

    // MARK: The loop

    /// Whether a completion belongs to its row's present leg. A late one's block is released.
    @inline(__always)
    mutating func admits(_ completion: Completion) -> Bool {
        let leg = LegID(completion.token.index)
        if legs[leg].generation == completion.token.generation { return true }
        if !completion.block.isNone { pool.release(completion.block) }
        return false
    }

    /// Publishes the counts of a loop.
    @inline(__always)
    mutating func count() {
        if moved.toUpstream != 0 { counters.add(.bytesToUpstream, moved.toUpstream) }
        if moved.toClient != 0 { counters.add(.bytesToClient, moved.toClient) }
        moved = MovedBytes()
        counters.set(.enters, ring.enters)
        counters.add(.loops)
        counters.set(.blocksLeased, UInt64(pool.leasedBlocks))
    }

    /// The last descriptor is gone: accepting has to stop.
    package var lacksDescriptors: Bool {
        get { reserve.isShort }
        set { reserve.isShort = newValue }
    }

    @inline(never)
    func report(_ kind: WorkerEvent.Kind, _ session: SessionID, error: Int32 = 0) {
        let row = sessions[session]
        events.report(
            WorkerEvent(
                kind: kind, pair: row.pair, cause: row.cause, error: error,
                duration: now &- row.openedAt))
    }

    /// Counts datagrams or messages that are not forwarded.
    @inline(__always)
    func drop(_ reason: DropReason, _ count: Int = 1) {
        counters.add(reason, UInt64(truncatingIfNeeded: count))
    }
}

/// The number of open sessions, and what follows from it.
private struct OpenSessions {
    var count = 0 {
        didSet { poolShareShift = Limits.poolShareShift(sessions: count) }
    }
    private(set) var poolShareShift = Limits.poolShareShift(sessions: 0)
    /// Beside those.
    var probes = 0
}

/// Bytes received in a loop, by destination.
struct MovedBytes {
    var toUpstream: UInt64 = 0
    var toClient: UInt64 = 0
}
