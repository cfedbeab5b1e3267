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
    static let reserved = 3
    static let acceptToken = Token(.accept, index: 1, generation: 0)
    static let timerToken = Token(.wake, index: 2, generation: 0)
    /// Blocks in a leg's queue, at most.
    static let queuedBlocks = 2

    var ring: EpollRing
    let pool: BufferPool
    /// The class of all blocks of this load.
    let blockClass: BlockClass
    let capacity: Int
    let rows: UnsafeMutablePointer<LoadLeg>
    var free: [Int]
    /// Legs whose last operation has completed.
    var finished: [Int] = []
    var timer: PreciseTimer?

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

    mutating func event(_ completion: Completion) -> LoadEvent? {
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

    mutating func event(_ completion: Completion, leg: Int) -> LoadEvent {
        guard completion.result >= 0 else {
            return .failed(leg: leg, SystemError(code: completion.result))
        }
        switch completion.token.kind {
        case .connect: return .connected(leg: leg)
        case .send:
            (rows + leg).pointee.queue.remove(Int(completion.result), pool: pool)
            guard pump(leg) else { return .failed(leg: leg, SystemError(code: ENOBUFS)) }
            flush(leg)
            return .sent(leg: leg)
        default:
            guard completion.result > 0 else { return .ended(leg: leg) }
            return .received(leg: leg, block: completion.block, count: Int(completion.result))
        }
    }

    static func flag(_ kind: OperationKind) -> LoadLeg.Flags {
        switch kind {
        case .connect: .connecting
        case .receive: .receiving
        case .send: .sending
        default: []
        }
    }
}
