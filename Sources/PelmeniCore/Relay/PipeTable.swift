/// The pipes of a worker: made when they are needed, and used again by whichever stream is in turn.
struct PipeTable {
    /// No pipe.
    static let none = UInt8.max

    private let rows: UnsafeMutablePointer<SplicePipe>
    /// Those that nobody has, the last one given back on top.
    private let free: UnsafeMutablePointer<UInt8>
    private(set) var freeCount: Int
    let capacity: Int

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

    @inline(__always)
    func row(_ pipe: UInt8) -> UnsafeMutablePointer<SplicePipe> { rows + Int(pipe) }

    /// One that nobody has, which may be still to be made; or ``none``.
    @inline(__always)
    mutating func take() -> UInt8 {
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
