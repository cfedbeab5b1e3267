import Testing

@testable import PelmeniCore

/// Every idle session keeps its rows in memory, so a field that lengthens one is a decision.
@Suite struct RowSizeTests {
    @Test func rowsOfASession() {
        #expect(MemoryLayout<LegRow>.stride <= 72)
        #expect(MemoryLayout<SessionRow>.stride <= 64)
        #expect(MemoryLayout<TimerWheel.Node>.stride <= 16)
        #expect(MemoryLayout<Readiness>.stride <= 32)
        #expect(MemoryLayout<HookRow>.stride <= 32)
        #expect(MemoryLayout<PairDriverRow>.stride <= 32)
    }

    /// Rows that a session has for a while.
    @Test func rowsBesideThem() {
        #expect(MemoryLayout<RestRow>.stride <= 64)
        #expect(MemoryLayout<DialRow>.stride <= 48)
    }

    @Test func rowsArePlain() {
        #expect(_isPOD(LegRow.self) && _isPOD(SessionRow.self) && _isPOD(MessageState.self))
        #expect(_isPOD(TimerWheel.Node.self) && _isPOD(Readiness.self))
        #expect(_isPOD(PairDriverRow.self) && _isPOD(HookRow.self) && _isPOD(RestRow.self))
    }
}
