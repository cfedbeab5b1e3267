internal import CPelmeni

/// Asynchronous work of a pair's driver, and what cancels it.
final class PairTask: @unchecked Sendable {
    /// Of the answer that tells its end.
    let number: UInt64
    /// Only the worker's thread uses this.
    private var task: Task<Void, Never>?

    private init(_ number: UInt64) { self.number = number }

    /// Begins work. What is returned is given to ``end(_:)`` once.
    static func begin(
        _ number: UInt64, _ answers: HookAnswers, _ executor: HookExecutor?,
        _ work: @escaping @Sendable () async -> Void
    ) -> UInt64 {
        let own = PairTask(number)
        own.task = Task(executorPreference: executor) {
            await work()
            answers.tell(number)
        }
        return UInt64(UInt(bitPattern: Unmanaged.passRetained(own).toOpaque()))
    }

    /// The number of work that has begun.
    static func number(_ token: UInt64) -> UInt64 {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(token)) else { return 0 }
        return Unmanaged<PairTask>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.number }
    }

    /// Work has ended, or its session has: then it is cancelled. Its cancellation handlers run now.
    @inline(never)
    static func end(_ token: UInt64) {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(token)) else { return }
        let own = Unmanaged<PairTask>.fromOpaque(pointer).takeRetainedValue()
        own.task?.cancel()
        own.task = nil
    }
}

extension HookAnswers {
    /// Tells the worker that work has ended, from any thread.
    fileprivate func tell(_ number: UInt64) {
        var answer = pelmeni_answer()
        answer.number = number
        _ = pelmeni_answers_add(queue, &answer)
    }
}
