internal import PelmeniCore

/// A load on a thread of its own.
final class Load: Sendable {
    private let signal: StopSignal
    private let thread: LoadThread<LoadResult>

    /// - Parameter tell: what a staged load has come to; called on its thread.
    init(
        _ plan: LoadPlan, tell: @escaping @Sendable (LoadMark) -> Void = { _ in }
    ) throws(Errno) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("load") {
            do throws(Errno) {
                var worker = try LoadWorker(plan, signal: signal, tell: tell)
                worker.run()
                return worker.result
            } catch {
                return LoadResult(failure: error)
            }
        }
    }

    /// A load of datagrams.
    init(
        datagrams plan: DatagramPlan, tell: @escaping @Sendable (LoadMark) -> Void = { _ in }
    ) throws(Errno) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("load") {
            do throws(Errno) {
                guard plan.train != nil else {
                    var worker = try TripWorker(plan, signal: signal, tell: tell)
                    worker.run()
                    return worker.result
                }
                var worker = try TrainWorker(plan, signal: signal, tell: tell)
                worker.run()
                return worker.result
            } catch {
                return LoadResult(failure: error)
            }
        }
    }

    /// What is under way ends and nothing more begins.
    func stop() { signal.stop() }

    /// Waits for the load's end. When the task is cancelled, it is stopped. To be called once.
    func value() async -> LoadResult {
        await withTaskCancellationHandler {
            await thread.value()
        } onCancel: {
            signal.stop()
        }
    }
}
