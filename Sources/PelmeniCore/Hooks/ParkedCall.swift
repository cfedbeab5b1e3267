internal import CPelmeni

/// The call of an asynchronous hook that has a unit of one direction.
struct ParkedCall {
    /// The call's number; 0 is none.
    var number: UInt64 = 0
    /// When the call closes its session.
    var deadline: UInt64 = 0
    /// What cancels it.
    var token: UnsafeMutableRawPointer?
    /// The unit, without its bytes.
    var item: HookRunner.Item?

    var isThere: Bool { number != 0 }
    /// When it closes its session; `.max` without a call.
    var due: UInt64 { isThere ? deadline : .max }

    /// A call's number: the session's, the direction's, and a serial one that is not 0.
    static func number(_ session: SessionID, isToClient: Bool, serial: UInt32) -> UInt64 {
        UInt64(session.rawValue) << 32 | (isToClient ? 1 << 31 : 0)
            | UInt64(max(1, serial & 0x7fff_ffff))
    }

    static func session(_ number: UInt64) -> SessionID {
        SessionID(UInt32(truncatingIfNeeded: number >> 32))
    }

    static func isToClient(_ number: UInt64) -> Bool { number & 1 << 31 != 0 }
}

/// Units behind a parked one, first in, first out, in memory of their own.
struct ItemQueue {
    private var start: UnsafeMutablePointer<HookRunner.Item>?
    private var capacity = 0
    private var first = 0
    private(set) var count = 0
    /// Bytes in the queue.
    private(set) var bytes = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ item: HookRunner.Item) {
        if count == capacity { grow() }
        let at = (first &+ count) % max(1, capacity)
        start?[at] = item
        count &+= 1
        bytes &+= item.row.count
    }

    /// The first item of a queue that is not empty.
    mutating func popFirst() -> HookRunner.Item? {
        guard count > 0, let start else { return nil }
        let item = start[first]
        first = (first &+ 1) % capacity
        count &-= 1
        bytes &-= item.row.count
        if count == 0 { giveBack() }
        return item
    }

    private mutating func grow() {
        let room = max(16, 2 &* capacity)
        let bytes = room &* MemoryLayout<HookRunner.Item>.stride
        let memory = pelmeni_bytes_take(UInt64(bytes))
        let items = memory.bindMemory(to: HookRunner.Item.self, capacity: room)
        for index in 0..<count {
            if let start { (items + index).initialize(to: start[(first &+ index) % capacity]) }
        }
        if let start { pelmeni_bytes_give_back(start) }
        start = items
        capacity = room
        first = 0
    }

    private mutating func giveBack() {
        if let start { pelmeni_bytes_give_back(start) }
        self = ItemQueue()
    }
}
