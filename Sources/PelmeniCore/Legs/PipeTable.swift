/// A worker's pipes: made when needed, and reused by the next stream. The table also decides
/// whether a stream may be spliced now, and how much per loop.
struct PipeTable {
    static let none = UInt8.max

    private let rows: UnsafeMutablePointer<SplicePipe>
    /// Free pipes, the last one released on top.
    private let free: UnsafeMutablePointer<UInt8>
    private(set) var freeCount: Int
    let capacity: Int
    /// Until when streams go through blocks, because no pipe could be made.
    private var backoffUntil: UInt64 = 0
    /// Bytes that may still be spliced in this loop.
    private(set) var budget = Limits.spliceInLoop

    init(capacity: Int) {
        rows = .allocate(capacity: capacity)
        free = .allocate(capacity: capacity)
        for index in 0..<capacity {
            (rows + index).initialize(to: SplicePipe(fill: -1, drain: -1))
            (free + index).initialize(to: UInt8(capacity - 1 - index))
        }
        freeCount = capacity
        self.capacity = capacity
    }

    func destroy() {
        rows.deallocate()
        free.deallocate()
    }

    // MARK: Quantum

    /// A new loop begins.
    @inline(__always)
    mutating func renew() { budget = Limits.spliceInLoop }

    /// Bytes that one stream may splice now.
    @inline(__always)
    var quantum: Int { max(0, min(Limits.spliceQuantum, budget)) }

    @inline(__always)
    mutating func spend(_ bytes: Int) { budget &-= bytes }

    /// Whether a stream may start splicing.
    @inline(__always)
    func isAvailable(_ now: UInt64) -> Bool { freeCount > 0 && now >= backoffUntil }

    /// No pipe could be made: descriptors or pages ran out.
    mutating func backOff(_ now: UInt64) { backoffUntil = now &+ Limits.pipeBackoff }

    /// The kernel, or a system call filter, refuses splice(2).
    mutating func giveUp() { backoffUntil = .max }

    // MARK: Pipes

    @inline(__always)
    func row(_ pipe: UInt8) -> UnsafeMutablePointer<SplicePipe> { rows + Int(pipe) }

    /// A free pipe, perhaps still to be made; or ``none``.
    @inline(__always)
    mutating func allocate() -> UInt8 {
        guard freeCount > 0 else { return Self.none }
        freeCount &-= 1
        return free[freeCount]
    }

    @inline(__always)
    mutating func giveBack(_ pipe: UInt8) {
        free[freeCount] = pipe
        freeCount &+= 1
    }
}
