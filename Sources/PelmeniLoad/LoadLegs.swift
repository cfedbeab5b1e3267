internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The sockets of one load thread, on a ring of its own: always the epoll ring, whatever the tested
/// proxy uses, so that both sides of a comparison get the same load.
///
/// Turns the ring's completions into ``LoadEvent``s and keeps the rules of closing; the worker
/// interprets the bytes.
struct LoadLegs: ~Copyable {
    /// The ring's name in reports.
    static let ringName = "epoll"
    /// Slots before the legs: the wake-up, a listener and the timer.
    private static let reserved = 3
    private static let acceptToken = Token(.accept, index: 1, generation: 0)
    private static let timerToken = Token(.wake, index: 2, generation: 0)
    /// Blocks in a leg's queue, at most.
    static let queuedBlocks = 2

    private var ring: EpollRing
    private let pool: BufferPool
    /// The class of all blocks of this load.
    let blockClass: BlockClass
    let capacity: Int
    private let rows: UnsafeMutablePointer<LoadLeg>
    private var free: [Int]
    /// Legs whose last operation has completed.
    private var finished: [Int] = []
    private var timer: PreciseTimer?

    /// - Parameters:
    ///   - capacity: the most sockets.
    ///   - isPrecise: waits end within microseconds of their deadlines, at a system call each.
    init(capacity: Int, blockClass: BlockClass, isPrecise: Bool = false) throws(SystemError) {
        timer = isPrecise ? try PreciseTimer() : nil
        // Two queued blocks, one received, one being filled.
        let blocks = (Self.queuedBlocks + 2) * capacity + 8
        let limits = PoolLimits(
            smallBlocks: blockClass == .small ? blocks : 0,
            bulkBlocks: blockClass == .bulk ? blocks : 0)
        guard let pool = BufferPool(limits: limits) else { throw SystemError(code: ENOMEM) }
        do {
            // A request counts from its enqueue, and a load that sends in batches would produce
            // bursts.
            ring = try EpollRing(slots: capacity + Self.reserved, pool: pool, sendsAtOnce: true)
        } catch {
            pool.destroy()
            throw error
        }
        self.pool = pool
        self.blockClass = blockClass
        self.capacity = capacity
        rows = .allocate(capacity: capacity)
        rows.initialize(repeating: LoadLeg(), count: capacity)
        free = Array((0..<capacity).reversed())
    }

    deinit {
        for leg in 0..<capacity where rows[leg].flags.contains(.open) {
            _ = pelmeni_socket_close(rows[leg].socket)
        }
        rows.deallocate()
        pool.destroy()
    }

    var openLegs: Int { capacity - free.count }

    func isOpen(_ leg: Int) -> Bool { rows[leg].flags.contains(.open) }

    /// Blocks in the queue, those in flight included.
    func queuedBlocks(_ leg: Int) -> Int { Int(rows[leg].queue.count) }

    /// Whether the kernel has all bytes of the leg.
    func isFlushed(_ leg: Int) -> Bool {
        rows[leg].queue.isEmpty && rows[leg].made == 0 && rows[leg].outgoing.isDone
    }

    /// Whether a further stream may be made: the one before is in its blocks.
    func canMake(_ leg: Int) -> Bool { rows[leg].outgoing.isDone }

    /// Whether the connection has an unreported error, since it is not read.
    func isBroken(_ leg: Int) -> Bool { ring.calls.isBroken(rows[leg].socket) }

    func address(_ block: BlockID) -> UnsafeMutableRawPointer { pool.address(block) }

    func release(_ block: BlockID) { pool.release(block) }

    func token(_ leg: Int, _ kind: OperationKind) -> Token {
        Token(kind, index: UInt32(leg + Self.reserved), generation: rows[leg].generation)
    }

    // MARK: The loop

    mutating func now() -> UInt64 { ring.calls.now() }

    mutating func submit(until deadline: UInt64) -> Int32 {
        guard timer != nil else { return ring.submit(until: deadline) }
        timer?.fire(at: deadline)
        // A past deadline needs no timer.
        return ring.submit(until: deadline <= ring.calls.now() ? deadline : .max)
    }

