import Foundation
import Synchronization
package import Testing

/// Runs a test on a thread of its own, so that it may block: plain calls in order are the clearest
/// script of a wire, and the few threads of Swift's pool are left to the engine.
///
/// Swift Testing starts all suites at once. Here a test waits for one of a few places: with sixty
/// engines on two cores, none would keep a deadline.
package struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase == nil else {
            return try await withTaskExecutorPreference(
                ThreadExecutor.shared, operation: function)
        }
        // The place is taken outside of the cases: their time limits do not run before.
        guard !test.isSuite else { return try await function() }
        await TestPlaces.shared.take()
        defer { TestPlaces.shared.giveBack() }
        try await function()
    }
}

extension Trait where Self == OwnThread {
    /// See ``OwnThread``.
    package static var ownThread: OwnThread { OwnThread() }
}

/// Places for tests that run beside one another, in the order of their coming.
private final class TestPlaces: Sendable {
    static let shared = TestPlaces(count: 8)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Runs each job on a new thread.
package final class ThreadExecutor: TaskExecutor {
    package static let shared = ThreadExecutor()

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        thread.stackSize = 1 << 20
        thread.start()
    }
}

/// Starts a blocking function beside the test's own script.
package func beside<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) -> Task<Value, any Error> {
    Task(executorPreference: ThreadExecutor.shared) { try body() }
}
