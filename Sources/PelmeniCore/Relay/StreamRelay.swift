internal import CPelmeni
internal import Glibc

/// Sessions that carry streams: the state machine between a ring and a worker.
///
/// It owns the ring, the pool and every row. Handlers enqueue; none submits, and none runs inside
/// another one's completion. Rows are reached by number through pointers, so that the loop neither
/// retains, releases nor checks exclusivity.
package struct StreamRelay<R: Ring & ~Copyable>: ~Copyable {
    package var ring: R
    package let pool: BufferPool
    package let counters: Counters
    let events: RelayEvents
    let limits: RelayLimits

    var legSlab: RowSlab<Leg>
    var sessionSlab: RowSlab<Session>
    var wheel: TimerWheel
    package let pairs: PairTable

    /// What sessions with datagrams on a side have beside their rows; and their clients, by
    /// address.
    let stateSlab: RowSlab<MessageState>
    var clients: ClientTable
    /// What long streams are spliced through.
    var pipes: PipeTable
    /// Datagrams on their way out.
    package let outgoing: OutgoingTable
    var responses: ResponseQueue
    /// Datagrams to upstreams whose sockets may have room again, the oldest first.
    var forRoom = RowQueue<OutgoingDatagram>()
    /// No client without a session gets one any more.
    package var isDraining = false
    /// The time of this loop, read once.
    package var now: UInt64
    var reads = ReadScheduler()
    var dials = DialQueue()
    var cuts = CutQueue()
    var reserve: DescriptorReserve
    /// A session ended since the worker last looked.
    package var hasRoom = false
    package var sessionsOpen = 0 {
        didSet { poolShareShift = RelayLimits.poolShareShift(sessions: sessionsOpen) }
    }
    /// Which part of the free blocks one leg may queue, as a shift.
    var poolShareShift = RelayLimits.poolShareShift(sessions: 0)
    var bytesToUpstream: UInt64 = 0
    var bytesToClient: UInt64 = 0

    /// - Parameter reservedSlots: slots of the ring that belong to the worker (wake-up and
    ///   listeners); legs are numbered after them.
    /// - Parameter key: of the client table's hash; nobody outside should know it.
    package init?(
        ring: consuming R, pool: BufferPool, limits: RelayLimits, reservedSlots: Int,
        pairs: PairTable, counters: Counters, events: RelayEvents,
        key: UInt64
    ) {
        let legCount = Self.slots(sessions: limits.sessions, reservedSlots: reservedSlots)
        let rows = Self.rows(sessions: limits.sessions, reservedSlots: reservedSlots)
        guard
            let legs = RowSlab<Leg>(capacity: legCount, reserved: reservedSlots),
            let sessions = RowSlab<Session>(capacity: rows),
            let states = RowSlab<MessageState>(capacity: rows),
            let wheel = TimerWheel(capacity: rows, now: ring.now()),
            let clients = ClientTable(sessions: rows, key: key), let outgoing = OutgoingTable()
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
        stateSlab = states
        self.wheel = wheel
        self.clients = clients
        self.outgoing = outgoing
        responses = ResponseQueue(smallBlocks: pool.totalBlocks(.small))
        now = self.ring.now()
        reserve = DescriptorReserve(self.ring.openReserve())
    }

    /// Rows that a ring must have room for: a client, an upstream, and in the worst case every
    /// address of an upstream being dialled; those are short-lived, so one more row for each two
    /// sessions is plenty, with a floor for small tables.
    package static func slots(sessions: Int, reservedSlots: Int) -> Int {
        let rows = rows(sessions: sessions, reservedSlots: reservedSlots)
        return reservedSlots + rows * 5 / 2 + Upstream.addressesMax
    }

    /// Rows of sessions. Each listener may bring one more than there is room for: all of them are
    /// armed when one session still fits.
    private static func rows(sessions: Int, reservedSlots: Int) -> Int { sessions + reservedSlots }

    deinit {
        wheel.destroy()
        clients.destroy()
        outgoing.destroy()
        pipes.destroy()
        stateSlab.destroy()
        legSlab.destroy()
        sessionSlab.destroy()
    }

    // MARK: Rows

    @inline(__always)
    var legs: LegTable { legSlab.rows }
    @inline(__always)
    var sessions: SessionTable { sessionSlab.rows }
    /// What sessions with datagrams on a side have beside their rows, under the same numbers.
    @inline(__always)
    var states: MessageTable { stateSlab.rows }

    @inline(__always)
    func token(_ leg: LegID, _ kind: OperationKind) -> Token {
        Token(kind, index: leg.rawValue, generation: legs[leg].generation)
    }

    /// A row for a socket that is there, or none.
    mutating func allocateLeg(_ kind: Leg.Kind, socket: Int32, session: SessionID) -> LegID {
        let leg = legSlab.take()
        guard !leg.isNone else { return leg }
        assert(!legs[leg].isInUse, "a row is taken twice")
        legs[leg] = Leg(
            kind, socket: socket, session: session, generation: legs[leg].generation)
        return leg
    }

    mutating func freeLeg(_ leg: LegID) {
        assert(legs[leg].phase == .closing, "a leg goes without being closed")
        assert(legs[leg].reading != .starved, "a leg waits in a list")
        assert(legs[leg].queue.isEmpty, "a leg goes with bytes in its queue")
        assert(legs[leg].pipe == PipeTable.none, "a leg goes with a pipe")
        legs[leg] = Leg(freeAfter: legs[leg].generation)
        legSlab.giveBack(leg)
    }

    mutating func allocateSession() -> SessionID {
        let session = sessionSlab.take()
        if !session.isNone { sessions[session] = Session() }
        return session
    }

    // MARK: The loop

    /// Handles one completion of a leg. Its block comes first, then its generation, then its
    /// result.
    @inline(__always)
    package mutating func handle(_ completion: Completion) {
        let index = completion.token.index
        if completion.token.kind == .sendDatagrams {
            return datagramsSent(DatagramID(index), completion.result)
        }
        let leg = LegID(index)
        guard legs[leg].generation == completion.token.generation else {
            if !completion.block.isNone { pool.release(completion.block) }
            return
        }
        switch completion.token.kind {
        case .receive: received(leg, completion)
        case .send: sent(leg, completion.result)
        case .receiveDatagrams: datagramsReceived(leg, completion)
        case .connect: connected(leg, completion.result)
        case .awaitBytes: bytesCame(leg)
        case .awaitRoom: roomCame(leg)
        case .cancel: break
        case .unused, .wake, .accept, .sendDatagrams:
            assertionFailure("no operation of a leg")
        }
    }

    /// What is left to do once a loop's completions are handled.
    @inline(__always)
    package mutating func finishLoop() {
        while let timer = wheel.popDue(now: now) { look(after: timer) }
        ring.refill()
        reads.renew()
        pipes.renew()
        if reads.hasStreams { feedStarved() }
        if reads.hasDatagrams { feedDatagrams() }
        dials.renew()
        if !dials.isEmpty { dialWaiting() }
        cuts.renew()
        if !cuts.isEmpty { cutWaiting() }
        if !forRoom.isEmpty { sendForRoom() }
        if now >= responses.retryAt { retryAnswers() }
        if bytesToUpstream != 0 {
            counters.add(.bytesToUpstream, bytesToUpstream)
            bytesToUpstream = 0
        }
        if bytesToClient != 0 {
            counters.add(.bytesToClient, bytesToClient)
            bytesToClient = 0
        }
        counters.set(.enters, ring.enters)
        counters.add(.loops)
        counters.set(.blocksLeased, UInt64(pool.leasedBlocks))
    }

    /// When the relay has to run again though nothing completes.
    @inline(__always)
    package func nextTime() -> UInt64 {
        let timer = min(wheel.nextTime(), responses.retryAt)
        guard dials.isEmpty, cuts.isEmpty else { return now }
        guard !reads.isEmpty else { return timer }
        guard !reads.feedsAgain else { return now }
        return min(timer, now &+ RelayLimits.exhaustionCheck)
    }

    /// Accepting has to stop: the last descriptor is gone.
    package var lacksDescriptors: Bool {
        get { reserve.isShort }
        set { reserve.isShort = newValue }
    }

    /// Sessions that may still be opened before connections have to wait.
    package var room: Int {
        let datagrams = pelmeni_shared_get(limits.datagramSessionsOpen)
        let streams = pelmeni_shared_get(limits.engineSessionsOpen) &- datagrams
        let inEngine = limits.shares.streamRoom(streams: streams, datagrams: datagrams)
        return min(Int(inEngine), limits.sessions - sessionsOpen)
    }

    // MARK: Opening

    /// Takes an accepted socket into a new session of a pair, and dials its upstream.
    package mutating func open(_ socket: Int32, pair: PairID) {
        counters.add(.accepted)
        let open = pelmeni_shared_add(pairs[pair].sessionsOpen, 1)
        let inEngine = pelmeni_shared_add(limits.engineSessionsOpen, 1)
        let pairMax = pairs[pair].sessionsMax
        let cap = limits.engineSessionsCap
        guard pairMax == 0 || open <= pairMax, cap == 0 || inEngine <= cap else {
            return shed(socket, pair: pair)
        }
        let session = allocateSession()
        guard !session.isNone else { return shed(socket, pair: pair) }
        let isUnix = pairs[pair].isUnix
        let leg = allocateLeg(isUnix ? .unixClient : .client, socket: socket, session: session)
        guard !leg.isNone else {
            sessionSlab.giveBack(session)
            return shed(socket, pair: pair)
        }
        sessions[session].client = leg
        begin(session, pair: pair)
        if pairs[pair].kind != .streams { beginMessages(session, client: leg) }
        // A TCP socket has what its listener has; a Unix one has not.
        if isUnix {
            _ = ring.configure(socket, family: AF_UNIX, options: pairs[pair].options)
        }
        guard
            ring.attach(socket, token: token(leg, .receive), isShared: false, isUnix: isUnix) == 0
        else {
            return end(session, .limit, reset: true)
        }
        takeTurn(session)
        dialInTurn(session)
    }

    /// Opens the books of a session whose client is there.
    mutating func begin(_ session: SessionID, pair: PairID) {
        let row = sessions.row(session)
        row.pointee.pair = pair
        row.pointee.kind = pairs[pair].kind
        row.pointee.legs = 1
        row.pointee.openedAt = now
        row.pointee.activeAt = now
        row.pointee.move(to: .connecting)
        sessionsOpen &+= 1
        counters.set(.sessionsOpen, UInt64(sessionsOpen))
        if events.reportsSessions { report(.sessionOpened, session) }
    }

    /// Closes a connection that is over a limit, at once and visibly.
    mutating func shed(_ socket: Int32, pair: PairID) {
        _ = pelmeni_shared_add(pairs[pair].sessionsOpen, -1)
        _ = pelmeni_shared_add(limits.engineSessionsOpen, -1)
        counters.add(.limit)
        ring.closeWithReset(socket)
        hasRoom = true
        if events.reportsSessions {
            events.report(RelayEvent(kind: .sessionEnded, pair: pair, cause: .limit))
        }
    }

    @inline(never)
    func report(_ kind: RelayEvent.Kind, _ session: SessionID, error: Int32 = 0) {
        let it = sessions[session]
        events.report(
            RelayEvent(
                kind: kind, pair: it.pair, cause: it.cause, error: error,
                duration: now &- it.openedAt))
    }
}
