internal import CPelmeni

/// A worker over another module's ring, one loop at a time. It is in this module because a loop is
/// specialised only in the module that has its source.
package struct HostedWorker: ~Copyable {
    private var worker: Worker<HostedRing>

    /// Slots that the host must have room for.
    package static func slots(sessions: Int, listeners: Int) -> Int {
        Relay<HostedRing>.slots(
            sessions: sessions,
            reservedSlots: Worker<HostedRing>.reservedSlots(listeners: listeners))
    }

    /// Nil when memory runs out.
    ///
    /// - Parameter key: of the client table's hash.
    package init?(
        host: any RingHost, pool: BufferPool, limits: Limits,
        pairs: UnsafeMutablePointer<PairRow>, hooks: HookMemory, drivers: [DriverPlans],
        listeners: [WorkerListener],
        requests: WorkerRequests, counters: Counters, events: WorkerEvents, key: UInt64
    ) {
        guard
            let relay = Relay(
                ring: HostedRing(host: host), pool: pool, limits: limits,
                reservedSlots: Worker<HostedRing>.reservedSlots(listeners: listeners.count),
                pairs: PairTable(pairs), hooks: hooks, drivers: drivers, counters: counters,
                events: events, key: key)
        else { return nil }
        worker = Worker(relay: relay, listeners: listeners, requests: requests)
        // Every pause of a simulated run then shows whether a byte is lost with the memory.
        worker.quiet = QuietWatch(completionsMin: 16)
    }

    /// Without it another module's optimized code frees the worker's own memory alone, and never
    /// runs the worker's `deinit`: a run leaked all rows.
    deinit {}

    /// Arms the wake-up and the listeners. False when the host refuses one.
    package mutating func begin() -> Bool { worker.begin() }

    /// Runs one loop. False when no work is left.
    package mutating func runOnce() -> Bool {
        pelmeni_pool_set_thread(worker.relay.legs.pool.state)
        defer { pelmeni_pool_set_thread(nil) }
        return worker.runOnce()
    }

    /// Closes the descriptor held in reserve, after the last loop.
    package mutating func closeReserve() { worker.relay.legs.closeReserve() }

    // MARK: Audit

    /// The largest number of bytes queued on a leg now.
    package var queuedMost: Int { worker.relay.queuedMost }

    /// Resources that were not released, a line each. Valid once no session is open.
    package func leaks(lentMost: Int) -> [String] { worker.relay.leaks(lentMost: lentMost) }
}
