import Dispatch
package import Testing

/// Keeps tests apart, across suites, when one uses up what another one measures. A thousand stalled
/// sessions reach the bounds of the machine's TCP (`tcp_mem`): then the segments of every
/// connection are dropped and sent again some hundred milliseconds later.
///
/// It blocks, so the test has to be on its ``OwnThread``.
package struct Alone: TestTrait, TestScoping {
    private static let turn = DispatchSemaphore(value: 1)

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        Self.take()
        defer { Self.turn.signal() }
        try await function()
    }

    /// Bounded by the time limit of the tests that wait for their turn.
    private static func take() { turn.wait() }
}

extension Trait where Self == Alone {
    /// See ``Alone``.
    package static var alone: Alone { Alone() }
}
