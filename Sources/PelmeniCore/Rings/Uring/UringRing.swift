internal import CPelmeni
internal import Glibc

/// The ring over io_uring: operations are staged in the shim and submitted once a loop.
package struct UringRing: Ring, ~Copyable {
    package let calls = KernelCalls(isNonblocking: false)

    /// Entries of the submission queue. A full queue is flushed, so this bounds memory, not work.
    static let entries: UInt32 = 512
    /// Entries of the completion queue: for every posted block, and for a send and a burst of
    /// accepts of some thousand sessions. An overflow is slow, but loses no completion.
    static let completions: UInt32 = 8192
    /// Completions copied out of the queue at once.
    static let batch = 256
    /// Posted blocks of each class: few, so that they stay in the cache.
    static let postedSmall = 128
    static let postedBulk = 8
    static let postedDatagrams = 64

    private let ring: OpaquePointer
    private let pool: BufferPool
    private let batch: UnsafeMutablePointer<pelmeni_completion>
    private var batchCount = 0
    private var batchNext = 0
    private var small: PostedBlocks
    private var bulk: PostedBlocks
    private var datagrams: PostedBlocks
    private let wakeValue: UnsafeMutablePointer<UInt64>
    /// A Unix stream has been read: receives may tell of descriptors.
    private var readsMessages = false
    /// The error of an operation that could not be staged: the kernel takes nothing more.
    private var failure: Int32 = 0

    package let isMultishot: Bool
    /// The kernel folds the wake-ups of a multishot receive (liburing's issue 1549): bytes and the
    /// reset behind them are one read, and the reset is not reported.
    @inline(__always)
    package var mayMissEnds: Bool { isMultishot }

    /// - Parameters:
    ///   - features: the features that a probe granted.
    ///   - pool: the pool of the posted blocks.
    /// - Throws: the errno of the call that the kernel refused.
    package init(features: IOUringFeatures, pool: BufferPool) throws(SystemError) {
        var options = pelmeni_uring_options(
            entries: Self.entries, completions: Self.completions, features: features.rawValue)
        var created: OpaquePointer?
        let error = pelmeni_uring_create(&created, &options)
        guard error == 0, let created else { throw SystemError(code: error) }
        let slots = (
            small: PostedBlocks.slots(Self.postedSmall, of: pool.totalBlocks(.small)),
            bulk: PostedBlocks.slots(Self.postedBulk, of: pool.totalBlocks(.bulk)),
            datagrams: PostedBlocks.slots(Self.postedDatagrams, of: pool.totalBlocks(.datagram))
        )
        var refusal = pelmeni_uring_group(created, 0, UInt32(slots.small))
        if refusal == 0 { refusal = pelmeni_uring_group(created, 1, UInt32(slots.bulk)) }
        if refusal == 0 { refusal = pelmeni_uring_group(created, 2, UInt32(slots.datagrams)) }
        guard refusal == 0 else {
            pelmeni_uring_destroy(created)
            throw SystemError(code: refusal)
        }
        ring = created
        self.pool = pool
        // Without its bounds a multishot receive could take the whole pool in one turn.
        isMultishot = features.contains([.multishotReceive, .receiveBounds])
        batch = .allocate(capacity: Self.batch)
        wakeValue = .allocate(capacity: 1)
        wakeValue.initialize(to: 0)
        small = PostedBlocks(blockClass: .small, slots: slots.small)
        bulk = PostedBlocks(blockClass: .bulk, slots: slots.bulk)
        datagrams = PostedBlocks(blockClass: .datagram, slots: slots.datagrams)
        refill()
    }

    deinit {
        pelmeni_uring_destroy(ring)
        small.releaseAll(to: pool)
        bulk.releaseAll(to: pool)
        datagrams.releaseAll(to: pool)
        batch.deallocate()
        // In a failed ring its read may still be armed: the kernel keeps the eight bytes.
        if failure == 0 { wakeValue.deallocate() }
    }

    package var enters: UInt64 { pelmeni_uring_enters(ring) }

    // MARK: The loop

    @inline(__always)
    package mutating func submit(until deadline: UInt64) -> Int32 {
        guard failure == 0 else { return failure }
        var wait = Int64.max
        if deadline != .max {
            let time = pelmeni_monotonic_nanoseconds()
            wait = deadline > time ? Int64(deadline &- time) : 0
        }
        failure = pelmeni_uring_submit(ring, wait)
        return failure
    }

    @inline(__always)
    package mutating func next() -> Completion? {
        if batchNext == batchCount {
            // A batch that was not full emptied the queue: later completions wait for the next
            // loop, so that staged sends are not delayed for ever.
            if batchCount != 0 && batchCount < Self.batch {
                batchCount = 0
                batchNext = 0
                return nil
            }
            batchCount = Int(pelmeni_uring_reap(ring, batch, UInt32(Self.batch)))
            batchNext = 0
            if batchCount == 0 { return nil }
        }
        let entry = batch[batchNext]
        batchNext &+= 1
        var block = BlockID.none
        var result = entry.result
        if entry.flags & PELMENI_BLOCK != 0 {
            // A completion does not name the group of a slot: bulk slots follow the small slots,
            // and datagram slots follow the bulk slots.
            if Int(entry.slot) < small.capacity {
                block = small.take(Int(entry.slot))
            } else if Int(entry.slot) < small.capacity &+ bulk.capacity {
                block = bulk.take(Int(entry.slot) &- small.capacity)
            } else {
                block = datagrams.take(Int(entry.slot) &- small.capacity &- bulk.capacity)
                // The kernel counts the bytes before the payload too.
                if result >= 0 { result &-= Int32(PELMENI_DATAGRAM_PAYLOAD) }
            }
        }
        let token = Token(rawValue: entry.token)
        var flags = Completion.Flags(rawValue: entry.flags)
        if readsMessages, token.kind == .receive,
            pelmeni_uring_message_descriptors(ring, token.index) != 0
        {
            flags.insert(.descriptors)
        }
        return Completion(token: token, result: result, flags: flags, block: block)
    }

    package func available(_ blockClass: BlockClass) -> Int {
        pool.freeBlocks(blockClass) &+ reachable(blockClass)
    }

    package func reachable(_ blockClass: BlockClass) -> Int {
        switch blockClass {
        case .small: small.capacity &- small.emptyCount
        case .bulk: bulk.capacity &- bulk.emptyCount
        case .datagram: datagrams.capacity &- datagrams.emptyCount
        }
    }

    @inline(__always)
    package mutating func refill() {
        Self.refill(&small, firstSlot: 0, ring: ring, pool: pool)
        Self.refill(&bulk, firstSlot: small.capacity, ring: ring, pool: pool)
        Self.refill(
            &datagrams, firstSlot: small.capacity &+ bulk.capacity, ring: ring, pool: pool)
    }

    @inline(__always)
    private static func refill(
        _ posted: inout PostedBlocks, firstSlot: Int, ring: OpaquePointer, pool: BufferPool
    ) {
        guard posted.emptyCount > 0 else { return }
        let blockClass = posted.blockClass
        while posted.emptyCount > 0 {
            let block = pool.take(blockClass)
            guard !block.isNone else { break }
            let slot = posted.fill(block)
            pelmeni_uring_post(
                ring, posted.group, UInt16(truncatingIfNeeded: firstSlot &+ slot),
                pool.address(block), UInt32(blockClass.bytes))
        }
        pelmeni_uring_publish(ring, posted.group)
    }

    // MARK: Operations

    @inline(__always)
    package mutating func attach(
        _ socket: Int32, token: Token, isShared: Bool, isUnix: Bool
    ) -> Int32 { 0 }

    /// A completion names its slot and generation, and no descriptor.
    @inline(__always)
    package mutating func detach(_ token: Token) {}

    package mutating func accept(_ listener: Int32, multishot: Bool, token: Token) {
        note(pelmeni_uring_accept(ring, listener, multishot ? 1 : 0, token.rawValue))
    }

    package mutating func connect(
        _ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token
    ) {
        note(
            pelmeni_uring_connect(
                ring, socket, address, socklen_t(address.pointee.length), token.rawValue))
    }

    @inline(__always)
    package mutating func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, isUnix: Bool, expectsBytes: Bool,
        token: Token
    ) {
        if isUnix {
            readsMessages = true
            return note(
                pelmeni_uring_receive_message(
                    ring, socket, UInt16(blockClass.rawValue), expectsBytes ? 0 : 1, token.index,
                    token.rawValue))
        }
        // A limit of one block needs one receive.
        let isMultishot = isMultishot && limit > blockClass.bytes
        // A multishot receive that waits before it reads misses a reset that is there already,
        // behind bytes (Linux 6.18): it reads the bytes and waits again. One that reads first gets
        // the reset.
        let waitsFirst = !expectsBytes && !isMultishot
        note(
            pelmeni_uring_receive(
                ring, socket, UInt16(blockClass.rawValue), isMultishot ? 1 : 0, 0,
                UInt32(truncatingIfNeeded: limit), waitsFirst ? 1 : 0, token.rawValue))
    }

    @inline(__always)
    package mutating func send(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        if count == 1 {
            let slice = pool.piece(first).pointee.slice
            return note(
                pelmeni_uring_send(
                    ring, socket, pool.address(slice.block) + Int(slice.offset), slice.length,
                    token.rawValue))
        }
        sendGathered(socket, first: first, count: count, token: token)
    }

    private mutating func sendGathered(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        let count = min(count, Int(PELMENI_SEND_PIECES))
        guard
            let pieces = pelmeni_uring_send_gathered(ring, socket, UInt32(count), token.rawValue)
        else { return note(-EBUSY) }
        pool.gather(first, count: count, into: pieces)
    }

    @inline(__always)
    package mutating func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token
    ) {
        note(
            pelmeni_uring_receive_datagrams(
                ring, socket, UInt16(BlockClass.datagram.rawValue), isUnix ? 1 : 0, token.rawValue))
    }

    @inline(__always)
    package mutating func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        note(
            pelmeni_uring_send_datagram(
                ring, socket,
                UnsafeMutableRawPointer(outgoing).assumingMemoryBound(to: pelmeni_outgoing.self),
                token.rawValue))
    }

    package mutating func awaitReadable(_ socket: Int32, token: Token) {
        note(pelmeni_uring_await_bytes(ring, socket, token.rawValue))
    }

    package mutating func awaitWritable(_ socket: Int32, slot: UInt32, token: Token) {
        note(pelmeni_uring_await_room(ring, socket, token.rawValue))
    }

    package mutating func cancelWritable(_ target: Token, slot: UInt32) {
        // A cancel's own completion is looked up as a leg's: the target's number is from another
        // table.
        let token = Token(.cancel, index: slot, generation: 0)
        note(pelmeni_uring_cancel(ring, target.rawValue, token.rawValue))
    }

    package mutating func wake(_ event: Int32, token: Token) {
        note(pelmeni_uring_wake(ring, event, wakeValue, token.rawValue))
    }

    package mutating func cancel(_ target: Token) {
        note(pelmeni_uring_cancel(ring, target.rawValue, target.with(.cancel).rawValue))
    }

    @inline(__always)
    private mutating func note(_ error: Int32) {
        if error != 0 { failure = error }
    }

    package mutating func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        calls.splice(from: from, to: to, pipe: pipe, inside: inside, most: most)
    }
}
