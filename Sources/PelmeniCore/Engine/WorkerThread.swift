internal import CPelmeni
internal import Glibc

/// A worker's thread: makes the ring on it, runs the loop, gives everything back.
///
/// Here the generic worker meets the kernel's rings, so that each is specialised whole.
final class WorkerThread: Sendable {
    /// What the thread needs to know.
    struct Order: Sendable {
        var shared: WorkerShared
        var decision: BackendDecision
        var listeners: [WorkerListener]
        var pool: PoolLimits
        var limits: Limits
        /// The processor to stay on, or nil.
        var processor: Int32?
        /// Called on the thread once the worker accepts, or could not be made.
        var began: @Sendable (EngineError?) -> Void
        /// Called on the thread at the very end, with the ring's own error or nil.
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
        guard let pool = BufferPool(limits: order.pool) else {
            throw failed(SystemError(code: ENOMEM), "no memory for the buffer pool")
        }
        let reserved = Worker<EpollRing>.reservedSlots(listeners: order.listeners.count)
        let error: EngineError?
        do throws(SystemError) {
            switch order.decision.backend {
            case .ioUring:
                let ring = try UringRing(features: order.decision.features, pool: pool)
                error = try drive(ring, pool: pool, reserved: reserved)
            case .epoll:
                let slots = Relay<EpollRing>.slots(
                    sessions: order.limits.sessions, reservedSlots: reserved)
                let ring = try EpollRing(slots: slots, pool: pool)
                if let refusal = ring.batchRefusal { order.shared.sendsSingly(refusal) }
                error = try drive(ring, pool: pool, reserved: reserved)
            }
        } catch {
            pool.destroy()
            throw failed(error, "the worker cannot be set up")
        }
        // After a failure of the ring the kernel may still write into blocks: they stay mapped
        // then.
        if error == nil { pool.destroy() }
        return error
    }

    @inline(__always)
    private func drive<R: Ring & ~Copyable>(
        _ ring: consuming R, pool: BufferPool, reserved: Int
    ) throws(SystemError) -> EngineError? {
        guard
            let relay = Relay(
                ring: ring, pool: pool, limits: order.limits, reservedSlots: reserved,
                pairs: PairTable(order.shared.rows.pairs), counters: order.shared.counters,
                events: order.shared.events, key: UInt64.random(in: 0...UInt64.max))
        else { throw SystemError(code: ENOMEM) }
        var worker = Worker(
            relay: relay, listeners: order.listeners, requests: order.shared.requests)
        guard worker.begin() else {
            worker.finish()
            order.began(refused(SystemError(code: worker.failure)))
            return nil
        }
        order.began(nil)
        worker.loop()
        worker.finish()
        guard worker.failure != 0 else { return nil }
        return failed(SystemError(code: worker.failure), "the ring failed")
    }

    /// The ring does not take a listener: with epoll, what a user may watch is limited.
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
