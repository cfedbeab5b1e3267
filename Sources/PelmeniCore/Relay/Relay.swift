internal import CPelmeni
internal import Glibc

/// The policy of sessions, on top of their ``Legs``: what crosses a pair.
///
/// Two linked streams never get here; messages, datagrams and their clients do. Calls go down to
/// the legs, which return an ``Outcome`` of a completion, and queue a ``Notice`` to pop.
package struct Relay<R: Ring & ~Copyable>: ~Copyable {
    package var legs: Legs<R>
    /// State of sessions with messages, beside their rows; and their clients, by address.
    let stateSlab: RowSlab<MessageState>
    let framedSlab: RowSlab<FramedRow>
    var clients: ClientTable
    /// Datagrams in flight.
    package let outgoing: OutgoingTable
    var responses: ResponseQueue
    /// Datagrams to upstreams whose sockets may have room again, the oldest first.
    var forRoom = RowQueue<OutgoingDatagram>()
    var cuts = CutQueue()
    let hooks: HookRunner
    var drivers: DriverRunner
    var pairDrivers: PairDriverRunner
    /// Of the last asynchronous call.
    var parkedSerial: UInt32 = 0
    /// When bytes that hooks made last asked for a session's blocks.
    var surplusRelievedAt: UInt64 = 0

    /// - Parameter reservedSlots: slots of the ring that belong to the worker (wake-up and
    ///   listeners); legs are numbered after them.
    /// - Parameter key: of the client table's hash; a secret of the process.
    package init?(
        ring: consuming R, pool: BufferPool, limits: Limits, reservedSlots: Int,
        pairs: PairTable, hooks: HookMemory, drivers: [DriverPlans], counters: Counters,
        events: WorkerEvents, key: UInt64
    ) {
        let rows = Legs<R>.rows(sessions: limits.sessions, reservedSlots: reservedSlots)
        guard
            let legs = Legs(
                ring: ring, pool: pool, limits: limits, reservedSlots: reservedSlots,
                pairs: pairs, counters: counters, events: events),
            let states = RowSlab<MessageState>(capacity: rows),
            let framed = RowSlab<FramedRow>(capacity: 2 * rows),
            let clients = ClientTable(sessions: rows, key: key), let outgoing = OutgoingTable(),
            let runner = DriverRunner(drivers, hooks: hooks, sessions: rows),
            let pairDrivers = PairDriverRunner(
                drivers, call: runner.call,
                stages: drivers.indices.map { hooks.plans.isEmpty ? 0 : hooks.plans[$0].count },
                sessions: rows),
            let hooks = HookRunner(hooks, sessions: rows)
        else { return nil }
        self.legs = legs
        stateSlab = states
        framedSlab = framed
        self.clients = clients
        self.outgoing = outgoing
        self.hooks = hooks
        self.drivers = runner
        self.pairDrivers = pairDrivers
        responses = ResponseQueue(smallBlocks: pool.totalBlocks(.small))
    }

    /// Rows that a ring must have room for.
    package static func slots(sessions: Int, reservedSlots: Int) -> Int {
        Legs<R>.slots(sessions: sessions, reservedSlots: reservedSlots)
    }

    deinit {
        hooks.destroy()
        pairDrivers.destroy()
        drivers.destroy()
        clients.destroy()
        outgoing.destroy()
        stateSlab.destroy()
        framedSlab.destroy()
    }

    // MARK: What the legs own

    @inline(__always)
    var sessions: SessionTable { legs.sessions }
    @inline(__always)
    var states: MessageTable { stateSlab.rows }
    @inline(__always)
    var framed: FramedTable { framedSlab.rows }
    @inline(__always)
    var pairs: PairTable { legs.pairs }
    @inline(__always)
    var pool: BufferPool { legs.pool }
    @inline(__always)
    var counters: Counters { legs.counters }
    @inline(__always)
    var events: WorkerEvents { legs.events }
    @inline(__always)
    var now: UInt64 { legs.now }
    @inline(__always)
    func drop(_ reason: DropReason, _ count: Int = 1) { legs.drop(reason, count) }

    // MARK: The loop

    /// Handles one completion of a leg.
    @inline(__always)
    package mutating func handle(_ completion: Completion) {
        let index = completion.token.index
        if completion.token.kind == .sendDatagrams {
            return datagramsSent(DatagramID(index), completion.result)
        }
        guard legs.admits(completion) else { return }
        let leg = LegID(index)
        switch completion.token.kind {
        case .receive:
            if completion.flags.contains(.descriptors) { legs.noteDescriptors(leg) }
            if !legs.received(leg, completion) { receivedUnlinked(leg, completion) }
        case .send: sent(leg, completion.result)
        case .receiveDatagrams:
            datagramsReceived(leg, completion)
            heedNotices()
        case .connect:
            legs.connected(leg, completion.result)
            heedNotices()
        case .awaitReadable:
            legs.becameReadable(leg)
            heedNotices()
        case .awaitWritable:
            legs.becameWritable(leg)
            pipeEmptied(leg)
            heedNotices()
        case .cancel: break
        case .unused, .wake, .accept, .sendDatagrams:
            assertionFailure("no operation of a leg")
        }
    }

    /// Does the work of a loop that follows its completions.
    @inline(__always)
    package mutating func finishLoop() {
        while let session = legs.wheel.popDue(now: now) {
            timerFired(session)
            heedNotices()
        }
        legs.ring.refill()
        legs.reads.renew()
        legs.pipes.renew()
        if legs.reads.hasStreams {
            let isExhausted = legs.feedStarved()
            if isExhausted { relieveExhaustion() }
        }
        if legs.reads.hasDatagrams { feedDatagrams() }
        legs.dials.renew()
        if !legs.dials.isEmpty { dialWaiting() }
        cuts.renew()
        if !cuts.isEmpty { cutWaiting() }
        if !forRoom.isEmpty { sendForRoom() }
        if now >= responses.retryAt { retryResponses() }
        if hooks.areThere { finishHooks() }
        legs.count()
    }

    /// The worker is quiet: memory that a burst took is given back.
    @inline(never)
    package mutating func trim() {
        pool.trim()
        pairDrivers.rests.trim()
    }

    /// A driver waits for its turn, or an asynchronous hook has answered. Without hooks there are
    /// no drivers: their sessions have rows for both.
    @inline(never)
    private var hasHookWork: Bool {
        !drivers.isEmpty || !pairDrivers.isEmpty || hooks.hasWork
    }

    /// When the relay has to run again even without a completion.
    @inline(__always)
    package func nextTime() -> UInt64 {
        let timer = min(legs.wheel.nextTime(), responses.retryAt)
        guard legs.dials.isEmpty, cuts.isEmpty, !hooks.areThere || !hasHookWork else { return now }
        guard !legs.reads.isEmpty else { return timer }
        guard !legs.reads.feedsAgain else { return now }
        return min(timer, now &+ Limits.exhaustionCheck)
    }
}
