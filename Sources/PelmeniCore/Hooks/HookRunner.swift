internal import CPelmeni

/// The memory in which a worker's hooks run; it outlives the worker.
package struct HookMemory: @unchecked Sendable {
    /// A plan for each pair; empty when no pair has hooks.
    package var plans: [HookPlan]
    package var call: UnsafeMutablePointer<HookCall>
    /// Words of counts, for the hooks of all pairs in order.
    package var counts: UnsafeMutablePointer<UInt64>

    /// - Parameter event: wakes the worker; negative is none.
    package init(plans: [HookPlan], event: Int32) {
        let hooks = plans.reduce(0) { $0 + $1.count }
        self.plans = plans.allSatisfy(\.isEmpty) ? [] : plans
        call = HookCall.create(event: event)
        counts = .allocate(capacity: max(1, hooks * HookCounts.words))
        counts.initialize(repeating: 0, count: max(1, hooks * HookCounts.words))
    }

    /// The calling thread is the worker's, until ``end()``.
    func begin() {
        pelmeni_answers_set_thread(call.pointee.answers.takeUnretainedValue().queue)
    }

    /// The worker has ended, on its thread: answers of asynchronous hooks that still come are
    /// dropped, and jobs of their tasks run elsewhere.
    func end() {
        pelmeni_answers_set_thread(nil)
        close()
    }

    /// As ``end()``, for a worker that may never have begun.
    package func close() { call.pointee.answers.takeUnretainedValue().close() }

    package func destroy() {
        close()
        HookCall.destroy(call)
        counts.deallocate()
    }

    /// The hook that ran last, and why it closed its session. For the worker's thread.
    package var running: String {
        name(pair: call.pointee.pair.index, hook: call.pointee.stage)
    }

    private func name(pair: Int, hook stage: Int) -> String {
        guard plans.indices.contains(pair) else { return "" }
        let hooks = plans[pair].all
        if hooks.indices.contains(stage) { return hooks[stage].name }
        // Drivers run under the numbers behind the last hook's.
        let names = plans[pair].driverNames
        return names.indices.contains(stage - hooks.count) ? names[stage - hooks.count] : ""
    }
    package var reason: String { call.pointee.reasonText }

    // MARK: For another thread

    /// The call that runs now, or 0.
    package var runningCall: UInt64 { HookCall.running(call) }

    /// The pair and the name of a call's hook.
    package func hook(of running: UInt64) -> (pair: Int, name: String) {
        let pair = Int(running >> 16 & 0xffff)
        return (pair, name(pair: pair, hook: Int(running & 0xffff) - 1))
    }

    /// Counts a hook that blocked its worker. One thread alone calls this.
    package func countStall(_ running: UInt64) {
        let (pair, stage) = (Int(running >> 16 & 0xffff), Int(running & 0xffff) - 1)
        let counts = counts(pair: pair)
        if counts.indices.contains(stage) { counts[stage].add(.stalls) }
    }

    /// The counts of a pair's hooks, in the order of attachment.
    package func counts(pair: Int) -> [HookCounts] {
        guard plans.indices.contains(pair) else { return [] }
        let before = plans[..<pair].reduce(0) { $0 + $1.count }
        return (0..<plans[pair].count).map {
            HookCounts(base: counts + (before + $0) * HookCounts.words)
        }
    }
}

/// Calls of a worker's hooks. A handle: copies mean the same rows.
struct HookRunner {
    /// A unit on its way, or an action that waits for the units before it.
    ///
    /// Trivial: a queue of them is memory.
    struct Item {
        enum Action: UInt8 {
            /// The unit goes on, behind ``stage``.
            case pass
            case reply
            case finish
        }

        var row: BufferRow
        var action = Action.pass
        /// The hook that had the unit last.
        var stage: Int8
        var isToClient: Bool
        /// A message or a datagram, or in place of one; else a chunk.
        var isMessage: Bool
        /// The stream's end follows.
        var isEnd = false
        /// Not received: a hook emitted it.
        var isExtra = false
        /// A reply, or what is sent before a finish, is there.
        var hasRow = false
    }

    private let chains: UnsafeMutablePointer<HookChain>?
    private let chainCount: Int
    let call: UnsafeMutablePointer<HookCall>
    /// Items that wait, the next one last. Each hook of a chain may add its emitted buffers, the
    /// unit behind them, and an end.
    let items: UnsafeMutablePointer<Item>
    private static var itemsMax: Int { HookPlan.hooksMax * (Buffer.emitCountMax + 4) }

    /// Nil when memory runs out.
    init?(_ memory: HookMemory, sessions: Int) {
        call = memory.call
        chainCount = memory.plans.count
        let bytes = Self.itemsMax * MemoryLayout<Item>.stride
        guard let items = pelmeni_memory_map(UInt64(bytes)) else { return nil }
        self.items = items.bindMemory(to: Item.self, capacity: Self.itemsMax)
        guard chainCount > 0 else {
            chains = nil
            return
        }
        let chains = UnsafeMutablePointer<HookChain>.allocate(capacity: chainCount)
        var counts = memory.counts
        for (pair, plan) in memory.plans.enumerated() {
            let answers = memory.call.pointee.answers.takeUnretainedValue()
            guard
                let chain = HookChain(
                    plan, pair: PairID(UInt16(pair)), counts: counts, answers: answers,
                    sessions: sessions)
            else { return nil }
            (chains + pair).initialize(to: chain)
            counts += plan.count * HookCounts.words
        }
        self.chains = chains
    }

