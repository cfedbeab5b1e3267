internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// A worker's thread: runs a ``KernelWorker``, and reports its start and its end.
final class WorkerThread: Sendable {
    struct Order: Sendable {
        var shared: WorkerShared
        var decision: BackendDecision
        var listeners: [WorkerListener]
        var pool: PoolLimits
        var limits: Limits
        /// The processor to pin the thread to, or nil.
        var processor: Int32?
        /// Called on the thread once the worker accepts, or could not be made.
        var began: @Sendable (EngineError?) -> Void
        /// Called on the thread as its last act, with the ring's error or nil.
        var ended: @Sendable (EngineError?) -> Void
    }

    private let order: Order

    private init(_ order: Order) { self.order = order }

    /// False when the system gives no thread.
    static func start(_ order: Order) -> Bool {
        let worker = WorkerThread(order)
        return DetachedThread.start { worker.work() }
    }

    private func work() {
        _ = pelmeni_thread_name("pelmeni-\(order.shared.index)")
        if let processor = order.processor { _ = pelmeni_thread_pin(processor) }
        order.shared.threadBegan(UInt64(pthread_self()))
        var error: EngineError?
        do throws(EngineError) {
            error = try run()
        } catch {
            for listener in order.listeners { _ = pelmeni_socket_close(listener.socket) }
            order.began(error)
        }
        order.shared.threadEnds()
        order.ended(error)
    }

    private func run() throws(EngineError) -> EngineError? {
        let shared = order.shared
        let worker = KernelWorker(
            pool: order.pool, limits: order.limits, pairs: PairTable(shared.rows.pairs),
            hooks: shared.hooks, drivers: shared.drivers, listeners: order.listeners,
            requests: shared.requests,
            counters: shared.counters,
            events: shared.events)
        let isUring = order.decision.backend == .ioUring
        let end: KernelWorker.End
        do throws(SystemError) {
            end = try worker.run(features: isUring ? order.decision.features : nil) { refusal in
                if let refusal { shared.sendsSingly(refusal) }
                order.began(nil)
            }
        } catch {
            throw failed(error, "the worker cannot be set up")
        }
        switch end {
        case .stopped: return nil
        case .refused(let error):
            order.began(refused(error))
            return nil
        case .failed(let error): return failed(error, "the ring failed")
        }
    }

    /// The ring refuses a listener: epoll limits the descriptors that a user may watch.
    private func refused(_ errno: SystemError) -> EngineError {
        EngineError(
            kind: .failed, side: .backend, subject: order.decision.backend.rawValue, errno: errno,
            reason: "it does not take a listener",
            remedy: errno.code == ENOSPC ? "raise fs.epoll.max_user_watches" : "")
    }

    private func failed(_ errno: SystemError, _ reason: String) -> EngineError {
        EngineError(
            kind: .failed, side: .backend, subject: order.decision.backend.rawValue, errno: errno,
            reason: reason,
            remedy: errno.code == ENOMEM ? "RLIMIT_MEMLOCK or memory is used up" : "")
    }
}
