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

    let legs: LegTable
    let legCapacity: Int
    var freeLeg: LegID = .none
    /// Rows never used so far begin here, so that a large table costs no memory until it is filled.
    var freshLeg: UInt32
    let sessions: SessionTable
    let sessionCapacity: Int
    var freeSession: SessionID = .none
    var freshSession: UInt32 = 0
    let timerNodes: UnsafeMutablePointer<TimerWheel.Node>
    var wheel: TimerWheel
    package let pairs: UnsafeMutablePointer<RelayPair>

    /// What sessions with datagrams on a side have beside their rows; and their clients, by
    /// address.
    let states: MessageTable
    var clients: ClientTable
    /// What long streams are spliced through, and until when they go through blocks because no pipe
    /// could be made.
    var pipes: PipeTable
    var pipesRestUntil: UInt64 = 0
    /// Bytes that may still be spliced in this loop.
    var spliceBytesLeft = RelayLimits.spliceInLoop
    /// Datagrams on their way out.
    package let outgoing: OutgoingTable
    /// Answers that wait for a Unix client's socket to have room, or for those before them; each
    /// client's are in order.
    var waitingFirst: DatagramID = .none
    var waitingLast: DatagramID = .none
    /// How many they are.
    var waitingCount = 0
    /// Datagrams to upstreams whose sockets may have room again, the oldest first.
    var roomFirst: DatagramID = .none
    /// When those that found no room are tried again.
    var retryAt: UInt64 = .max
    /// No client without a session gets one any more.
    package var isDraining = false
    /// The time of this loop, read once.
    package var now: UInt64
    /// Legs that wait for a block: those that bring little, and those that fill blocks.
    var starvedLight = LegQueue()
    var starvedHeavy = LegQueue()
    /// Those that are spliced: they wait for no block, but for their turn in the next loop.
    var starvedSpliced = LegQueue()
    /// Those that receive datagrams.
    var starvedDatagrams = LegQueue()
    /// Clients whose sessions are not dialled yet, because a burst of them came at once.
    var undialled = LegQueue()
    /// Sessions that may still be dialled in this loop.
    var dialsLeft = RelayLimits.dialsInLoop
    /// Streams of messages of which one loop could not cut all.
    var uncutStreams = UncutQueue()
    /// Messages that may still be cut in this loop.
    var messagesLeft = RelayLimits.messagesInLoop
    /// Until when legs take turns, because blocks ran out or a burst of sessions came in.
    var crowdedUntil: UInt64 = 0
    /// Some starved legs were fed in this loop, so the others need not wait for a completion.
    var feedsAgain = false
    var exhaustionCheckedAt: UInt64 = 0
    /// The same for blocks of datagrams: streams that starve too are looked at first in every loop.
    var datagramsCheckedAt: UInt64 = 0
    /// A descriptor held back for the upstream socket of a session that was accepted as the last
    /// ones ran out; -1 when it is spent.
    var reserve: Int32
    /// Accepting has to stop: the last descriptor is gone.
    package var lacksDescriptors = false
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
        pairs: UnsafeMutablePointer<RelayPair>, counters: Counters, events: RelayEvents,
        key: UInt64
    ) {
        let legCount = Self.slots(sessions: limits.sessions, reservedSlots: reservedSlots)
        let rows = Self.rows(sessions: limits.sessions, reservedSlots: reservedSlots)
        guard
            let legMemory = pelmeni_memory_map(UInt64(legCount * MemoryLayout<Leg>.stride)),
            let sessionMemory = pelmeni_memory_map(
                UInt64(rows * MemoryLayout<Session>.stride)),
            let nodeMemory = pelmeni_memory_map(
                UInt64(rows * MemoryLayout<TimerWheel.Node>.stride)),
            let stateMemory = pelmeni_memory_map(
                UInt64(rows * MemoryLayout<MessageState>.stride)),
            let clients = ClientTable(sessions: rows, key: key), let outgoing = OutgoingTable()
        else { return nil }
        self.ring = ring
        self.pool = pool
        self.limits = limits
        pipes = PipeTable(capacity: limits.pipes)
        self.pairs = pairs
        self.counters = counters
        self.events = events
        legs = LegTable(legMemory.bindMemory(to: Leg.self, capacity: legCount))
        legCapacity = legCount
        freshLeg = UInt32(reservedSlots)
        sessions = SessionTable(sessionMemory.bindMemory(to: Session.self, capacity: rows))
        sessionCapacity = rows
        states = MessageTable(stateMemory.bindMemory(to: MessageState.self, capacity: rows))
        self.clients = clients
        self.outgoing = outgoing
        timerNodes = nodeMemory.bindMemory(to: TimerWheel.Node.self, capacity: rows)
        now = self.ring.now()
        wheel = TimerWheel(nodes: timerNodes, now: now)
        reserve = self.ring.openReserve()
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
        pelmeni_memory_unmap(
            states.rows, UInt64(sessionCapacity * MemoryLayout<MessageState>.stride))
        pelmeni_memory_unmap(legs.rows, UInt64(legCapacity * MemoryLayout<Leg>.stride))
        pelmeni_memory_unmap(sessions.rows, UInt64(sessionCapacity * MemoryLayout<Session>.stride))
        pelmeni_memory_unmap(
            timerNodes, UInt64(sessionCapacity * MemoryLayout<TimerWheel.Node>.stride))
    }

    // MARK: Rows

    @inline(__always)
    func token(_ leg: LegID, _ kind: OperationKind) -> Token {
        Token(kind, index: leg.rawValue, generation: legs[leg].generation)
    }

    mutating func allocateLeg() -> LegID {
        let leg: LegID
        if !freeLeg.isNone {
            leg = freeLeg
            freeLeg = legs[leg].next
        } else {
            guard Int(freshLeg) < legCapacity else { return .none }
            leg = LegID(freshLeg)
            freshLeg &+= 1
            legs[leg].generation = 0
        }
        let generation = legs[leg].generation
        legs[leg] = Leg()
        legs[leg].generation = generation
        legs[leg].flags = .inUse
        return leg
    }

    mutating func freeLeg(_ leg: LegID) {
        assert(
            legs[leg].flags.isDisjoint(with: [.starved, .undialled]), "a leg waits in a list")
        assert(legs[leg].queue.isEmpty, "a leg goes with bytes in its queue")
        assert(legs[leg].pipe == PipeTable.none, "a leg goes with a pipe")
        legs[leg].generation = (legs[leg].generation &+ 1) & 0xff_ffff
        legs[leg].flags = []
        legs[leg].socket = -1
        legs[leg].next = freeLeg
        freeLeg = leg
    }

    mutating func allocateSession() -> SessionID {
        let session: SessionID
        if !freeSession.isNone {
            session = freeSession
            freeSession = sessions[session].next
        } else {
            guard Int(freshSession) < sessionCapacity else { return .none }
            session = SessionID(freshSession)
            freshSession &+= 1
            timerNodes[Int(session.rawValue)] = TimerWheel.Node()
        }
        sessions[session] = Session()
        return session
    }

    /// Rows of legs, and of sessions, that were in use at some time.
    var usedLegs: LazyMapSequence<Range<UInt32>, LegID> { (0..<freshLeg).lazy.map { LegID($0) } }
    var usedSessions: LazyMapSequence<Range<UInt32>, SessionID> {
        (0..<freshSession).lazy.map { SessionID($0) }
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
        feedsAgain = false
        spliceBytesLeft = RelayLimits.spliceInLoop
        if isStarving { feedStarved() }
        if !starvedDatagrams.isEmpty { feedDatagrams() }
        dialsLeft = RelayLimits.dialsInLoop
        if !undialled.isEmpty { dialWaiting() }
        messagesLeft = RelayLimits.messagesInLoop
        if !uncutStreams.isEmpty { cutWaiting() }
        if !roomFirst.isNone { sendForRoom() }
        if now >= retryAt { retryAnswers() }
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
        let timer = min(wheel.nextTime(), retryAt)
        guard undialled.isEmpty, uncutStreams.isEmpty else { return now }
        guard isStarving || !starvedDatagrams.isEmpty else { return timer }
        guard !feedsAgain else { return now }
        return min(timer, now &+ RelayLimits.exhaustionCheck)
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
    package mutating func open(_ socket: Int32, pair: UInt16) {
        counters.add(.accepted)
        let open = pelmeni_shared_add(pairs[Int(pair)].sessionsOpen, 1)
        let inEngine = pelmeni_shared_add(limits.engineSessionsOpen, 1)
        let pairMax = pairs[Int(pair)].sessionsMax
        let cap = limits.engineSessionsCap
        guard pairMax == 0 || open <= pairMax, cap == 0 || inEngine <= cap else {
            return shed(socket, pair: pair)
        }
        let session = allocateSession()
        guard !session.isNone else { return shed(socket, pair: pair) }
        let leg = allocateLeg()
        guard !leg.isNone else {
            sessions[session].next = freeSession
            freeSession = session
            return shed(socket, pair: pair)
        }
        legs[leg].socket = socket
        legs[leg].session = session
        legs[leg].flags.insert(.client)
        if pairs[Int(pair)].isUnix { legs[leg].flags.insert(.unix) }
        sessions[session].client = leg
        sessions[session].legs = 1
        sessions[session].pair = pair
        sessions[session].move(to: .connecting)
        sessions[session].kind = pairs[Int(pair)].kind
        if pairs[Int(pair)].kind != .streams { beginMessages(session, client: leg) }
        sessions[session].openedAt = now
        sessions[session].activeAt = now
        sessionsOpen &+= 1
        counters.set(.sessionsOpen, UInt64(sessionsOpen))
        if events.reportsSessions { report(.sessionOpened, session) }
        let isUnix = pairs[Int(pair)].isUnix
        // A TCP socket has what its listener has; a Unix one has not.
        if isUnix {
            _ = ring.configure(socket, family: AF_UNIX, options: pairs[Int(pair)].options)
        }
        guard
            ring.attach(socket, token: token(leg, .receive), isShared: false, isUnix: isUnix) == 0
        else {
            return end(session, .limit, reset: true)
        }
        takeTurn(session)
        dialInTurn(session)
    }

    /// Closes a connection that is over a limit, at once and visibly.
    mutating func shed(_ socket: Int32, pair: UInt16) {
        _ = pelmeni_shared_add(pairs[Int(pair)].sessionsOpen, -1)
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
