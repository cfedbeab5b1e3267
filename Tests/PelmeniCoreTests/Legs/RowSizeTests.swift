import Testing

@testable import PelmeniCore

/// Every idle session keeps its rows in memory, so a field that lengthens one is a decision.
@Suite struct RowSizeTests {
    @Test func rowsOfASession() {
        #expect(MemoryLayout<LegRow>.stride <= 88)
        #expect(MemoryLayout<SessionRow>.stride <= 88)
        #expect(MemoryLayout<TimerWheel.Node>.stride <= 16)
        #expect(MemoryLayout<Readiness>.stride <= 48)
    }

    @Test func rowsArePlain() {
        #expect(_isPOD(LegRow.self) && _isPOD(SessionRow.self) && _isPOD(MessageState.self))
        #expect(_isPOD(TimerWheel.Node.self) && _isPOD(Readiness.self))
    }
}
