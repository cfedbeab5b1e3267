internal import PelmeniCore

/// A load on a thread of its own.
final class Load: Sendable {
    private let signal: StopSignal
    private let thread: LoadThread<LoadResult>

    init(_ plan: LoadPlan) throws(Errno) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("load") {
            do throws(Errno) {
                var worker = try LoadWorker(plan, signal: signal)
                worker.run()
                return worker.result
            } catch {
                return LoadResult(failure: error)
            }
        }
    }

    /// Waits for the load's end. When the task is cancelled, what is under way ends and nothing more begins.
    /// To be called once.
    func value() async -> LoadResult {
        await withTaskCancellationHandler {
            await thread.value()
        } onCancel: {
            signal.stop()
        }
    }
}
