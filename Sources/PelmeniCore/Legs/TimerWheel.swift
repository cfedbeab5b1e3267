internal import CPelmeni

/// When sessions are checked again: a hierarchical wheel of intrusive lists.
///
/// Deadlines move lazily. A byte only stores the time; when a session's slot comes up, its owner
/// computes the true deadline and puts the session back. A tick is 2^23 ns (8.4 ms): fine enough
/// for 250 ms attempt delays, coarse enough that an idle worker sleeps.
package struct TimerWheel: @unchecked Sendable {
    /// The links of one timer; timer numbers are session numbers.
    struct Node {
        var next: SessionID = .none
        var previous: SessionID = .none
        /// The tick in the upper 56 bits, the slot (one of 256) in the lower 8.
        private var dueAndSlot: UInt64 = 0

        init() {}

        @inline(__always)
        init(next: SessionID, due: UInt64, slot: Int) {
            self.next = next
            dueAndSlot = due << 8 | UInt64(slot)
        }

        /// The tick at which it is due; 0 is not in the wheel.
        @inline(__always)
        var due: UInt64 { dueAndSlot >> 8 }
        @inline(__always)
        var slot: Int { Int(dueAndSlot & 255) }
    }

    static let shift: UInt64 = 23
    /// 4 levels of 64 slots: 0.54 s, 34 s, 37 min, 39 h. A later timer waits in the last slot and
    /// is put back when that comes up.
    static let levels = 4
    static let slots = 64

    private let nodes: RowTable<RowTableName.Sessions, Node>
    private let capacity: Int
    private let heads: UnsafeMutablePointer<SessionID>
    /// A bit for each non-empty slot, one word a level.
    private let occupied: UnsafeMutablePointer<UInt64>
    private var tick: UInt64

    /// Nil when memory runs out.
    ///
    /// - Parameter capacity: sessions. A zeroed node is not in the wheel, and costs no memory.
    init?(capacity: Int, now: UInt64) {
        guard let memory = pelmeni_memory_map(Self.bytes(capacity)) else { return nil }
        nodes = RowTable(memory.bindMemory(to: Node.self, capacity: capacity))
        self.capacity = capacity
        heads = .allocate(capacity: Self.levels * Self.slots)
        heads.initialize(repeating: .none, count: Self.levels * Self.slots)
        occupied = .allocate(capacity: Self.levels)
        occupied.initialize(repeating: 0, count: Self.levels)
        tick = now >> Self.shift
    }

    func destroy() {
        heads.deallocate()
        occupied.deallocate()
        pelmeni_memory_unmap(nodes.rows, Self.bytes(capacity))
    }

    private static func bytes(_ capacity: Int) -> UInt64 {
        UInt64(capacity * MemoryLayout<Node>.stride)
    }

    /// Puts a timer in, or moves it earlier; a later time changes nothing.
    @inline(__always)
    mutating func hasten(_ timer: SessionID, to time: UInt64) {
        let due = Self.tick(of: time)
        let current = nodes.row(timer).pointee.due
        if current != 0 {
            guard due < current else { return }
            remove(timer)
        }
        insert(timer, due: due)
    }

    /// Takes a timer out, if it is in the wheel.
    mutating func remove(_ timer: SessionID) {
        let node = nodes.row(timer)
        guard node.pointee.due != 0 else { return }
        let slot = node.pointee.slot
        let next = node.pointee.next
        let previous = node.pointee.previous
        if previous.isNone {
            heads[slot] = next
        } else {
            nodes.row(previous).pointee.next = next
        }
        if !next.isNone { nodes.row(next).pointee.previous = previous }
        if heads[slot].isNone { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        node.pointee = Node()
    }

    /// The next time at which ``popDue(now:)`` may return a timer, or `UInt64.max`.
    @inline(__always)
    func nextTime() -> UInt64 {
        var earliest = UInt64.max
        for level in 0..<Self.levels {
            let bits = occupied[level]
            guard bits != 0 else { continue }
            // A higher level's current slot was emptied as it came up: its timers are a round away.
            let base = (tick >> UInt64(6 * level)) &+ (level == 0 ? 0 : 1)
            let here = base & 63
            // Slots from there on, around the wheel.
            let rotated = bits >> here | (here == 0 ? 0 : bits << (64 &- here))
            let distance = UInt64(rotated.trailingZeroBitCount)
            earliest = min(earliest, (base &+ distance) << UInt64(6 * level))
        }
        guard earliest != .max else { return .max }
        return max(earliest, tick &+ 1) << Self.shift
    }

    /// A due timer, taken out of the wheel; nil when none is left at this time.
    mutating func popDue(now: UInt64) -> SessionID? {
        let target = now >> Self.shift
        while true {
            let timer = heads[Int(tick & 63)]
            if !timer.isNone, nodes.row(timer).pointee.due <= tick {
                remove(timer)
                return timer
            }
            guard tick < target else { return nil }
            advance(to: target)
        }
    }

    // MARK: Inside

    @inline(__always)
    private static func tick(of time: UInt64) -> UInt64 { max(1, (time >> shift) &+ 1) }

    private mutating func insert(_ timer: SessionID, due: UInt64) {
        let at = max(due, tick &+ 1)
        let distance = at &- tick
        var level = 0
        while level < Self.levels - 1, distance >= 1 << UInt64(6 * (level + 1)) { level += 1 }
        let reach = UInt64(1) << UInt64(6 * Self.levels)
        let place = distance < reach ? at : tick &+ reach &- 1
        let slot = level << 6 | Int(place >> UInt64(6 * level) & 63)
        let node = nodes.row(timer)
        node.pointee = Node(next: heads[slot], due: at, slot: slot)
        if !heads[slot].isNone { nodes.row(heads[slot]).pointee.previous = timer }
        heads[slot] = timer
        occupied[level] |= 1 << UInt64(slot & 63)
    }

    /// Moves one tick on, or to just before the next non-empty slot; cascades near timers.
    private mutating func advance(to target: UInt64) {
        if occupied[0] | occupied[1] | occupied[2] | occupied[3] == 0 {
            tick = target
            return
        }
        let next = nextTime() >> Self.shift
        tick = min(target, max(tick &+ 1, min(next, (tick | 63) &+ 1)))
        var level = 1
        while level < Self.levels, tick & ((1 << UInt64(6 * level)) &- 1) == 0 {
            cascade(level << 6 | Int(tick >> UInt64(6 * level) & 63))
            level += 1
        }
    }

    private mutating func cascade(_ slot: Int) {
        var timer = heads[slot]
        while !timer.isNone {
            let next = nodes.row(timer).pointee.next
            let due = nodes.row(timer).pointee.due
            remove(timer)
            insertNow(timer, due: due)
            timer = next
        }
    }

    /// As `insert`, but a timer due at this very tick goes into the current slot.
    private mutating func insertNow(_ timer: SessionID, due: UInt64) {
        guard due <= tick else { return insert(timer, due: due) }
        let slot = Int(tick & 63)
        let node = nodes.row(timer)
        node.pointee = Node(next: heads[slot], due: due, slot: slot)
        if !heads[slot].isNone { nodes.row(heads[slot]).pointee.previous = timer }
        heads[slot] = timer
        occupied[0] |= 1 << UInt64(slot & 63)
    }
}
