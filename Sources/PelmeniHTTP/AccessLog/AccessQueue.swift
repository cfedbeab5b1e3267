internal import Glibc
internal import Synchronization

/// Lines of an access log that wait for its thread: a ring of bytes, written by all workers
/// without a lock and read by one thread. A line that finds no room is dropped and counted.
struct AccessQueue: @unchecked Sendable {
    /// Bytes of lines that wait. A tenth of a second at 100,000 lines a second.
    static let bytesMax = 4 << 20

    /// What workers and the thread share. Positions count bytes and never fall.
    struct Shared: ~Copyable {
        /// Behind the last line.
        let head = Atomic<UInt64>(0)
        /// Before the first line that the thread has not taken.
        let tail = Atomic<UInt64>(0)
        /// Before the first line that is not written, or given up.
        let done = Atomic<UInt64>(0)
        let added = Atomic<UInt64>(0)
        /// Lines without room.
        let lost = Atomic<UInt64>(0)
        /// The thread waits for a line.
        let isAsleep = Atomic<Bool>(false)
    }

    let shared: UnsafeMutablePointer<Shared>
    private let memory: UnsafeMutableRawPointer
    private let capacity: UInt64
    /// Wakes the thread; a post never waits.
    private let bell: UnsafeMutablePointer<sem_t>

    /// - Parameter bytes: a power of two.
    init(bytes: Int = bytesMax) {
        precondition(bytes >= 1 << 10 && bytes & (bytes - 1) == 0, "a ring has a power of two")
        shared = .allocate(capacity: 1)
        shared.initialize(to: Shared())
        // Zeroed, and touched as far as it is used.
        guard let memory = calloc(1, bytes) else { preconditionFailure("memory ran out") }
        self.memory = memory
        capacity = UInt64(bytes)
        bell = .allocate(capacity: 1)
        bell.initialize(to: sem_t())
        sem_init(bell, 0, 0)
    }

    /// No copy of the queue may be used afterwards.
    func destroy() {
        shared.deinitialize(count: 1)
        shared.deallocate()
        free(memory)
        sem_destroy(bell)
        bell.deallocate()
    }

    // MARK: Headers

    /// A line begins with a word of its own place and length, written once its bytes are there.
    private static let headerBytes: UInt64 = 8
    private static let lengthMask: UInt64 = 0xff_ffff
    /// No byte of a line has the highest bit, so that old bytes are never taken for a header.
    private static let signature: UInt64 = 0xa5 << 56

    private static func header(_ position: UInt64, _ length: Int) -> UInt64 {
        signature | (position >> 3 & 0xffff_ffff) << 24 | UInt64(length)
    }

    private static func taken(_ length: Int) -> UInt64 {
        headerBytes &+ (UInt64(length) &+ 7) & ~7
    }

    @inline(__always)
    private func word(_ position: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (memory + Int(position & (capacity &- 1))).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    // MARK: Workers

    /// Adds a line, or counts it as lost. It waits for nothing.
    func append(_ line: AccessLine) {
        let length = line.count
        let bytes = Self.taken(length)
        shared.pointee.added.wrappingAdd(1, ordering: .relaxed)
        var position: UInt64
        repeat {
            // The tail first: it is never beyond a head that is read later.
            let tail = shared.pointee.tail.load(ordering: .acquiring)
            position = shared.pointee.head.load(ordering: .relaxed)
            guard position &- tail &+ bytes <= capacity else {
                shared.pointee.lost.wrappingAdd(1, ordering: .relaxed)
                return
            }
        } while !shared.pointee.head.weakCompareExchange(
            expected: position, desired: position &+ bytes, ordering: .relaxed
        ).exchanged
        var at = position &+ Self.headerBytes
        write(line.opening, &at)
        write(line.request, &at)
        write(line.outcome, &at)
        write(line.fields, &at)
        write(line.end, &at)
        // Ordered with the look behind it: the thread looks for lines once it has said that it
        // sleeps.
        word(position).pointee.store(
            Self.header(position, length), ordering: .sequentiallyConsistent)
        if shared.pointee.isAsleep.load(ordering: .sequentiallyConsistent) { wake() }
    }

    @inline(__always)
    private func write(_ part: UnsafeRawBufferPointer, _ at: inout UInt64) {
        guard let start = part.baseAddress, part.count > 0 else { return }
        let offset = Int(at & (capacity &- 1))
        let first = min(part.count, Int(capacity) &- offset)
        memcpy(memory + offset, start, first)
        if first < part.count { memcpy(memory, start + first, part.count &- first) }
        at &+= UInt64(part.count)
    }

    /// The first worker that finds the thread asleep rings.
    @inline(never)
    private func wake() {
        shared.pointee.isAsleep.store(false, ordering: .relaxed)
        ring()
    }

    /// Wakes the thread.
    func ring() { sem_post(bell) }

    // MARK: The thread

    /// Waits for the bell, at most so long; nil is without end.
    func listen(milliseconds: Int?) {
        if let milliseconds {
            var end = timespec()
            clock_gettime(CLOCK_REALTIME, &end)
            let nanoseconds = end.tv_nsec + milliseconds % 1_000 * 1_000_000
            end.tv_sec += milliseconds / 1_000 + nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
            sem_timedwait(bell, &end)
        } else {
            sem_wait(bell)
        }
        while sem_trywait(bell) == 0 {}
    }

    var isEmpty: Bool {
        let tail = shared.pointee.tail.load(ordering: .relaxed)
        return shared.pointee.head.load(ordering: .sequentiallyConsistent) == tail
    }

    /// Moves lines into a batch, as many as fit. Their bytes and number.
    ///
    /// - Parameter end: a position that lines have to begin before.
    func take(
        into batch: UnsafeMutableRawBufferPointer, before end: UInt64 = .max
    ) -> (bytes: Int, lines: Int) {
        guard let start = batch.baseAddress else { return (0, 0) }
        var tail = shared.pointee.tail.load(ordering: .relaxed)
        var (bytes, lines) = (0, 0)
        while tail < end {
            let found = word(tail).pointee.load(ordering: .acquiring)
            let length = Int(found & Self.lengthMask)
            // Another header is of a line that is being written, or of one long gone.
            guard shared.pointee.head.load(ordering: .relaxed) != tail,
                found == Self.header(tail, length), bytes + length <= batch.count
            else { break }
            let offset = Int((tail &+ Self.headerBytes) & (capacity &- 1))
            let first = min(length, Int(capacity) &- offset)
            memcpy(start + bytes, memory + offset, first)
            if first < length { memcpy(start + bytes + first, memory, length &- first) }
            bytes += length
            lines += 1
            tail &+= Self.taken(length)
        }
        shared.pointee.tail.store(tail, ordering: .releasing)
        return (bytes, lines)
    }
}

/// A line's parts, in the memory of its session.
struct AccessLine {
    var opening: UnsafeRawBufferPointer
    var request: UnsafeRawBufferPointer
    var outcome: UnsafeRawBufferPointer
    var fields: UnsafeRawBufferPointer
    var end: UnsafeRawBufferPointer

    var count: Int {
        opening.count &+ request.count &+ outcome.count &+ fields.count &+ end.count
    }
}
