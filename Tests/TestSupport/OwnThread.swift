import Foundation
package import Testing

/// Runs a test on a thread of its own, so that it may block: plain calls in order are the clearest
/// script of a wire, and the few threads of Swift's pool are left to the engine.
package struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(ThreadExecutor.shared, operation: function)
    }
}

extension Trait where Self == OwnThread {
    /// See ``OwnThread``.
    package static var ownThread: OwnThread { OwnThread() }
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
