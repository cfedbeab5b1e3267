import Glibc
import Testing

@testable import PelmeniCore

@Suite struct ReadSchedulerTests {
    private static let many = Limits.contentionThreshold
    private let rows = TestRows.legs([LegRow.Kind](repeating: .client, count: many + 8))
    private let now: UInt64 = 1_000_000_000

    /// An interactive leg, or a bulk leg of a class.
    private func wait(
        _ number: Int, heavy blockClass: BlockClass?, _ reads: inout ReadScheduler
    ) {
        let id = LegID(UInt32(number))
        rows.table[id].classVotes = blockClass == nil ? 0 : 1
        rows.table[id].blockClass = blockClass ?? .small
        reads.append(id, rows.table, now)
    }

    private func drain(
        _ reads: inout ReadScheduler, small: Int, bulk: Int, isBulkGone: Bool = false
    ) -> [UInt32] {
        var quantum = reads.quantum(small: small, bulk: bulk, now)
        var fed: [UInt32] = []
        while true {
            let leg = reads.nextBulk(&quantum, rows.table, isBulkGone: isBulkGone)
            guard !leg.isNone else { return fed }
            #expect(rows.table[leg].reading == .idle)
            fed.append(leg.rawValue)
        }
    }

    @Test func littleGoesApart() {
        var reads = ReadScheduler()
        wait(0, heavy: .small, &reads)
        wait(1, heavy: nil, &reads)
        #expect(!reads.isEmpty && reads.needsBlocks && !reads.feedsAgain)
        #expect(reads.nextInteractive(rows.table) == LegID(1))
        #expect(reads.nextInteractive(rows.table) == LegID.none)
        #expect(reads.feedsAgain)
        #expect(drain(&reads, small: 1, bulk: 0) == [0])
        #expect(reads.isEmpty)
        reads.renew()
        #expect(!reads.feedsAgain)
    }

    /// Blocks of each class in the loop, and the legs (of small, bulk, bulk, small) that get one.
    struct Blocks: Sendable {
        var small: Int
        var bulk: Int
        var isBulkGone = false
        var fed: [UInt32]
    }

    private static let blocks = [
        Blocks(small: 4, bulk: 4, fed: [0, 1, 2, 3]), Blocks(small: 0, bulk: 4, fed: []),
        Blocks(small: 1, bulk: 1, fed: [0, 1]),
        // The bulk leg in front waits for a posted block, and the legs behind it wait too.
        Blocks(small: 4, bulk: 0, fed: [0]),
        // The pool has none: bulk legs continue with small blocks.
        Blocks(small: 3, bulk: 0, isBulkGone: true, fed: [0, 1, 2]),
        Blocks(small: 4, bulk: 0, isBulkGone: true, fed: [0, 1, 2, 3]),
    ]

    @Test(arguments: blocks) func blocksDecide(blocks: Blocks) {
        var reads = ReadScheduler()
        for (number, blockClass) in [BlockClass.small, .bulk, .bulk, .small].enumerated() {
            wait(number, heavy: blockClass, &reads)
        }
        let fed = drain(
            &reads, small: blocks.small, bulk: blocks.bulk, isBulkGone: blocks.isBulkGone)
        #expect(fed == blocks.fed)
        #expect(reads.isEmpty == (fed.count == 4))
    }

    @Test func aCrowdTakesTurns() {
        var reads = ReadScheduler()
        for number in 0..<Self.many - 1 { wait(number, heavy: .small, &reads) }
        #expect(!reads.isContended(now))
        wait(Self.many - 1, heavy: .small, &reads)
        #expect(reads.isContended(now))
        #expect(reads.isContended(now + Limits.contentionTime - 1))
        #expect(!reads.isContended(now + Limits.contentionTime))
        // A quarter of the blocks is left to others, and this many bytes are the quantum.
        #expect(drain(&reads, small: 4, bulk: 0) == [0, 1, 2])
        let most = Limits.contendedQuantum / BlockClass.small.bytes
        #expect(drain(&reads, small: 1000, bulk: 0).count == most)
    }

    @Test func whoGoesIsTakenOutOfEachQueue() {
        var reads = ReadScheduler()
        wait(0, heavy: nil, &reads)
        wait(1, heavy: .small, &reads)
        rows.table[LegID(2)].inbound = .spliced
        wait(2, heavy: .bulk, &reads)
        reads.appendDatagrams(LegID(3), rows.table)
        for number: UInt32 in 0..<4 {
            #expect(!reads.isEmpty)
            reads.remove(LegID(number), rows.table)
            #expect(rows.table[LegID(number)].reading == .idle)
        }
        #expect(reads.isEmpty)
    }

    @Test func exhaustionIsLookedAtNowAndThen() {
        var reads = ReadScheduler()
        let later = now + Limits.exhaustionCheck
        #expect(reads.checksExhaustion(now) == false)
        wait(0, heavy: nil, &reads)
        #expect(reads.checksExhaustion(now) == true)
        #expect(reads.checksExhaustion(later - 1) == false)
        #expect(reads.checksExhaustion(later) == true)
        #expect(reads.checksDatagrams(later) == false)
        reads.appendDatagrams(LegID(1), rows.table)
        #expect(reads.checksDatagrams(later) == true)
        #expect(reads.checksDatagrams(later + 1) == false)
    }
}

@Suite struct DialQueueTests {
    private let rows = TestRows.legs(
        [LegRow.Kind](repeating: .client, count: Limits.contentionThreshold))

