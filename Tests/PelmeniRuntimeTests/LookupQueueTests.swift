import PelmeniCore
import PelmeniRuntime
import Testing

/// The order of lookups, with the test's own clock.
struct LookupQueueTests {
    private let second: UInt64 = 1_000_000_000

    /// All lookups that may begin now.
    private func takeAll(_ queue: inout LookupQueue, now: UInt64) -> [Int] {
        var taken: [Int] = []
        while let index = queue.take(now: now) { taken.append(index) }
        return taken
    }

    @Test func stuckLookupsLeaveTheirPlaces() {
        var queue = LookupQueue(names: 6)
        #expect(takeAll(&queue, now: 0) == [0, 1, 2, 3])
        #expect(takeAll(&queue, now: LookupQueue.patience - 1) == [])
        #expect(takeAll(&queue, now: LookupQueue.patience) == [4, 5])
        for index in 0..<6 { #expect(!queue.hasAllResponses(index)) }
    }

    @Test func lookupsHaveABound() {
        var queue = LookupQueue(names: LookupQueue.lookupsMax + 1)
        var taken = 0
        for round in 0...UInt64(LookupQueue.lookupsMax) {
            taken += takeAll(&queue, now: round * LookupQueue.patience).count
        }
        #expect(taken == LookupQueue.lookupsMax)
    }

    @Test func aFailureWaitsLongerEachTime() {
        var queue = LookupQueue(names: 1)
        var now: UInt64 = 0
        for wait: UInt64 in [1, 2, 4, 8, 16, 30, 30] {
            #expect(takeAll(&queue, now: now) == [0])
            queue.finish(0, isResolved: false, now: now)
            #expect(takeAll(&queue, now: now + wait * second - 1) == [])
            now += wait * second
        }
        #expect(takeAll(&queue, now: now) == [0])
        queue.finish(0, isResolved: true, now: now)
        #expect(takeAll(&queue, now: now + 30 * second) == [0])
        queue.finish(0, isResolved: false, now: now + 30 * second)
        #expect(takeAll(&queue, now: now + 31 * second) == [0])
    }

    /// A failure while a lookup runs: that one may have the old answer.
    @Test func aRequestDuringALookupIsKept() {
        var queue = LookupQueue(names: 1)
        #expect(queue.take(now: 0) == 0)
        queue.hasten(0)
        queue.finish(0, isResolved: true, now: second)
        #expect(queue.take(now: 2 * second - 1) == nil)
        #expect(queue.take(now: 2 * second) == 0)
        queue.finish(0, isResolved: true, now: 2 * second)
        #expect(queue.take(now: 2 * second + LookupQueue.refreshInterval - 1) == nil)
    }

    /// Names at a silent server, tried before, take their share and leave the rest to the others.
    @Test func namesInDoubtHaveAShare() {
        let dead = 2 * LookupQueue.doubtfulMax
        var queue = LookupQueue(names: dead + 2)
        var now: UInt64 = 0
        for index in 0..<dead {
            #expect(queue.take(now: now) == index)
            queue.finish(index, isResolved: false, now: now + LookupQueue.slow)
        }
        #expect(queue.take(now: now) == dead)
        queue.finish(dead, isResolved: true, now: now)
        now += 30 * second
        var taken: [Int] = []
        for round: UInt64 in 0..<10 {
            taken += takeAll(&queue, now: now + round * LookupQueue.patience)
        }
        // The new name, the name that resolved, and then as many of the others as may be.
        #expect(taken.prefix(2) == [dead + 1, dead])
        #expect(taken.count == 2 + LookupQueue.doubtfulMax)
    }

    /// Lookups that never return delay neither the names that failed once nor, with those, a new
    /// name.
    @Test func stuckLookupsStarveNobody() {
        let dead = LookupQueue.lookupsMax
        var queue = LookupQueue(names: dead + 2)
        for index in 0..<dead + 1 {
            #expect(queue.take(now: 0) == index)
            queue.finish(index, isResolved: false, now: 0)
        }
        var now = second
        var taken: Set<Int> = []
        while now < 1000 * second {
            taken.formUnion(takeAll(&queue, now: now))
            now += LookupQueue.patience
        }
        #expect(taken.contains(dead + 1), "the new one")
        #expect(taken.count == LookupQueue.stuckMax + 1)
    }

    /// A slow answer puts its name in doubt, like a failure.
    @Test func aSlowAnswerComesBehindAQuickOne() {
        var queue = LookupQueue(names: 2)
        #expect(takeAll(&queue, now: 0) == [0, 1])
        queue.finish(0, isResolved: true, now: LookupQueue.slow)
        queue.finish(1, isResolved: true, now: LookupQueue.slow - 1)
        #expect(takeAll(&queue, now: 40 * second) == [1, 0])
    }
}
