internal import CPelmeni
internal import Glibc

/// A worker over a kernel ring, from its creation to its last completion, on the caller's thread.
/// It is in this module because a loop is specialised only in the module that has its source.
package struct KernelWorker: @unchecked Sendable {
    package var pool: PoolLimits
    package var limits: Limits
    package var pairs: PairTable
    package var hooks: HookMemory
    package var drivers: [DriverPlans]
    package var listeners: [WorkerListener]
    package var requests: WorkerRequests
    package var counters: Counters
    package var events: WorkerEvents

    /// The end of a worker with a ring.
    package enum End: Sendable {
        /// A drain has ended, or a stop came.
        case stopped
        /// The ring refused a listener: no connection was accepted.
        case refused(SystemError)
        /// The ring failed in the loop.
        case failed(SystemError)
    }

    package init(
        pool: PoolLimits, limits: Limits, pairs: PairTable, hooks: HookMemory,
        drivers: [DriverPlans],
        listeners: [WorkerListener],
        requests: WorkerRequests, counters: Counters, events: WorkerEvents
    ) {
        self.pool = pool
        self.limits = limits
        self.pairs = pairs
        self.hooks = hooks
        self.drivers = drivers
        self.listeners = listeners
        self.requests = requests
        self.counters = counters
        self.events = events
    }

    /// Runs until a drain has ended, a stop came, or the ring failed.
    ///
    /// - Parameters:
    ///   - features: of io_uring; nil is epoll.
    ///   - began: called once the worker accepts, with the reason why epoll sends each send alone,
    ///     if it does.
    /// - Throws: the errno of a failed creation; the listeners are still open then.
    package func run(
        features: IOUringFeatures?, began: (_ batchRefusal: SystemError?) -> Void
    ) throws(SystemError) -> End {
        guard let pool = BufferPool(limits: pool) else { throw SystemError(code: ENOMEM) }
        let end: End
        do throws(SystemError) {
            if let features {
                let ring = try UringRing(features: features, pool: pool)
                end = try drive(ring, pool, refusal: nil, began)
            } else {
                let slots = Relay<EpollRing>.slots(
                    sessions: limits.sessions,
                    reservedSlots: Worker<EpollRing>.reservedSlots(listeners: listeners.count))
                let ring = try EpollRing(slots: slots, pool: pool)
                let refusal = ring.batchRefusal
                end = try drive(ring, pool, refusal: refusal, began)
            }
        } catch {
            pool.destroy()
            throw error
        }
        // After a ring's failure the kernel may still write into blocks: they stay mapped.
        if case .failed = end { return end }
        pool.destroy()
        return end
    }

    @inline(__always)
    private func drive<R: Ring & ~Copyable>(
        _ ring: consuming R, _ pool: BufferPool, refusal: SystemError?,
        _ began: (SystemError?) -> Void
    ) throws(SystemError) -> End {
        guard
            let relay = Relay(
                ring: ring, pool: pool, limits: limits,
                reservedSlots: Worker<R>.reservedSlots(listeners: listeners.count), pairs: pairs,
                hooks: hooks, drivers: drivers, counters: counters, events: events,
                key: UInt64.random(in: 0...UInt64.max))
        else { throw SystemError(code: ENOMEM) }
        var worker = Worker(relay: relay, listeners: listeners, requests: requests)
        guard worker.begin() else {
            worker.finish()
            return .refused(SystemError(code: worker.failure))
        }
        began(refusal)
        pelmeni_pool_set_thread(pool.state)
        defer { pelmeni_pool_set_thread(nil) }
        hooks.begin()
        worker.loop()
        worker.finish()
        hooks.end()
        return worker.failure == 0 ? .stopped : .failed(SystemError(code: worker.failure))
    }
}
