/// A worker over a ring that another module brings, one loop at a time.
///
/// It is in this module because a loop is specialised only in the module that has its source.
package struct HostedWorker: ~Copyable {
    private var worker: Worker<HostedRing>

    /// Slots that the host must have room for.
    package static func slots(sessions: Int, listeners: Int) -> Int {
        Relay<HostedRing>.slots(
            sessions: sessions,
            reservedSlots: Worker<HostedRing>.reservedSlots(listeners: listeners))
    }

    /// Nil when there is no memory for the relay's rows.
    ///
    /// - Parameter key: of the client table's hash.
    package init?(
        host: any RingHost, pool: BufferPool, limits: Limits,
        pairs: UnsafeMutablePointer<PairRow>, listeners: [WorkerListener],
        requests: WorkerRequests, counters: Counters, events: WorkerEvents, key: UInt64
    ) {
        guard
            let relay = Relay(
                ring: HostedRing(host: host), pool: pool, limits: limits,
                reservedSlots: Worker<HostedRing>.reservedSlots(listeners: listeners.count),
                pairs: PairTable(pairs), counters: counters, events: events, key: key)
        else { return nil }
        worker = Worker(relay: relay, listeners: listeners, requests: requests)
    }

    /// Arms the wake-up and the listeners. False when the host refuses one of them.
    package mutating func begin() -> Bool { worker.begin() }

    /// One loop. False when there is nothing left to do.
    package mutating func runOnce() -> Bool { worker.runOnce() }

    /// Closes the descriptor held in reserve, once the loop has ended.
    package mutating func closeReserve() { worker.relay.legs.closeReserve() }

    // MARK: Audit

    /// The most bytes that wait on any leg now.
    package var queuedMost: Int { worker.relay.queuedMost }

    /// What was not given back, a line each. To be asked once no session is open.
    package func leaks() -> [String] { worker.relay.leaks() }
}
