import Testing

@testable import PelmeniCore

@Suite struct ResponseQueueTests {
    private let table: OutgoingTable

    init() throws { table = try #require(OutgoingTable()) }

    /// Answers of clients by their numbers, each waiting behind an earlier one.
    private func filled(_ clients: [UInt32]) -> (ResponseQueue, [DatagramID]) {
        var queue = ResponseQueue(smallBlocks: 0)
        var rows: [DatagramID] = []
        for client in clients {
            let id = table.allocate()
            table.row(id).pointee.session = SessionID(client)
            table.row(id).pointee.leg = LegID(1)
            table.row(id).pointee.generation = 1
            table.row(id).pointee.waiting = .behind
            queue.append(id, table.rows)
            rows.append(id)
        }
        return (queue, rows)
    }

    @Test func theNextOfTheSameClient() {
        defer { table.destroy() }
        var (queue, rows) = filled([4, 5, 4, 6])
        let sent = table.row(rows[0]).pointee
        queue.remove(rows[0], table.rows)
        #expect(queue.firstBehind(sent, table.rows) == rows[2])
        // A response in flight keeps its place, and is not sent twice.
        table.row(rows[2]).pointee.waiting = .onItsWay
        #expect(queue.firstBehind(sent, table.rows).isNone)
        // Another session has the row since.
        table.row(rows[2]).pointee.waiting = .behind
        table.row(rows[2]).pointee.generation = 2
        #expect(queue.firstBehind(sent, table.rows).isNone)
    }

    /// The number of responses that may wait at once, for a pool.
    private static let capacities = [
        0: Limits.waitingResponsesMin, 4 * Limits.waitingResponsesMin + 40: 266,
        1 << 20: Limits.waitingResponsesMax,
    ]

    @Test(arguments: capacities) func thePoolBounds(smallBlocks: Int, capacity: Int) {
        defer { table.destroy() }
        var queue = ResponseQueue(smallBlocks: smallBlocks)
        while !queue.isFull { queue.append(table.allocate(), table.rows) }
        #expect(queue.count == capacity)
        #expect(!queue.admits(pending: 1))
    }

    @Test func aClientHasHalfOfWhatIsFree() {
        defer { table.destroy() }
        var queue = ResponseQueue(smallBlocks: 0)
        let half = UInt32(Limits.waitingResponsesMin / 2)
        #expect(queue.admits(pending: half + 1) && !queue.admits(pending: half + 2))
        for _ in 0..<half { queue.append(table.allocate(), table.rows) }
        #expect(queue.admits(pending: half / 2 + 1) && !queue.admits(pending: half / 2 + 2))
    }

    @Test func retriesAreOneTime() {
        defer { table.destroy() }
        var (queue, rows) = filled([1, 2])
        #expect(queue.retryAt == .max)
        queue.retry(at: 50)
        queue.retry(at: 70)
        #expect(queue.retryAt == 50)
        #expect(queue.beginRetry() == rows[0])
        #expect(queue.retryAt == .max)
    }
}
