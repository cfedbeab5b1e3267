internal import CPelmeni
internal import Glibc

/// Sockets and what is known of them: the mechanism of sessions, between a ring and a ``Relay``.
///
/// Legs read, write, link, splice, dial and close. What a stream of messages or a datagram means
/// is the relay's: a completion of theirs comes back as an ``Outcome``, and what becomes of a
/// session beside a completion as a ``Notice``. Nothing here calls the relay.
///
/// Rows are reached by number through pointers, so that the loop neither retains, releases nor
/// checks exclusivity. Handlers enqueue; none submits, and none runs inside another one's
/// completion.
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
    var dials = DialQueue()
    var pipes: PipeTable
    var reserve: DescriptorReserve
    /// Sessions of which the relay has to be told.
    var notices = RowQueue<SessionRow>()
    /// Sessions with datagrams on a side end once they fall silent.
    package var isDraining = false
    /// The time of this loop, read once.
    package var now: UInt64
    /// A session ended since the worker last looked.
    package var hasRoom = false
    package var sessionsOpen = 0 {
        didSet { poolShareShift = Limits.poolShareShift(sessions: sessionsOpen) }
    }
    /// Which part of the free blocks one leg may queue, as a shift.
    var poolShareShift = Limits.poolShareShift(sessions: 0)
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
            let sessions = RowSlab<SessionRow>(capacity: rows),
            let wheel = TimerWheel(capacity: rows, now: ring.calls.now())
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
        self.wheel = wheel
        now = self.ring.calls.now()
        reserve = DescriptorReserve(self.ring.calls.openReserve())
    }

    /// Rows that a ring must have room for: a client, an upstream, and in the worst case every
    /// address of an upstream being dialled; those are short-lived, so one more row for each two
    /// sessions is plenty, with a floor for small tables.
    static func slots(sessions: Int, reservedSlots: Int) -> Int {
        let rows = rows(sessions: sessions, reservedSlots: reservedSlots)
        return reservedSlots + rows * 5 / 2 + Upstream.addressesMax
    }

    /// Rows of sessions. Each listener may bring one more than there is room for: all of them are
    /// armed when one session still fits.
    static func rows(sessions: Int, reservedSlots: Int) -> Int { sessions + reservedSlots }

    deinit {
        wheel.destroy()
        pipes.destroy()
        legSlab.destroy()
        sessionSlab.destroy()
    }

    @inline(__always)
    package var calls: R.Calls { ring.calls }

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

    /// A row for a socket that is there, or none.
    mutating func allocateLeg(_ kind: LegRow.Kind, socket: Int32, session: SessionID) -> LegID {
        let leg = legSlab.take()
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

    /// Whether a completion is of the leg that its row has now. The block of a late one goes back.
    @inline(__always)
    mutating func admits(_ completion: Completion) -> Bool {
        let leg = LegID(completion.token.index)
        if legs[leg].generation == completion.token.generation { return true }
        if !completion.block.isNone { pool.release(completion.block) }
        return false
    }

    /// Adds up what a loop did.
    @inline(__always)
    mutating func count() {
        if moved.toUpstream != 0 { counters.add(.bytesToUpstream, moved.toUpstream) }
        if moved.toClient != 0 { counters.add(.bytesToClient, moved.toClient) }
        moved = MovedBytes()
        counters.set(.enters, ring.enters)
        counters.add(.loops)
        counters.set(.blocksLeased, UInt64(pool.leasedBlocks))
    }

    /// Accepting has to stop: the last descriptor is gone.
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

    /// Counts datagrams or messages that go nowhere.
    @inline(__always)
    func drop(_ reason: DropReason, _ count: Int = 1) {
        counters.add(reason, UInt64(truncatingIfNeeded: count))
    }
}

/// Bytes that a loop received, by the side that they are for.
struct MovedBytes {
    var toUpstream: UInt64 = 0
    var toClient: UInt64 = 0
}
