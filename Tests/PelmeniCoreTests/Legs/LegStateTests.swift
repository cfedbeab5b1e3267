import Testing

@testable import PelmeniCore

/// The tables of legal transitions, written out: a change of one is a decision.
@Suite struct LegStateTests {
    @Test func phases() {
        let all: [LegRow.Phase] = [.free, .open, .queued, .resetting, .closing]
        let legal: [[LegRow.Phase]] = [
            [], [.queued, .resetting, .closing], [.open, .closing], [.closing], [],
        ]
        for (from, legal) in zip(all, legal) {
            #expect(all.filter { from.leads(to: $0) } == legal, "\(from)")
        }
    }

    @Test func reading() {
        let all: [LegRow.Reading] = [.idle, .paused, .receiving, .starved, .ended]
        let legal: [[LegRow.Reading]] = [
            [.paused, .receiving, .starved, .ended], [.idle, .paused, .receiving, .starved],
            [.idle], [.idle], [],
        ]
        for (from, legal) in zip(all, legal) {
            #expect(all.filter { from.leads(to: $0) } == legal, "\(from)")
        }
    }

    @Test func writing() {
        let all: [LegRow.Writing] = [.idle, .sending, .connecting, .shut]
        let legal: [[LegRow.Writing]] = [[.sending, .connecting, .shut], [.idle], [.idle], []]
        for (from, legal) in zip(all, legal) {
            #expect(all.filter { from.leads(to: $0) } == legal, "\(from)")
        }
    }

    private static let facts: [LegRow.Kind: [Bool]] = [
        .client: [true, false, false, false, false],
        .unixClient: [true, true, false, false, false],
        .upstream: [false, false, false, false, false],
        .unixUpstream: [false, true, false, false, false],
        .datagrams: [false, false, true, false, false],
        .unixDatagrams: [false, true, true, false, true],
        .listener: [false, false, true, true, false],
        .unixListener: [false, true, true, true, false],
    ]

    @Test(arguments: facts) func kinds(kind: LegRow.Kind, facts: [Bool]) {
        #expect(
            facts == [
                kind.isClient, kind.isUnix, kind.isDatagrams, kind.isListener,
                kind.isFlowControlled,
            ])
    }

    /// A row that was never written is free, and neither queues nor ends: see `LegID.absent`.
    @Test func zerosAreAFreeRow() {
        let bytes = MemoryLayout<LegRow>.size
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        let leg = memory.bindMemory(to: LegRow.self, capacity: 1).pointee
        #expect(!leg.isInUse && !leg.hasEnded && !leg.isInFlight && leg.queue.isEmpty)
        #expect(leg.queue.bytes == 0)
    }

    @Test func datagramsAreCounted() {
        var leg = LegRow(.datagrams, socket: 3, session: .none, generation: 0)
        leg.beginDatagram()
        leg.beginDatagram()
        leg.endDatagram()
        #expect(leg.isInFlight)
        leg.endDatagram()
        #expect(!leg.isInFlight)
    }

    @Test func generationsHave24Bits() {
        #expect(LegRow(freeAfter: 0xff_ffff).generation == 0)
        #expect(LegRow(freeAfter: 7).generation == 8)
    }
}
