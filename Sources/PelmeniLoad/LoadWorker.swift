internal import Glibc
internal import PelmeniCore

/// The thread of a load: many connections, each with one request under way.
struct LoadWorker: ~Copyable {
    /// How often the worker looks for exchanges that take too long.
    static let sweep: UInt64 = 50_000_000

    private var legs: LoadLegs
    private let rows: UnsafeMutablePointer<LoadClient>
    private let target: UnsafeMutablePointer<SocketAddress>
    private let plan: LoadPlan
    private let signal: StopSignal
    private var started: UInt64 = 0
    /// No exchange begins any more.
    private var isOver = false
    private var number: UInt64
    private(set) var result = LoadResult()

    init(_ plan: LoadPlan, signal: StopSignal) throws(Errno) {
        legs = try LoadLegs(capacity: plan.connections, blockClass: plan.blockClass)
        rows = .allocate(capacity: plan.connections)
        rows.initialize(repeating: LoadClient(), count: plan.connections)
        target = .allocate(capacity: 1)
        target.initialize(to: plan.target)
        self.plan = plan
        self.signal = signal
        number = plan.number << 40
    }

    deinit {
        rows.deallocate()
        target.deallocate()
    }

    // MARK: The loop

    mutating func run() {
        started = legs.now()
        let end = started &+ plan.nanoseconds
        var error = legs.watch(signal.event)
        for _ in 0..<plan.connections { dial() }
        var nextSweep = started &+ Self.sweep
        while error == 0, legs.openLegs > 0 {
            error = legs.submit(until: isOver ? nextSweep : min(nextSweep, end))
            while let event = legs.next() { handle(event) }
            let now = legs.now()
            if now >= end { isOver = true }
            if now >= nextSweep {
                nextSweep = now &+ Self.sweep
                closeLate(now)
            }
        }
        if error != 0 { result.failure = Errno(code: error) }
    }

    private mutating func handle(_ event: LoadEvent) {
        switch event {
        case .woken: if signal.isRequested { isOver = true }
        case .connected(let leg):
            if plan.reconnects { ask(leg) } else { begin(leg) }
            legs.receive(leg)
        case .received(let leg, let block, let count): take(leg, block, count)
        case .ended(let leg): ended(leg)
        case .failed(let leg, let error): fail(leg, Fault(errno: error))
        case .closed(let leg):
            rows[leg].phase = .closed
            if !isOver { dial() }
        case .sent, .accepted, .acceptFailed: break
        }
    }

    private mutating func fail(_ leg: Int, _ fault: Fault) {
        result.faults.add(fault)
        if result.faults.total >= plan.faultsMax { isOver = true }
        legs.close(leg)
    }

    /// What hangs would hold the whole run up.
    private mutating func closeLate(_ now: UInt64) {
        for leg in 0..<legs.capacity where rows[leg].phase != .closed && legs.isOpen(leg) {
            if now &- rows[leg].since > plan.timeoutNanoseconds { fail(leg, .timeout) }
        }
    }

    // MARK: Exchanges

    private mutating func dial() {
        guard let leg = legs.dial(target) else { return result.faults.add(.other) }
        result.connections += 1
        rows[leg] = LoadClient(phase: .connecting, since: legs.now())
    }

    private mutating func begin(_ leg: Int) {
        rows[leg].since = legs.now()
        ask(leg)
    }

    private mutating func ask(_ leg: Int) {
        number &+= 1
        let seed = Pattern.seed(number)
        let outgoing: Outgoing
        if plan.origin == .echo {
            outgoing = Outgoing(seed: seed, bytes: plan.requestBytes)
            rows[leg].answer = Verifier(seed: seed, end: UInt64(plan.requestBytes))
        } else {
            let header = ExchangeHeader(
                seed: seed, requestBytes: plan.requestBytes, answerBytes: plan.answerBytes,
                isLast: plan.reconnects)
            outgoing = Outgoing(header)
            rows[leg].answer = Verifier(seed: header.answerSeed, end: UInt64(plan.answerBytes))
        }
        rows[leg].phase = .waiting
        if !legs.send(leg, outgoing) { fail(leg, .other) }
    }

    private mutating func take(_ leg: Int, _ block: BlockID, _ count: Int) {
        let isExpected = rows[leg].phase == .waiting
        let fault =
            isExpected ? rows[leg].answer.check(legs.address(block), count: count) : .surplus
        legs.release(block)
        if let fault { return fail(leg, fault) }
        if rows[leg].answer.isWhole { answered(leg) }
    }

    private mutating func answered(_ leg: Int) {
        let now = legs.now()
        result.exchanges += 1
        let answerBytes = plan.origin == .echo ? plan.requestBytes : plan.answerBytes
        result.bytes += UInt64(plan.requestBytes) + UInt64(answerBytes)
        result.nanoseconds = now &- started
        result.latency.record(now &- rows[leg].since)
        rows[leg].since = now
        guard isOver || plan.reconnects else { return ask(leg) }
        rows[leg].phase = .ending
        // The origin ends a connection for one request; a kept one ends here, and the end comes back.
        if !plan.reconnects { legs.shutdownWrite(leg) }
    }

    private mutating func ended(_ leg: Int) {
        if rows[leg].phase == .ending { legs.close(leg) } else { fail(leg, .short) }
    }
}
