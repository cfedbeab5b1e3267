internal import CPelmeni
internal import Glibc

/// The ring over epoll: readiness fires, the ring makes the call, and hands out the same completion
/// as io_uring.
///
/// Sockets are added once, edge-triggered, for every event; `epoll_ctl` is called again only for
/// spliced streams whose peer is full. Short sends are gathered until every ready socket was read,
/// and leave in one call; other sends are tried when they are enqueued, and their completions go
/// before the next read, so that their blocks are still in the cache.
package struct EpollRing: Ring, ~Copyable {
    @inline(__always)
    package var calls: KernelCalls { KernelCalls(isNonblocking: true) }

    /// Accepts, or reads of datagrams, of one slot in a loop. A read of a listener brings up to 32
    /// datagrams or trains: a flood of them leaves time for other slots.
    static let acceptBudget: UInt16 = 64
    static let datagramBudget: UInt16 = 8
    /// Receives in a row of a bulk slot; one when `busyMany` or more of them wait.
    static let receiveBudget: UInt16 = 4
    static let busyMany = 16
    /// Bytes of all bulk slots in one loop: 1 MiB takes about a millisecond when none of it is in
    /// the cache, which bounds the wait of a small message. With as many calls for each slot
    /// instead, a thousand fast sources made a small message wait 285 ms.
    static let busyBytes = 1 << 20

    let poller: Int32
    let pool: BufferPool
    let rows: UnsafeMutablePointer<Readiness>
    private let capacity: Int
    private let events: UnsafeMutablePointer<pelmeni_event>
    private var eventCount = 0
    private var eventNext = 0
    /// Completions of calls made while enqueuing: at most a send and a connect for each slot, those
    /// of cancelled operations, and each datagram in flight.
    private let done: UnsafeMutablePointer<Completion>
    private let doneMask: Int
    var doneHead = 0
    var doneTail = 0
    /// Readable slots; below, readable slots that have spent their budget in this loop.
    private var ready = ReadyList()
    private var spent = ReadyList()
    /// Slots that last filled a whole block, or the socket: round-robin, behind all others.
    private var busy = ReadyList()
    var busyBytesLeft = 0
    /// Datagrams of one call that were not handed out yet.
    var arrived: DatagramBatch
    /// Datagrams with a name that wait for others of the same socket.
    var datagramSends: DatagramSends
    /// Short sends that wait for others, unless `sendsAtOnce`.
    var batch: SendBatch
    let sendsAtOnce: Bool
    private(set) package var enters: UInt64 = 0

    package var isMultishot: Bool { true }
    @inline(__always)
    package var mayMissEnds: Bool { false }
    /// Why every send is a call of its own; nil when sends leave in batches.
    package var batchRefusal: SystemError? { batch.refusal }

    /// - Parameters:
    ///   - slots: how many sockets may be attached at once.
    ///   - sendsAtOnce: every send is a call of its own, made when it is enqueued.
    /// - Throws: the errno of `epoll_create1(2)`, or ENOMEM.
    package init(slots: Int, pool: BufferPool, sendsAtOnce: Bool = false) throws(SystemError) {
        let poller = pelmeni_poll_create()
        guard poller >= 0 else { throw SystemError(code: poller) }
        var doneCapacity = 1
        while doneCapacity < 4 * slots + OutgoingTable.capacity { doneCapacity *= 2 }
        guard
            let memory = pelmeni_memory_map(UInt64(slots * MemoryLayout<Readiness>.stride)),
            let doneMemory = pelmeni_memory_map(
                UInt64(doneCapacity * MemoryLayout<Completion>.stride)),
            let batch = SendBatch(isUsed: !sendsAtOnce)
        else {
            _ = pelmeni_socket_close(poller)
            throw SystemError(code: ENOMEM)
        }
        self.poller = poller
        self.pool = pool
        capacity = slots
        doneMask = doneCapacity - 1
        rows = memory.bindMemory(to: Readiness.self, capacity: slots)
        done = doneMemory.bindMemory(to: Completion.self, capacity: doneCapacity)
        events = .allocate(capacity: Int(PELMENI_POLL_BATCH))
        arrived = DatagramBatch()
        datagramSends = DatagramSends()
        self.batch = batch
        self.sendsAtOnce = sendsAtOnce
    }

    deinit {
        _ = pelmeni_socket_close(poller)
        pelmeni_memory_unmap(rows, UInt64(capacity * MemoryLayout<Readiness>.stride))
        pelmeni_memory_unmap(done, UInt64((doneMask + 1) * MemoryLayout<Completion>.stride))
        events.deallocate()
        arrived.destroy(pool: pool)
        datagramSends.destroy()
        batch.destroy()
    }

    package mutating func submit(until deadline: UInt64) -> Int32 {
        // Sends enqueued after the last completion.
        if isSendDue { sendGathered() }
        var wait = Int64.max
        if doneHead != doneTail || !ready.isEmpty || !spent.isEmpty || !busy.isEmpty {
            wait = 0
        } else if deadline != .max {
            let time = pelmeni_monotonic_nanoseconds()
            wait = deadline > time ? Int64(deadline &- time) : 0
        }
        enters &+= 1
        eventNext = 0
        let count = pelmeni_poll_wait(poller, events, Int32(PELMENI_POLL_BATCH), wait)
        eventCount = max(0, Int(count))
        refillBudgets()
        return min(0, count)
    }

    @inline(__always)
    package mutating func next() -> Completion? {
        while true {
            if doneHead != doneTail {
                let completion = done[doneHead & doneMask]
                doneHead &+= 1
                // The next completions begin in front again: going round, they would touch all of
                // the memory, which is for the worst case.
                if doneHead == doneTail {
                    doneHead = 0
                    doneTail = 0
                }
                return completion
            }
            if !arrived.isEmpty { return nextArrived() }
            if eventNext < eventCount {
                let event = events[eventNext]
                eventNext &+= 1
                if let completion = fire(event) { return completion }
                continue
            }
            var slot = ready.popFirst(rows)
            if slot == .max {
                if isSendDue {
                    sendGathered()
                    continue
                }
                if busyBytesLeft > 0 { slot = takeBusy() }
                guard slot != .max else { return nil }
            }
            (rows + Int(slot)).pointee.flags.remove(.queued)
            if rows[Int(slot)].flags.isSuperset(of: [.sending, .writable]) {
                trySend(slot)
                // The send's completion goes first.
                if isReadWanted(slot) { queue(slot) }
                continue
            }
            if let completion = read(slot) { return completion }
        }
    }

    package func available(_ blockClass: BlockClass) -> Int { pool.freeBlocks(blockClass) }

    package func reachable(_ blockClass: BlockClass) -> Int { pool.freeBlocks(blockClass) }

    package mutating func refill() {}

    /// The next bulk slot.
    @inline(__always)
    private mutating func takeBusy() -> UInt32 {
        let slot = busy.popFirst(rows)
        guard slot != .max else { return slot }
        rows[Int(slot)].callsLeft = busyCalls
        return slot
    }

    /// Receives that a bulk slot makes in a row.
    @inline(__always)
    var busyCalls: UInt16 { busy.count < Self.busyMany ? Self.receiveBudget : 1 }

    /// A new loop: slots with a spent budget get a new one.
    @inline(__always)
    private mutating func refillBudgets() {
        busyBytesLeft = Self.busyBytes
        while true {
            let slot = spent.popFirst(rows)
            guard slot != .max else { return }
            rows[Int(slot)].callsLeft = budget(rows[Int(slot)].flags)
            ready.append(slot, rows)
        }
    }

    @inline(__always)
    func budget(_ flags: Readiness.Flags) -> UInt16 {
        if flags.contains(.stopsShort) { return Self.receiveBudget }
        return flags.contains(.datagrams) ? Self.datagramBudget : Self.acceptBudget
    }

    /// Whether a slot with a spent budget waits for the next loop, rather than behind all others in
    /// this one: a slot that is read until it is empty might never be.
    @inline(__always)
    private func waitsForLoop(_ flags: Readiness.Flags) -> Bool {
        if flags.contains(.stopsShort) { return !flags.contains(.busy) }
        return !flags.isDisjoint(with: [.accepting, .datagrams])
    }

    @inline(__always)
    mutating func push(_ token: Token, _ result: Int32) {
        done[doneTail & doneMask] = Completion(token: token, result: result)
        doneTail &+= 1
        assert(doneTail &- doneHead <= doneMask &+ 1, "more completions than operations")
    }

    @inline(__always)
    mutating func queue(_ slot: UInt32) {
        let row = rows + Int(slot)
        guard !row.pointee.flags.contains(.queued) else { return }
        row.pointee.flags.insert(.queued)
        if row.pointee.callsLeft > 0 {
            ready.append(slot, rows)
        } else if waitsForLoop(row.pointee.flags) {
            spent.append(slot, rows)
        } else {
            busy.append(slot, rows)
        }
    }

    @inline(__always)
    func token(_ slot: UInt32, _ kind: OperationKind) -> Token {
        Token(kind, index: slot, generation: rows[Int(slot)].generation)
    }
}
