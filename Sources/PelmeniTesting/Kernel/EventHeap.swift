/// Events by time: a binary heap.
struct EventHeap: ~Copyable {
    private var events: UnsafeMutablePointer<SimulatedEvent>
    private var capacity: Int
    private(set) var count = 0
    private var order: UInt64 = 0

    init() {
        capacity = 1024
        events = .allocate(capacity: capacity)
    }

    deinit { events.deallocate() }

    var nextTime: UInt64 { count > 0 ? events[0].time : .max }

    mutating func add(
        _ kind: SimulatedEvent.Kind, at time: UInt64, number: Int, detail: Int = 0,
        serial: UInt32 = 0
    ) {
        if count == capacity { grow() }
        order += 1
        let event = SimulatedEvent(
            time: time, order: order, kind: kind, number: number, detail: detail, serial: serial)
        var hole = count
        count += 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard Self.isEarlier(event, events[parent]) else { break }
            (events + hole).initialize(to: events[parent])
            hole = parent
        }
        (events + hole).initialize(to: event)
    }

    mutating func removeFirst() -> SimulatedEvent {
        let first = events[0]
        count -= 1
        guard count > 0 else { return first }
        let moved = events[count]
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < count else { break }
            if child + 1 < count, Self.isEarlier(events[child + 1], events[child]) { child += 1 }
            guard Self.isEarlier(events[child], moved) else { break }
            events[hole] = events[child]
            hole = child
        }
        events[hole] = moved
        return first
    }

    @inline(__always)
    private static func isEarlier(_ left: SimulatedEvent, _ right: SimulatedEvent) -> Bool {
        left.time != right.time ? left.time < right.time : left.order < right.order
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<SimulatedEvent>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: events, count: count)
        events.deallocate()
        events = larger
        capacity *= 2
    }
}