    mutating func next() -> LoadEvent? {
        while true {
            if let leg = finished.popLast() {
                free(leg)
                return .closed(leg: leg)
            }
            guard let completion = ring.next() else { return nil }
            if let event = event(completion) { return event }
        }
    }

    private mutating func event(_ completion: Completion) -> LoadEvent? {
        switch completion.token.kind {
        case .wake:
            guard completion.token.index == Self.timerToken.index else { return .woken }
            rearmTimer()
            return nil
        case .accept:
            guard completion.result >= 0 else {
                return .acceptFailed(SystemError(code: completion.result))
            }
            return .accepted(leg: take(completion.result))
        default: break
        }
        let leg = Int(completion.token.index) - Self.reserved
        let row = rows + leg
        guard row.pointee.generation == completion.token.generation,
            row.pointee.flags.contains(.open)
        else {
            if !completion.block.isNone { pool.release(completion.block) }
            return nil
        }
        let kind = completion.token.kind
        if !completion.more { row.pointee.flags.remove(Self.flag(kind)) }
        if row.pointee.flags.contains(.closing) {
            if !completion.block.isNone { pool.release(completion.block) }
            settle(leg)
            return nil
        }
        return event(completion, leg: leg)
    }

    private mutating func event(_ completion: Completion, leg: Int) -> LoadEvent {
        guard completion.result >= 0 else {
            return .failed(leg: leg, SystemError(code: completion.result))
        }
        switch completion.token.kind {
        case .connect: return .connected(leg: leg)
        case .send:
            rows[leg].queue.remove(Int(completion.result), pool: pool)
            guard pump(leg) else { return .failed(leg: leg, SystemError(code: ENOBUFS)) }
            flush(leg)
            return .sent(leg: leg)
        default:
            guard completion.result > 0 else { return .ended(leg: leg) }
            return .received(leg: leg, block: completion.block, count: Int(completion.result))
        }
    }

    private static func flag(_ kind: OperationKind) -> LoadLeg.Flags {
        switch kind {
        case .connect: .connecting
        case .receive: .receiving
        case .send: .sending
        default: []
        }
    }

    // MARK: Operations

    /// Wakes the thread when the event is signalled.
    mutating func watch(_ event: Int32) -> Int32 {
        let token = Token(.wake, index: 0, generation: 0)
        let error = ring.attach(event, token: token, isShared: false)
        if error == 0 { ring.wake(event, token: token) }
        guard error == 0, let descriptor = timer?.descriptor else { return error }
        let failed = ring.attach(descriptor, token: Self.timerToken, isShared: false)
        if failed == 0 { ring.wake(descriptor, token: Self.timerToken) }
        return failed
    }

    private mutating func rearmTimer() {
        guard let descriptor = timer?.descriptor else { return }
        timer?.taken()
        ring.wake(descriptor, token: Self.timerToken)
    }

    mutating func listen(_ listener: Int32) -> Int32 {
        let error = ring.attach(listener, token: Self.acceptToken, isShared: false)
        if error == 0 { accept(listener) }
        return error
    }

    /// Accepts again, after ``LoadEvent/acceptFailed(_:)``.
    mutating func accept(_ listener: Int32) {
        ring.accept(listener, multishot: true, token: Self.acceptToken)
    }

    /// - Parameter address: must stay in place until the next ``submit(until:)``.
    /// - Returns: the leg, or nil without a descriptor or room.
    mutating func dial(_ address: UnsafePointer<SocketAddress>) -> Int? {
        let socket = ring.calls.open(family: address.pointee.family)
        guard socket >= 0 else { return nil }
        guard let leg = free.popLast() else {
            ring.calls.close(socket)
            return nil
        }
        var options = SocketOptions()
        options.keepAliveSeconds = 0
        options.urgentInLine = false
        _ = ring.calls.configure(socket, family: address.pointee.family, options: options)
        rows[leg].socket = socket
        rows[leg].flags = [.open, .connecting]
        ring.connect(socket, to: address, token: token(leg, .connect))
        return leg
    }

    private mutating func take(_ socket: Int32) -> Int? {
        guard let leg = free.popLast() else {
            ring.calls.closeWithReset(socket)
            return nil
        }
        rows[leg].socket = socket
        rows[leg].flags = .open
        guard ring.attach(socket, token: token(leg, .receive), isShared: false) == 0 else {
            free(leg)
            return nil
        }
        return leg
    }

