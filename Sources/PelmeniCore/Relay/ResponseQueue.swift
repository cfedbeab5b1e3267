/// Responses that wait for a Unix client: behind earlier ones of the same client, or for room in
/// its socket. Each client's responses are in order.
struct ResponseQueue {
    private var rows = RowQueue<OutgoingDatagram>()
    private let capacity: Int
    /// When the responses without room are retried.
    private(set) var retryAt: UInt64 = .max

    /// - Parameter smallBlocks: of the pool. Each response may hold one, and streams need them too.
    init(smallBlocks: Int) {
        let share = smallBlocks / Limits.waitingResponsesShare
        capacity = max(
            Limits.waitingResponsesMin, min(Limits.waitingResponsesMax, share))
    }

    var isEmpty: Bool { rows.isEmpty }
    var count: Int { rows.count }
    var isFull: Bool { rows.count >= capacity }

    /// Whether one more response of a client may wait. A client may hold at most half of the free
    /// capacity: one that never reads ends up with a third, and others always find room.
    ///
    /// - Parameter pending: the client's responses in flight or waiting, this one included.
    func admits(pending: UInt32) -> Bool {
        !isFull && Int(pending) <= (capacity &- rows.count) / 2 &+ 1
    }

    mutating func append(_ row: DatagramID, _ table: OutgoingTable.Rows) {
        rows.append(row, table)
    }

    mutating func prepend(_ row: DatagramID, _ table: OutgoingTable.Rows) {
        rows.prepend(row, table)
    }

    mutating func remove(_ row: DatagramID, _ table: OutgoingTable.Rows) {
        let wasThere = rows.remove(row, table)
        assert(wasThere, "an answer that waits stands in the queue")
    }

    /// The first response that waits behind one of the same client, or none.
    func firstBehind(_ answer: OutgoingDatagram, _ table: OutgoingTable.Rows) -> DatagramID {
        var next = rows.first
        while !next.isNone {
            let row = table.row(next)
            if row.pointee.waiting == .behind, row.pointee.isOfOneClient(with: answer) {
                return next
            }
            next = row.pointee.next
        }
        return next
    }

    // MARK: Time

    mutating func retry(at time: UInt64) { retryAt = min(retryAt, time) }

    /// The first response of a round of retries; each may set the time of the next round.
    mutating func beginRetry() -> DatagramID {
        retryAt = .max
        return rows.first
    }
}
