import Testing

@testable import PelmeniLoad

@Suite struct ThinkQueueTests {
    @Test func theyComeOutInOrderAndWhenTheyAreDue() {
        var queue = ThinkQueue(capacity: 3)
        #expect(queue.firstDue == .max)
        #expect(queue.popDue(.max - 1)?.leg == nil)
        for (leg, time) in [(2, 10), (0, 20), (1, 20)] { queue.append(leg, until: UInt64(time)) }
        #expect(queue.firstDue == 10)
        #expect(queue.popDue(9)?.leg == nil)
        // Taken late, it still was due at its own time.
        let first = queue.popDue(15)
        #expect(first?.leg == 2 && first?.time == 10)
        #expect(!queue.contains(2) && queue.contains(0) && queue.contains(1))
        #expect(queue.popDue(15)?.leg == nil)
        queue.append(2, until: 30)
        let rest = (0..<3).compactMap { _ in queue.popDue(30) }
        #expect(rest.map(\.leg) == [0, 1, 2])
        #expect(rest.map(\.time) == [20, 20, 30])
        #expect(queue.popDue(.max - 1)?.leg == nil)
    }

    @Test func whoWaitsIsNotAddedAgain() {
        var queue = ThinkQueue(capacity: 2)
        queue.append(1, until: 10)
        queue.append(1, until: 20)
        #expect(queue.popDue(10)?.time == 10)
        #expect(queue.popDue(20)?.leg == nil)
    }
}
