/// Connections that pause before their next request. All pauses are equally long, so the queue is
/// in order without sorting.
struct ThinkQueue {
    private var legs: [Int]
    private var times: [UInt64]
    private var isWaiting: [Bool]
    private var head = 0
    private var count = 0

    /// - Parameter capacity: the number of connections.
    init(capacity: Int) {
        legs = [Int](repeating: 0, count: capacity)
        times = [UInt64](repeating: 0, count: capacity)
        isWaiting = [Bool](repeating: false, count: capacity)
    }

    func contains(_ leg: Int) -> Bool { isWaiting[leg] }

    /// The time at which the first one is due, or `.max`.
    var firstDue: UInt64 { count == 0 ? .max : times[head] }

    /// Ignores a connection that waits already.
    mutating func append(_ leg: Int, until time: UInt64) {
        guard !isWaiting[leg] else { return }
        isWaiting[leg] = true
        let place = (head + count) % legs.count
        legs[place] = leg
        times[place] = time
        count += 1
    }

    /// Removes a connection that is due.
    ///
    /// - Returns: the connection, and its time.
    mutating func popDue(_ now: UInt64) -> (leg: Int, time: UInt64)? {
        guard firstDue <= now else { return nil }
        let (leg, time) = (legs[head], times[head])
        isWaiting[leg] = false
        head = (head + 1) % legs.count
        count -= 1
        return (leg, time)
    }
}