    @Test func aLoopDialsAFew() throws {
        var dials = try #require(DialQueue(sessions: 3))
        defer { dials.destroy() }
        for _ in 0..<Limits.dialsInLoop { #expect(dials.grant() == true) }
        #expect(dials.grant() == false)
        dials.append(LegID(3), rows.table)
        #expect(rows.table[LegID(3)].phase == .queued)
        #expect(dials.popFirst(rows.table) == LegID.none)
        dials.renew()
        // A new client does not overtake.
        #expect(dials.grant() == false)
        #expect(dials.popFirst(rows.table) == LegID(3))
        #expect(rows.table[LegID(3)].phase == .open)
        #expect(dials.grant() == true)
    }

    @Test func whoGoesBeforeItsTurn() throws {
        var dials = try #require(DialQueue(sessions: 3))
        defer { dials.destroy() }
        for id in rows.ids.prefix(3) { dials.append(id, rows.table) }
        dials.remove(LegID(1), rows.table)
        #expect(rows.table[LegID(1)].phase == .open)
        #expect(dials.popFirst(rows.table) == LegID(0))
        #expect(dials.popFirst(rows.table) == LegID(2))
        #expect(dials.isEmpty)
    }

    @Test func choicesGoRound() throws {
        var dials = try #require(DialQueue(sessions: 3))
        defer { dials.destroy() }
        let choices = (0..<3).map { _ in dials.takeChoice() }
        #expect(Set(choices).count == 3 && dials.choiceCount == 3)
        for choice in choices { dials.giveBack(choice) }
        #expect(dials.choiceCount == 0)
        #expect(dials.takeChoice() == choices[2])
    }

    @Test func aBurstIsACrowd() throws {
        var dials = try #require(DialQueue(sessions: 3))
        defer { dials.destroy() }
        for id in rows.ids.dropLast() { dials.append(id, rows.table) }
        #expect(!dials.isContended)
        dials.append(LegID(UInt32(Limits.contentionThreshold - 1)), rows.table)
        #expect(dials.isContended)
    }
}

@Suite struct CutQueueTests {
    private let rows = TestRows<RowTableName.FramedStreams, FramedRow>(count: 3) { _ in
        FramedRow(StreamFraming(.line, maxFrame: 100))
    }

    @Test func messagesAreShared() {
        var cuts = CutQueue()
        var left = Limits.messagesInLoop
        while left > 0 {
            let granted = cuts.grant()
            #expect(granted == min(Limits.messagesAtOnce, left))
            left -= granted
        }
        #expect(cuts.grant() == 0)
        cuts.giveBack(5)
        #expect(cuts.grant() == 5)
        cuts.renew()
        #expect(cuts.budget == Limits.messagesInLoop)
    }

    @Test func streamsTakeTurns() {
        var cuts = CutQueue()
        for id in rows.ids { cuts.append(id, rows.table) }
        #expect(rows.table[FramedID(1)].isQueued && cuts.count == 3)
        cuts.remove(FramedID(1), rows.table)
        #expect(!rows.table[FramedID(1)].isQueued)
        #expect(cuts.popFirst(rows.table) == FramedID(0))
        cuts.append(FramedID(0), rows.table)
        #expect(cuts.popFirst(rows.table) == FramedID(2))
        #expect(cuts.popFirst(rows.table) == FramedID(0))
        #expect(cuts.isEmpty)
    }
}

@Suite struct DescriptorReserveTests {
    private static let errors = [
        -EMFILE: true, -ENFILE: true, -ENOBUFS: false, -EACCES: false, 7: false,
    ]

    @Test(arguments: errors) func whatRunsOut(result: Int32, isShort: Bool) {
        var reserve = DescriptorReserve(5)
        let ranOut = reserve.note(result)
        #expect(ranOut == isShort)
        #expect(reserve.isShort == isShort)
    }

    @Test func isSpentOnce() {
        var reserve = DescriptorReserve(5)
        #expect(!reserve.isSpent)
        #expect(reserve.spend() == 5)
        #expect(reserve.isSpent)
        #expect(reserve.spend() == nil)
        // The reserve could not be opened again.
        reserve.renew(-EMFILE)
        #expect(reserve.isSpent)
        #expect(reserve.spend() == nil)
        reserve.renew(0)
        #expect(reserve.spend() == 0)
    }
}

@Suite struct PipeTableTests {
    @Test func pipesGoRound() {
        var pipes = PipeTable(capacity: 2)
        defer { pipes.destroy() }
        let first = pipes.allocate()
        let second = pipes.allocate()
        #expect(first != second)
        #expect(pipes.allocate() == PipeTable.none)
        #expect(!pipes.isAvailable(0))
        pipes.giveBack(first)
        #expect(pipes.isAvailable(0))
        #expect(pipes.allocate() == first)
    }

    @Test func aLoopSplicesSomuch() {
        var pipes = PipeTable(capacity: 1)
        defer { pipes.destroy() }
        #expect(pipes.quantum == min(Limits.spliceQuantum, Limits.spliceInLoop))
        pipes.spend(Limits.spliceInLoop - 10)
        #expect(pipes.quantum == 10)
        // A call may move more bytes than its limit.
        pipes.spend(30)
        #expect(pipes.quantum == 0 && pipes.budget < 0)
        pipes.renew()
        #expect(pipes.budget == Limits.spliceInLoop)
    }

    @Test func whatFailedRests() {
        var pipes = PipeTable(capacity: 1)
        defer { pipes.destroy() }
        pipes.backOff(100)
        #expect(!pipes.isAvailable(100 + Limits.pipeBackoff - 1))
        #expect(pipes.isAvailable(100 + Limits.pipeBackoff))
        pipes.giveUp()
        #expect(!pipes.isAvailable(.max - 1))
    }
}