    /// Arms a receive for `limit` bytes, unless one is armed already.
    mutating func receive(_ leg: Int, limit: Int) {
        guard !rows[leg].flags.contains(.receiving), !rows[leg].flags.contains(.closing) else {
            return
        }
        rows[leg].flags.insert(.receiving)
        ring.receive(
            rows[leg].socket, blockClass: blockClass, limit: limit, expectsBytes: false,
            token: token(leg, .receive))
    }

    /// Sends a received block; its lease moves. False when the pool has no piece.
    mutating func send(_ leg: Int, block: BlockID, count: Int) -> Bool {
        let slice = Slice(block: block, offset: 0, length: UInt32(count))
        guard rows[leg].queue.append(slice, pool: pool) else {
            pool.release(block)
            return false
        }
        flush(leg)
        return true
    }

    /// Makes a stream, which ``flush(_:)`` sends. Only when ``canMake(_:)``. False when the pool is
    /// empty.
    mutating func make(_ leg: Int, _ outgoing: StreamToSend) -> Bool {
        rows[leg].outgoing = outgoing
        return pump(leg)
    }

    private mutating func pump(_ leg: Int) -> Bool {
        let row = rows + leg
        while !row.pointee.outgoing.isDone {
            if row.pointee.making.isNone {
                guard row.pointee.queue.count < UInt32(Self.queuedBlocks) else { return true }
                row.pointee.making = pool.take(blockClass)
                guard !row.pointee.making.isNone else { return false }
            }
            let made = row.pointee.made
            row.pointee.made += row.pointee.outgoing.fill(
                pool.address(row.pointee.making) + made, room: blockClass.bytes - made)
            // A header is not cut.
            let isFull = blockClass.bytes - row.pointee.made < ExchangeHeader.bytes
            if isFull, !seal(leg) { return false }
        }
        return true
    }

    /// Queues the block that is being filled.
    private mutating func seal(_ leg: Int) -> Bool {
        let row = rows + leg
        let slice = Slice(
            block: row.pointee.making, offset: 0, length: UInt32(row.pointee.made))
        guard row.pointee.queue.append(slice, pool: pool) else { return false }
        row.pointee.making = .none
        row.pointee.made = 0
        return true
    }

    /// Sends the queue, unless a send is in flight; the made streams follow.
    mutating func flush(_ leg: Int) {
        let row = rows + leg
        guard !row.pointee.flags.contains(.sending) else { return }
        // The pool of pieces is never empty: it has two for each block.
        if row.pointee.made > 0 { _ = seal(leg) }
        guard !row.pointee.queue.isEmpty else { return }
        row.pointee.flags.insert(.sending)
        ring.send(
            row.pointee.socket, first: row.pointee.queue.first, count: Int(row.pointee.queue.count),
            token: token(leg, .send))
    }

    mutating func shutdownWrite(_ leg: Int) { _ = ring.calls.shutdownWrite(rows[leg].socket) }

    // MARK: Closing

    /// Closes when no operation is in flight; ``LoadEvent/closed(leg:)`` follows.
    mutating func close(_ leg: Int) {
        let row = rows + leg
        guard row.pointee.flags.contains(.open), !row.pointee.flags.contains(.closing) else {
            return
        }
        row.pointee.flags.insert(.closing)
        for kind in [OperationKind.connect, .receive, .send]
        where row.pointee.flags.contains(Self.flag(kind)) {
            ring.cancel(token(leg, kind))
        }
        settle(leg)
    }

    private mutating func settle(_ leg: Int) {
        if rows[leg].flags.isDisjoint(with: .inFlight) { finished.append(leg) }
    }

    private mutating func free(_ leg: Int) {
        let row = rows + leg
        row.pointee.queue.removeAll(pool: pool)
        if !row.pointee.making.isNone { pool.release(row.pointee.making) }
        row.pointee.making = .none
        row.pointee.made = 0
        row.pointee.outgoing = StreamToSend()
        ring.detach(token(leg, .receive))
        ring.calls.close(row.pointee.socket)
        row.pointee.socket = -1
        row.pointee.flags = []
        row.pointee.generation = (row.pointee.generation &+ 1) & 0xff_ffff
        free.append(leg)
    }
}
