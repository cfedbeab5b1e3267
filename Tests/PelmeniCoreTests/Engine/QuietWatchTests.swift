import Testing

@testable import PelmeniCore

@Suite struct QuietWatchTests {
    private static let wait = QuietWatch.silence

    @Test func givesBackOnceAfterABurst() {
        var quiet = QuietWatch()
        #expect(quiet.dueAt == .max)
        quiet.note(QuietWatch.completionsMin - 1, at: 1_000)
        #expect(quiet.dueAt == .max)
        quiet.note(1, at: 2_000)
        #expect(quiet.dueAt == 2_000 + Self.wait)
        #expect(quiet.take(at: quiet.dueAt - 1, waited: Self.wait) == false)
        #expect(quiet.take(at: quiet.dueAt, waited: Self.wait) == true)
        #expect(quiet.dueAt == .max)
    }

    @Test func aCompletionBeginsTheSilenceAnew() {
        var quiet = QuietWatch()
        quiet.note(QuietWatch.completionsMin, at: 1_000)
        quiet.note(0, at: 1_000_000)
        #expect(quiet.dueAt == 1_000 + Self.wait)
        quiet.note(1, at: 2_000_000)
        #expect(quiet.dueAt == 2_000_000 + Self.wait)
    }

    /// What the kernel was given a moment ago may not have begun.
    @Test func aShortWaitIsNone() {
        var quiet = QuietWatch()
        quiet.note(QuietWatch.completionsMin, at: 0)
        #expect(quiet.take(at: Self.wait, waited: QuietWatch.waitMin - 1) == false)
        #expect(quiet.dueAt == 2 * Self.wait)
        #expect(quiet.take(at: 2 * Self.wait, waited: Self.wait) == true)
    }
}
