import PelmeniCore
import Testing

@testable import PelmeniRuntime

/// How many sessions fit into the limit of descriptors.
@Suite struct DescriptorBudgetTests {
    private func budget(_ limit: Int, used: Int = 12, workers: Int = 1) -> DescriptorBudget {
        DescriptorBudget(
            limit: limit, hardLimit: max(limit, 4_096), used: used, workers: workers, lookups: 0)
    }

    @Test func aTinyLimitHasRoomForOneSession() {
        #expect(budget(16).sessions(hasStreams: true, hasDatagrams: false) == 1)
        #expect(budget(16).sessions(hasStreams: false, hasDatagrams: true) == 1)
    }

    /// A session of streams takes two descriptors, one of datagrams one, and what is kept or open
    /// is no session's.
    @Test func sessionsAreWhatIsLeft() {
        let budget = budget(256)
        let left = budget.limit - budget.used - budget.kept
        #expect(budget.sessions(hasStreams: true, hasDatagrams: false) == left / 2)
        #expect(budget.sessions(hasStreams: false, hasDatagrams: true) == min(left, 256 / 10 * 7))
        #expect(
            self.budget(256, used: 32).sessions(hasStreams: true, hasDatagrams: false)
                == left / 2 - 10)
        #expect(
            self.budget(1_024).sessions(hasStreams: true, hasDatagrams: false)
                >= DescriptorBudget.sessionsMin)
    }

    @Test func theRemedySaysWhetherTheLimitIsHard() {
        #expect(budget(64).remedy.contains("up to its hard limit, 4096"))
        #expect(budget(4_096).remedy.contains("with its hard limit"))
    }
}
