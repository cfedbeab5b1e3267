internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import Synchronization

/// Finds hooks that block their workers: a thread that looks at each worker's present call. An
/// engine without hooks has none.
///
/// A call reads no clock: two looks that find the same call say that it lasts.
final class HookWatch: Sendable {
    /// A hook that has not returned for this long is reported.
    static let patience: UInt64 = 100_000_000
    /// Between two looks: a stall is known to this.
    private static let pauseMicroseconds: UInt32 = 25_000

    private struct Look {
        /// The call, see ``HookCall/running``.
        var running: UInt64 = 0
        var since: UInt64 = 0
        var isReported = false
    }

    private let workers: [WorkerShared]
    private let isOver = Atomic<Bool>(false)

    /// Nil when no pair has hooks.
    init?(_ workers: [WorkerShared]) {
        guard workers.contains(where: { !$0.hooks.plans.isEmpty }) else { return nil }
        self.workers = workers
    }

    /// Without a thread, hooks are not watched.
    func start() { _ = DetachedThread.start { self.watch() } }

    /// The thread ends at its next look.
    func stop() { isOver.store(true, ordering: .releasing) }

    private func watch() {
        _ = pelmeni_thread_name("pelmeni-hooks")
        var looks = [Look](repeating: Look(), count: workers.count)
        while !isOver.load(ordering: .acquiring) {
            let now = pelmeni_monotonic_nanoseconds()
            for (index, worker) in workers.enumerated() { look(at: worker, &looks[index], now) }
            usleep(Self.pauseMicroseconds)
        }
    }

    private func look(at worker: WorkerShared, _ look: inout Look, _ now: UInt64) {
        let running = worker.hooks.runningCall
        guard running == look.running else {
            if look.isReported { worker.hookReturned(look.running, after: now &- look.since) }
            look = Look(running: running, since: now)
            return
        }
        guard running != 0, !look.isReported, now &- look.since >= Self.patience else { return }
        look.isReported = true
        worker.hookBlocks(running, since: now &- look.since)
    }
}