    func destroy() {
        if let chains {
            for pair in 0..<chainCount { chains[pair].destroy() }
            chains.deallocate()
        }
        pelmeni_memory_unmap(items, UInt64(Self.itemsMax * MemoryLayout<Item>.stride))
    }

    var answers: OpaquePointer { call.pointee.answers._withUnsafeGuaranteedRef { $0.queue } }

    /// Whether answers or jobs of asynchronous hooks wait.
    @inline(__always)
    var hasWork: Bool { areThere && pelmeni_answers_pending(answers) != 0 }

    /// Runs the jobs of asynchronous hooks that wait now.
    func runJobs() { pelmeni_jobs_run(answers) }

    /// Whether a pair has hooks.
    @inline(__always)
    var areThere: Bool { chains != nil }

    @inline(__always)
    func chain(_ pair: PairID) -> UnsafeMutablePointer<HookChain>? {
        chains.map { $0 + Int(pair.rawValue) }
    }

    // MARK: Calls

    /// Calls a hook with a unit. The row's lease is lent to the hook, which may have replaced it.
    ///
    /// The one place of the indirect call: not inlined, so that `check-hot` names it.
    @inline(never)
    func call(
        _ chain: UnsafeMutablePointer<HookChain>, _ session: SessionID, _ stage: Int,
        _ row: inout BufferRow
    ) -> UInt8 {
        let state = chain.pointee.state(session, stage)
        let isToClient = call.pointee.isToClient
        let pool = row.pool
        var buffer = Buffer(row)
        let view = Session(call)
        let answer = chain.pointee.stages[stage].table._withUnsafeGuaranteedRef { table in
            isToClient
                ? table.respond(state, &buffer, view)
                : chain.pointee.stages[stage].isOfServer
                    ? table.forward(state, &buffer, view) : table.send(state, &buffer, view)
        }
        call.pointee.end()
        row = buffer.takeRow()
        // A hook may have put in a buffer that it kept, from a session of another worker.
        if row.pool != pool { row.takeOver() }
        return answer
    }

    /// Begins a call of an asynchronous hook, which has the row from now on. What cancels it.
    @inline(never)
    func callLater(
        _ chain: UnsafeMutablePointer<HookChain>, _ session: SessionID, _ stage: Int
    ) -> UnsafeMutableRawPointer {
        let state = chain.pointee.state(session, stage)
        let view = Session(call)
        call.pointee.executor = chain.pointee.stages[stage].executor
        let token = chain.pointee.stages[stage].table._withUnsafeGuaranteedRef {
            $0.begin(state, view)
        }
        call.pointee.end()
        return token
    }

    /// An asynchronous call is answered, or its session has ended: its cancellation handlers run
    /// now.
    @inline(never)
    func closeCall(
        _ chain: UnsafeMutablePointer<HookChain>, _ stage: Int, _ token: UnsafeMutableRawPointer,
        pair: PairID
    ) {
        call.pointee.mark(stage: stage, pair: pair)
        chain.pointee.stages[stage].table._withUnsafeGuaranteedRef { $0.cancel(token) }
        call.pointee.end()
    }

    /// Makes a session's hooks, and asks them. False when one closes the session.
    ///
    /// - Parameter upstream: the chosen upstream's number, or -1.
    @inline(never)
    func open(
        _ chain: UnsafeMutablePointer<HookChain>, _ session: SessionID, pair: PairID,
        _ upstream: inout Int
    ) -> Bool {
        let row = chain.pointee.row(session)
        for stage in 0..<chain.pointee.count {
            call.pointee.begin(stage: stage, pair: pair)
            let state = chain.pointee.state(session, stage)
            let view = Session(call)
            let isMade = chain.pointee.stages[stage].table._withUnsafeGuaranteedRef {
                $0.make(state, view)
            }
            call.pointee.end()
            guard isMade else { return false }
            row.pointee.made &+= 1
        }
        for stage in 0..<chain.pointee.count {
            call.pointee.begin(stage: stage, pair: pair)
            let state = chain.pointee.state(session, stage)
            let view = Session(call)
            let answer = chain.pointee.stages[stage].table._withUnsafeGuaranteedRef {
                $0.opened(state, view, &upstream)
            }
            call.pointee.end()
            guard answer == VerdictCode.forward.rawValue else { return false }
        }
        return true
    }

    /// Tells the session's hooks its end, and destroys them.
    @inline(never)
    func close(
        _ chain: UnsafeMutablePointer<HookChain>, _ session: SessionID, pair: PairID,
        _ cause: EndCause
    ) {
        let row = chain.pointee.row(session)
        for stage in 0..<Int(row.pointee.made) {
            call.pointee.begin(stage: stage, pair: pair)
            let state = chain.pointee.state(session, stage)
            let view = Session(call)
            chain.pointee.stages[stage].table._withUnsafeGuaranteedRef { table in
                table.closed(state, cause, view)
                table.destroy(state)
            }
            call.pointee.end()
        }
        row.pointee.made = 0
    }
}
