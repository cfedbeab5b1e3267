import Testing

@testable import PelmeniCore

@Suite struct RowQueueTests {
    private let rows = TestRows.legs([LegRow.Kind](repeating: .client, count: 6))

    private func content(_ queue: LegQueue) -> [UInt32] {
        var queue = queue
        var content: [UInt32] = []
        while !queue.isEmpty { content.append(queue.popFirst(rows.table).rawValue) }
        return content
    }

    private func filled(_ numbers: [UInt32]) -> LegQueue {
        var queue = LegQueue()
        for number in numbers { queue.append(LegID(number), rows.table) }
        return queue
    }

    @Test func firstInFirstOut() {
        #expect(content(filled([3, 1, 4, 0])) == [3, 1, 4, 0])
        #expect(content(LegQueue()).isEmpty)
    }

    @Test func oneGoesBeforeAllOthers() {
        var queue = LegQueue()
        queue.prepend(LegID(2), rows.table)
        queue.prepend(LegID(5), rows.table)
        queue.append(LegID(1), rows.table)
        #expect(queue.count == 3)
        #expect(content(queue) == [5, 2, 1])
    }

    private static let taken: [UInt32: [UInt32]] = [
        3: [1, 4, 0], 4: [3, 1, 0], 0: [3, 1, 4], 1: [3, 4, 0],
    ]

    @Test(arguments: taken) func takenOutAnywhere(number: UInt32, left: [UInt32]) {
        var queue = filled([3, 1, 4, 0])
        #expect(queue.remove(LegID(number), rows.table) == true)
        #expect(queue.count == 3)
        // The end of the chain has to be right too.
        queue.append(LegID(5), rows.table)
        #expect(content(queue) == left + [5])
    }

    @Test func whatIsNotThereIsNotTakenOut() {
        var queue = filled([3, 1])
        #expect(queue.remove(LegID(4), rows.table) == false)
        #expect(content(queue) == [3, 1])
        var empty = LegQueue()
        #expect(empty.remove(LegID(4), rows.table) == false)
    }

    private static let orders: [[Int32]: [UInt32]] = [
        [7, 3, 9]: [1, 0, 2], [1, 1, 1]: [0, 1, 2], [5, 4, 3]: [2, 1, 0],
    ]

    @Test(arguments: orders) func insertedInOrder(ages: [Int32], order: [UInt32]) {
        var queue = LegQueue()
        for (index, age) in ages.enumerated() {
            let id = LegID(UInt32(index))
            rows.table[id].socket = age
            queue.insert(id, rows.table) { $0.socket <= age }
        }
        #expect(queue.count == 3)
        queue.append(LegID(5), rows.table)
        #expect(content(queue) == order + [5])
    }
}
