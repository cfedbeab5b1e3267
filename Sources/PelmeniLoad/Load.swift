internal import PelmeniCore
internal import PelmeniRuntime

/// A load on a thread of its own.
final class Load: Sendable {
    private let signal: StopSignal
    private let thread: LoadThread<LoadResult>

    /// - Parameter tell: gets the marks of a staged load; called on its thread.
    init(
        _ plan: LoadPlan, tell: @escaping @Sendable (LoadMark) -> Void = { _ in }
    ) throws(SystemError) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("load") {
            do throws(SystemError) {
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
    ) throws(SystemError) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("load") {
            do throws(SystemError) {
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

    /// Requests in flight end and no new one begins.
    func stop() { signal.stop() }

    /// Waits for the load's end. Cancelling the task stops the load. Call it once.
    func value() async -> LoadResult {
        await withTaskCancellationHandler {
            await thread.value()
        } onCancel: {
            signal.stop()
        }
    }
}
