internal import CPelmeni
internal import Glibc

/// The fields of a ``Buffer``, without its ownership: trivial, so that the engine may queue them.
@usableFromInline
package struct BufferRow {
    /// The first byte; nil where there is no memory.
    @usableFromInline
    var start: UnsafeMutableRawPointer?
    @usableFromInline
    var count = 0
    /// Bytes before and behind that may be overwritten.
    var headroom = 0
    var tailroom = 0
    /// The block that the row has a lease of. None: the memory is the row's own.
    var block: BlockID = .none
    /// The pool of the block.
    var pool: UnsafeMutablePointer<BufferPool.State>?
    /// Bytes at the end that a hook holds back.
    var held = 0
    /// Whole: no part of it may be held back.
    var isMessage = false

    /// No bytes, and no memory.
    init() {}

    /// Bytes of a leased block; the row takes over the lease.
    @inline(__always)
    init(
        _ pool: BufferPool, _ block: BlockID, offset: Int, count: Int, headroom: Int, tailroom: Int
    ) {
        start = pool.address(block) + offset
        self.count = count
        self.headroom = headroom
        self.tailroom = tailroom
        self.block = block
        self.pool = pool.state
        pool.state.pointee.lent &+= 1
    }

    /// Gives the lease up with the bytes, which lie in a block.
    @inline(__always)
    mutating func takeSlice(_ pool: BufferPool) -> Slice {
        assert(!block.isNone, "the bytes lie in no block")
        pool.state.pointee.lent &-= 1
        let offset = start.map { $0 - pool.address(block) } ?? 0
        let slice = Slice(
            block: block, offset: UInt32(truncatingIfNeeded: offset),
            length: UInt32(truncatingIfNeeded: count))
        self = BufferRow()
        return slice
    }

    // MARK: Memory

    /// Bytes of memory of its own with which a new row begins, at least.
    private static var ownMin: Int { 256 }
    /// Bytes before the first one that a moved row leaves free: a frame's head has room there.
    private static var spare: Int { Int(PELMENI_DATAGRAM_PAYLOAD) }

    /// Memory for so many bytes, without bytes in it: a block of the thread's pool while that has
    /// plenty, else memory of its own.
    private static func allocate(_ bytes: Int) -> BufferRow {
        var row = BufferRow()
        let capacity = bytes &+ 2 &* spare
        if let raw = pelmeni_pool_of_thread() {
            let pool = BufferPool(raw.assumingMemoryBound(to: BufferPool.State.self))
            let block = takeBlock(pool, capacity)
            if !block.isNone {
                row.block = block
                row.pool = pool.state
                row.start = pool.address(block) + spare
                row.headroom = spare
                row.tailroom = pool.blockClass(of: block).bytes &- spare
                pool.state.pointee.lent &+= 1
                return row
            }
        }
        return allocateOwn(capacity)
    }

    /// Memory of its own for so many bytes, without bytes in it.
    private static func allocateOwn(_ capacity: Int) -> BufferRow {
        var row = BufferRow()
        var own = ownMin
        while own < capacity { own &*= 2 }
        let memory = pelmeni_bytes_take(UInt64(own))
        row.start = memory + spare
        row.headroom = spare
        row.tailroom = own &- spare
        return row
    }

    /// A block that leaves streams three quarters of the class, or none.
    private static func takeBlock(_ pool: BufferPool, _ bytes: Int) -> BlockID {
        if bytes <= BlockClass.small.bytes, hasPlenty(pool, .small) { return pool.take(.small) }
        if bytes <= BlockClass.datagram.bytes, hasPlenty(pool, .datagram) {
            return pool.take(.datagram)
        }
        return bytes <= BlockClass.bulk.bytes && hasPlenty(pool, .bulk) ? pool.take(.bulk) : .none
    }

    private static func hasPlenty(_ pool: BufferPool, _ blockClass: BlockClass) -> Bool {
        let free = pool.freeBlocks(blockClass)
        return free > 0 && free &* 4 > pool.totalBlocks(blockClass)
    }

    /// Moves the bytes to memory of their own, with room for more behind them: what waits for long
    /// would keep a block from streams. On the worker's thread. False above the bound.
    @inline(never)
    mutating func moveToOwn(back: Int) -> Bool {
        let total = count &+ back
        guard total <= Buffer.bytesMax else { return false }
        guard !block.isNone || tailroom < back else { return true }
        // Twice the bytes: a row that grows by small pieces is moved a few times.
        let room = back == 0 ? total : Swift.min(2 &* total, Buffer.bytesMax)
        var row = Self.allocateOwn(room &+ 2 &* Self.spare)
        if let start, let to = row.start, count > 0 { memcpy(to, start, count) }
        row.count = count
        row.tailroom &-= count
        releaseOnWorker()
        self = row
        return true
    }

    /// Makes room before the first byte and behind the last one. False above the bound.
    @inline(__always)
    mutating func reserve(front: Int = 0, back: Int = 0) -> Bool {
        guard front > headroom || back > tailroom else {
            // Memory of its own may be larger than the bound.
            return front &+ count &+ back <= Buffer.bytesMax
        }
        return grow(front: front, back: back)
    }

    @inline(never)
    private mutating func grow(front: Int, back: Int) -> Bool {
        let total = front &+ count &+ back
        guard total <= Buffer.bytesMax else { return false }
        let room = headroom &+ tailroom &- front &- back
        guard room < 0 else {
            // Bytes that go before the first one may be followed by more.
            shift(front: front > 0 ? front &+ room / 2 : 0)
            return true
        }
        // Twice the bytes: a row that grows byte by byte, at either end, is moved a few times.
        let most = Swift.max(total, Swift.min(2 &* total, Buffer.bytesMax))
        var row = Self.allocate(most)
        if front > 0 {
            let spare = row.headroom &+ row.tailroom &- total
            row.moveStart(by: front &+ max(0, spare / 2) &- row.headroom)
        }
        if let start, let to = row.start, count > 0 { memcpy(to, start, count) }
        row.count = count
        row.tailroom &-= count
        row.held = held
        row.isMessage = isMessage
        release()
        self = row
        return true
    }

    /// Moves the bytes within their memory, so that `front` bytes are free before them.
    private mutating func shift(front: Int) {
        guard let start else { return }
        let by = front &- headroom
        if count > 0 { memmove(start + by, start, count) }
        moveStart(by: by)
    }

    private mutating func moveStart(by bytes: Int) {
        start = start.map { $0 + bytes }
        headroom &+= bytes
        tailroom &-= bytes
    }

    /// Ends the lease, or frees the memory, on any thread.
    mutating func release() {
        let isElsewhere = pelmeni_pool_of_thread() != pool.map { UnsafeMutableRawPointer($0) }
        guard isElsewhere, pool != nil, !block.isNone else { return releaseOnWorker() }
        Self.giveBack(self)
        self = BufferRow()
    }

    /// On another thread than the worker's: the worker releases the block in its next loop.
    @inline(never)
    private static func giveBack(_ row: BufferRow) {
        guard let pool = row.pool else { return }
        if pelmeni_returns_add(pool.pointee.returns, row.block.rawValue) < 0 {
            BufferPool(pool).free()
        }
    }

    /// Copies bytes that lie in a block of another worker: only that worker queues and releases
    /// the block. On the thread of the worker that takes the row.
    @inline(never)
    mutating func takeOver() {
        guard !block.isNone, let pool, pelmeni_pool_of_thread() != UnsafeMutableRawPointer(pool)
        else { return }
        var row = BufferRow()
        let isCopied = row.append(UnsafeRawBufferPointer(start: start, count: count))
        assert(isCopied, "a block is shorter than the bound of a buffer")
        row.held = held
        row.isMessage = isMessage
        release()
        self = row
    }

    /// Ends the lease, or frees the memory, on the worker's thread.
    @inline(__always)
    mutating func releaseOnWorker() {
        if let pool, !block.isNone {
            pool.pointee.lent &-= 1
            BufferPool(pool).release(block)
        } else if let start {
            pelmeni_bytes_give_back(start - headroom)
        }
        self = BufferRow()
    }

    // MARK: Bytes

    /// False above the bound: the row is as it was. So are those below.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let from = bytes.baseAddress, !bytes.isEmpty else { return true }
        guard reserve(back: bytes.count), let start else { return false }
        memcpy(start + count, from, bytes.count)
        count &+= bytes.count
        tailroom &-= bytes.count
        return true
    }

    mutating func prepend(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let from = bytes.baseAddress, !bytes.isEmpty else { return true }
        guard reserve(front: bytes.count), let first = start.map({ $0 - bytes.count })
        else { return false }
        memcpy(first, from, bytes.count)
        start = first
        count &+= bytes.count
        headroom &-= bytes.count
        return true
    }

    mutating func removeFirst(_ bytes: Int) {
        let gone = Swift.min(Swift.max(0, bytes), count)
        start = start.map { $0 + gone }
        count &-= gone
        headroom &+= gone
    }

    mutating func removeLast(_ bytes: Int) {
        let gone = Swift.min(Swift.max(0, bytes), count)
        count &-= gone
        tailroom &+= gone
    }

    /// Puts other bytes in place of a part, which lies within the bytes.
    mutating func replace(
        _ range: Range<Int>, with bytes: UnsafeRawBufferPointer
    ) -> Bool {
        let grown = bytes.count &- range.count
        guard grown <= 0 || reserve(back: grown), let start else { return bytes.isEmpty }
        let rest = count &- range.upperBound
        if rest > 0, grown != 0 {
            memmove(start + range.lowerBound + bytes.count, start + range.upperBound, rest)
        }
        if let from = bytes.baseAddress, !bytes.isEmpty {
            memcpy(start + range.lowerBound, from, bytes.count)
        }
        count &+= grown
        tailroom &-= grown
        return true
    }
}

extension BufferPool {
    /// The pool of a state.
    init(_ state: UnsafeMutablePointer<State>) { self.state = state }

    /// Ends the leases that other threads returned.
    @inline(__always)
    func takeReturns() {
        if pelmeni_returns_pending(state.pointee.returns) != 0 { releaseReturned() }
    }

    @inline(never)
    private func releaseReturned() {
        while true {
            let block = BlockID(rawValue: pelmeni_returns_take(state.pointee.returns))
            guard !block.isNone else { return }
            state.pointee.lent &-= 1
            release(block)
        }
    }
}
