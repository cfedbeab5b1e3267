internal import CPelmeni

/// Runs the tasks of one asynchronous hook on a worker's thread, at the end of the worker's loops.
///
/// Each hook of a pair has one in each worker, so that a job that blocks the worker has the hook's
/// name. Tasks keep it: after the worker has ended, their jobs run on the global executor.
final class HookExecutor: TaskExecutor {
    private let answers: HookAnswers
    private let pair: PairID
    /// The hook's place in its chain.
    private let stage: Int

    init(_ answers: HookAnswers, pair: PairID, stage: Int) {
        self.answers = answers
        self.pair = pair
        self.stage = stage
    }

    /// Queues a job, on any thread. The worker's own needs no lock.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = unsafeBitCast(UnownedJob(job), to: UnsafeMutableRawPointer.self)
        let kept = Unmanaged.passRetained(self).toOpaque()
        if pelmeni_jobs_add(answers.queue, job, kept) == 0 { Self.runElsewhere(job, kept) }
    }

    /// Runs a job on the worker's thread. The watch sees the job as a call of its hook.
    static let runner: pelmeni_job_runner = { context, job, kept in
        guard let context, let job, let kept else { return }
        let executor = Unmanaged<HookExecutor>.fromOpaque(kept).takeRetainedValue()
        let call = context.assumingMemoryBound(to: HookCall.self)
        call.pointee.mark(stage: executor.stage, pair: executor.pair)
        unsafeBitCast(job, to: UnownedJob.self).runSynchronously(
            on: executor.asUnownedTaskExecutor())
        call.pointee.end()
    }

    /// Gives a job of a worker that has ended to the global executor.
    static func runElsewhere(_ job: UnsafeMutableRawPointer, _ kept: UnsafeMutableRawPointer) {
        globalConcurrentExecutor.enqueue(unsafeBitCast(job, to: UnownedJob.self))
        Unmanaged<HookExecutor>.fromOpaque(kept).release()
    }
}
