internal import CPelmeni
internal import Glibc

/// The ring over epoll: readiness fires, the ring makes the call, and hands out the same completion
/// as io_uring.
///
/// Sockets are added once, edge-triggered, for every event; `epoll_ctl` is called again only for
/// spliced streams whose peer is full. Short sends are gathered until every ready socket was read,
/// and leave in one call; other sends are tried when they are enqueued, and their completions go
/// before the next read, so that their blocks are still in the cache.
package struct EpollRing: KernelRing, ~Copyable {
    /// Accepts, or reads of datagrams, of one slot in a loop. A read of a listener brings up to 32
    /// datagrams or trains: a flood of them leaves time for other slots.
    static let acceptBudget: UInt16 = 64
    static let datagramBudget: UInt16 = 8
    /// Receives in a row of a bulk slot; one when `crowd` or more of them wait.
    static let receiveBudget: UInt16 = 4
    static let crowd = 16
    /// Bytes of all bulk slots in one loop: 1 MiB takes about a millisecond when none of it is in
    /// the cache, which bounds the wait of a small message. With as many calls for each slot
    /// instead, a thousand fast sources made a small message wait 285 ms.
    static let heavyBudget = 1 << 20

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
    private var doneHead = 0
    private var doneTail = 0
    /// Readable slots; below, readable slots that have spent their budget in this loop.
    private var ready = ReadyList()
    private var rested = ReadyList()
    /// Slots that last filled a whole block, or the socket: round-robin, behind all others.
    private var heavy = ReadyList()
    var heavyBytesLeft = 0
    /// Datagrams of one call that were not handed out yet.
    var arrived: DatagramBatch
    /// Datagrams with a name that wait for others of the same socket.
    var departing: DepartingDatagrams
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
        departing = DepartingDatagrams()
        self.batch = batch
        self.sendsAtOnce = sendsAtOnce
    }

    deinit {
        _ = pelmeni_socket_close(poller)
        pelmeni_memory_unmap(rows, UInt64(capacity * MemoryLayout<Readiness>.stride))
        pelmeni_memory_unmap(done, UInt64((doneMask + 1) * MemoryLayout<Completion>.stride))
        events.deallocate()
        arrived.destroy(pool: pool)
        departing.destroy()
        batch.destroy()
    }

    // MARK: The loop

    package mutating func submit(until deadline: UInt64) -> Int32 {
        // Sends enqueued after the last completion.
        if isSendDue { sendGathered() }
        var wait = Int64.max
        if doneHead != doneTail || !ready.isEmpty || !rested.isEmpty || !heavy.isEmpty {
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
                if heavyBytesLeft > 0 { slot = takeHeavy() }
                guard slot != .max else { return nil }
            }
            rows[Int(slot)].flags.remove(.queued)
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
    private mutating func takeHeavy() -> UInt32 {
        let slot = heavy.popFirst(rows)
        guard slot != .max else { return slot }
        rows[Int(slot)].callsLeft = heavyCalls
        return slot
    }

    /// Receives that a bulk slot makes in a row.
    @inline(__always)
    private var heavyCalls: UInt16 { heavy.count < Self.crowd ? Self.receiveBudget : 1 }

    /// A new loop: slots with a spent budget get a new one.
    @inline(__always)
    private mutating func refillBudgets() {
        heavyBytesLeft = Self.heavyBudget
        while true {
            let slot = rested.popFirst(rows)
            guard slot != .max else { return }
            rows[Int(slot)].callsLeft = budget(rows[Int(slot)].flags)
            ready.append(slot, rows)
        }
    }

    @inline(__always)
    private func budget(_ flags: Readiness.Flags) -> UInt16 {
        if flags.contains(.stopsShort) { return Self.receiveBudget }
        return flags.contains(.datagrams) ? Self.datagramBudget : Self.acceptBudget
    }

    /// Whether a slot with a spent budget waits for the next loop, rather than behind all others in
    /// this one: a slot that is read until it is empty might never be.
    @inline(__always)
    private func isRested(_ flags: Readiness.Flags) -> Bool {
        if flags.contains(.stopsShort) { return !flags.contains(.heavy) }
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
        } else if isRested(row.pointee.flags) {
            rested.append(slot, rows)
        } else {
            heavy.append(slot, rows)
        }
    }

    @inline(__always)
    func token(_ slot: UInt32, _ kind: OperationKind) -> Token {
        Token(kind, index: slot, generation: rows[Int(slot)].generation)
    }

    // MARK: Readiness

    /// Applies an event to its slot, and makes the read that it allows.
    @inline(__always)
    private mutating func fire(_ event: pelmeni_event) -> Completion? {
        let token = Token(rawValue: event.token)
        let slot = token.index
        let row = rows + Int(slot)
        guard row.pointee.flags.contains(.attached), row.pointee.generation == token.generation
        else { return nil }
        if row.pointee.flags.contains(.shared),
            row.pointee.flags.isDisjoint(with: [.accepting, .receiving])
        {
            return unpoll(slot)
        }
        // A send waited, so it had filled the socket.
        let isBulk = !row.pointee.flags.isDisjoint(with: [.heavy, .sending])
        row.pointee.callsLeft = isBulk ? 0 : budget(row.pointee.flags)
        if event.readiness & (PELMENI_POLL_WRITABLE | PELMENI_POLL_BROKEN) != 0 {
            row.pointee.flags.insert(.writable)
            if row.pointee.flags.contains(.connecting) {
                finishConnect(slot)
            } else if row.pointee.flags.contains(.sending) {
                queue(slot)
            }
        }
        let readable =
            PELMENI_POLL_READABLE | PELMENI_POLL_ENDED | PELMENI_POLL_BROKEN | PELMENI_POLL_URGENT
        guard event.readiness & readable != 0 else { return nil }
        row.pointee.flags.insert(.readable)
        if event.readiness & (PELMENI_POLL_ENDED | PELMENI_POLL_BROKEN) != 0 {
            row.pointee.flags.insert(.ended)
        }
        if event.readiness & PELMENI_POLL_URGENT != 0 { row.pointee.flags.insert(.stopsShort) }
        if isReadWanted(slot) {
            // After the completed sends, in order: a send's completion goes first.
            if doneHead != doneTail || !row.pointee.flags.isDisjoint(with: [.queued, .heavy]) {
                queue(slot)
                return nil
            }
            return read(slot)
        }
        return nil
    }

    /// Whether the slot may have bytes, and an operation that reads them.
    @inline(__always)
    private func isReadWanted(_ slot: UInt32) -> Bool {
        let flags = rows[Int(slot)].flags
        return flags.contains(.readable)
            && !flags.isDisjoint(with: [.receiving, .accepting, .waking])
    }

    /// One read of a slot that may have bytes; nil when it has none.
    @inline(__always)
    private mutating func read(_ slot: UInt32) -> Completion? {
        let flags = rows[Int(slot)].flags
        guard flags.contains(.readable) else { return nil }
        if flags.contains(.receiving) {
            if flags.contains(.awaitsBytes) { return endWaitForBytes(slot) }
            return flags.contains(.datagrams) ? receiveDatagramsNow(slot) : receiveNow(slot)
        }
        if flags.contains(.accepting) { return acceptNow(slot) }
        if flags.contains(.waking) { return wakeNow(slot) }
        return nil
    }

    @inline(__always)
    private mutating func receiveNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        let blockClass: BlockClass = row.pointee.flags.contains(.bulk) ? .bulk : .small
        let token = token(slot, .receive)
        let block = pool.take(blockClass)
        guard !block.isNone else {
            row.pointee.flags.remove(.receiving)
            return Completion(token: token, result: -ENOBUFS)
        }
        let got = pelmeni_socket_receive(row.pointee.socket, pool.address(block), blockClass.bytes)
        guard got > 0 else {
            pool.release(block)
            if got == -Int(EAGAIN) {
                row.pointee.flags.remove(.readable)
                if !row.pointee.flags.contains(.unix) { row.pointee.flags.remove(.stopsShort) }
                return nil
            }
            row.pointee.flags.remove(.receiving)
            return Completion(token: token, result: Int32(truncatingIfNeeded: got))
        }
        row.pointee.limit &-= Int32(truncatingIfNeeded: got)
        heavyBytesLeft &-= got
        if got == blockClass.bytes {
            row.pointee.flags.insert(.heavy)
            row.pointee.callsLeft = min(row.pointee.callsLeft, heavyCalls)
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
        } else {
            row.pointee.flags.remove(.heavy)
            // A short read emptied the socket; the next bytes make a new edge.
            if row.pointee.flags.isDisjoint(with: [.ended, .stopsShort]) {
                row.pointee.flags.remove(.readable)
            } else {
                row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            }
        }
        let isOver = row.pointee.limit <= 0
        if isOver {
            row.pointee.flags.remove(.receiving)
        } else if row.pointee.flags.contains(.readable) {
            queue(slot)
        }
        var flags: Completion.Flags = isOver ? [] : .more
        if row.pointee.flags.contains(.readable) { flags.insert(.nonEmpty) }
        return Completion(
            token: token, result: Int32(truncatingIfNeeded: got), flags: flags, block: block)
    }

    private mutating func acceptNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        // Sends go first: each accept of a burst costs a handshake.
        if batch.count > 0 { sendBatch() }
        let token = token(slot, .accept)
        let socket = pelmeni_socket_accept(row.pointee.socket, 1)
        if socket == -EAGAIN {
            row.pointee.flags.remove(.readable)
            return nil
        }
        let goesOn = socket >= 0 && row.pointee.flags.contains(.multishot)
        if goesOn {
            row.pointee.callsLeft &-= row.pointee.callsLeft > 0 ? 1 : 0
            queue(slot)
        } else {
            row.pointee.flags.remove(.accepting)
        }
        return Completion(token: token, result: socket, flags: goesOn ? .more : [])
    }

    private mutating func wakeNow(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        row.pointee.flags.remove(.readable)
        guard pelmeni_event_take(row.pointee.socket) >= 0 else { return nil }
        row.pointee.flags.remove(.waking)
        return Completion(token: token(slot, .wake), result: 0)
    }

    private mutating func finishConnect(_ slot: UInt32) {
        rows[Int(slot)].flags.remove(.connecting)
        push(token(slot, .connect), pelmeni_socket_error(rows[Int(slot)].socket))
    }

    // MARK: Operations

    package mutating func accept(_ listener: Int32, multishot: Bool, token: Token) {
        let row = rows + Int(token.index)
        row.pointee.flags.insert(.accepting)
        if row.pointee.flags.contains(.unpolled) { attachAgain(token) }
        if multishot {
            row.pointee.flags.insert(.multishot)
        } else {
            row.pointee.flags.remove(.multishot)
        }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    package mutating func connect(
        _ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token
    ) {
        let error = pelmeni_socket_connect(socket, address, socklen_t(address.pointee.length))
        let pending = error == -EINPROGRESS
        // Added after the call: an unconnected socket would report a hang-up at once.
        let added = attach(
            socket, token: token, isShared: false, isUnix: address.pointee.family == AF_UNIX)
        guard added == 0 else { return push(token, added) }
        if pending {
            rows[Int(token.index)].flags.remove(.writable)
            rows[Int(token.index)].flags.insert(.connecting)
        } else {
            push(token, error)
        }
    }

    @inline(__always)
    package mutating func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, expectsBytes: Bool, token: Token
    ) {
        let row = rows + Int(token.index)
        row.pointee.limit = Int32(clamping: limit)
        row.pointee.flags.insert(.receiving)
        if blockClass == .bulk {
            row.pointee.flags.insert(.bulk)
        } else {
            row.pointee.flags.remove(.bulk)
        }
        if row.pointee.flags.contains(.held) { hold(token.index, false) }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    package mutating func wake(_ event: Int32, token: Token) {
        rows[Int(token.index)].flags.insert(.waking)
        if rows[Int(token.index)].flags.contains(.readable) { queue(token.index) }
    }

    package mutating func cancel(_ target: Token) {
        let row = rows + Int(target.index)
        guard row.pointee.generation == target.generation else { return }
        let flag: Readiness.Flags
        switch target.kind {
        case .accept: flag = .accepting
        case .connect: flag = .connecting
        case .receive, .receiveDatagrams: flag = .receiving
        case .awaitReadable: flag = [.receiving, .awaitsBytes]
        case .send:
            if row.pointee.flags.contains(.batched) { sendBatch() }
            flag = .sending
        case .wake: flag = .waking
        // `sendDatagrams` and `awaitWritable` are cancelled by calls of their own.
        case .unused, .cancel, .sendDatagrams, .awaitWritable: return
        }
        guard row.pointee.flags.contains(flag) else { return }
        row.pointee.flags.remove(flag)
        push(target, -ECANCELED)
    }

    // MARK: Calls that never wait

    package mutating func now() -> UInt64 { pelmeni_monotonic_nanoseconds() }

    package mutating func open(family: Int32) -> Int32 { pelmeni_socket_open(family, 1) }

    @inline(__always)
    package mutating func setUpConnected(_ socket: Int32, isUnix: Bool) {}

    package mutating func acceptWaiting(_ listener: Int32) -> Int32 {
        SocketCalls.acceptWaiting(listener, nonblocking: true)
    }

    package mutating func closeListener(_ listener: Int32) {
        _ = pelmeni_socket_close(listener)
    }
}
