internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The thread of a load of answered datagrams: each client has one question in flight. A question
/// without an answer is given up and counted, and the next one is sent.
struct TripWorker: ~Copyable {
    /// The interval of the search for questions to give up.
    private static let sweep: UInt64 = 20_000_000

    private let sockets: DatagramSockets
    private let content: DatagramContent
    private let rows: UnsafeMutablePointer<TripClient>
    private let buffer: UnsafeMutableRawPointer
    private let plan: DatagramPlan
    private let tell: @Sendable (LoadMark) -> Void
    private var window: LoadWindow
    private var nextSweep: UInt64
    private var tried = 0
    private var waiting = 0
    private(set) var result = LoadResult()

    init(
        _ plan: DatagramPlan, signal: StopSignal, tell: @escaping @Sendable (LoadMark) -> Void
    ) throws(SystemError) {
        sockets = try DatagramSockets(signal: signal)
        content = DatagramContent(number: plan.number)
        rows = .allocate(capacity: plan.clients)
        rows.initialize(repeating: TripClient(), count: plan.clients)
        // A byte more than the largest datagram.
        buffer = .allocate(byteCount: DatagramContent.most + 1, alignment: 64)
        self.plan = plan
        self.tell = tell
        let now = pelmeni_monotonic_nanoseconds()
        window = LoadWindow(
            warmUp: plan.warmUpNanoseconds, length: plan.nanoseconds,
            limit: plan.timeoutNanoseconds, now: now)
        nextSweep = now
    }

    deinit {
        for client in 0..<plan.clients where rows[client].socket >= 0 {
            _ = pelmeni_socket_close(rows[client].socket)
        }
        rows.deallocate()
        buffer.deallocate()
    }

    // MARK: The loop

    mutating func run() {
        do throws(SystemError) {
            for client in 0..<plan.clients {
                rows[client].socket = try sockets.dial(plan.target, UInt64(client))
            }
        } catch {
            result.failure = error
            return
        }
        result.connections = plan.clients
        var now = pelmeni_monotonic_nanoseconds()
        nextSweep = now &+ Self.sweep
        for client in 0..<plan.clients { ask(client, now) }
        while window.stage != .ending || waiting > 0 {
            let count = sockets.wait(until: min(nextSweep, window.end), now: now)
            guard count >= 0 else {
                result.failure = SystemError(code: Int32(count))
                return
            }
            for index in 0..<count {
                let token = sockets.token(index)
                if token == DatagramSockets.wake {
                    // The stop signal stays readable: no further wait is needed.
                    end(pelmeni_monotonic_nanoseconds())
                    giveUpAll()
                    return
                }
                take(Int(token))
            }
            now = pelmeni_monotonic_nanoseconds()
            if now >= nextSweep {
                nextSweep = now &+ Self.sweep
                giveUpLate(now)
            }
            if now >= window.end { stageEnded(now) }
        }
    }

    private mutating func stageEnded(_ now: UInt64) {
        switch window.stage {
        case .opening:
            result.faults.add(.timeout, plan.clients - tried)
            result.gaveUp = true
            end(now)
        case .warmingUp:
            tell(.measuring)
            window.begin(pelmeni_monotonic_nanoseconds())
        case .measuring:
            end(now)
            tell(.measured)
        case .holding, .ending: break
        }
    }

    private mutating func end(_ now: UInt64) {
        guard window.stage != .ending else { return }
        result.nanoseconds = window.close(now)
    }

    private mutating func fail(_ fault: Fault) {
        result.faults.add(fault)
        guard result.faults.total >= plan.faultsMax, window.stage != .ending else { return }
        result.gaveUp = true
        end(pelmeni_monotonic_nanoseconds())
    }

    // MARK: Questions

    private mutating func ask(_ client: Int, _ now: UInt64) {
        if !rows[client].isWaiting { waiting += 1 }
        (rows + client).pointee.ask(now)
        let head = DatagramHead(
            kind: .question, number: plan.number, client: client, length: plan.bytes,
            sequence: rows[client].sequence)
        content.make(buffer, head)
        let sent = pelmeni_socket_send(rows[client].socket, buffer, plan.bytes)
        // A question that could not be sent counts as asked, and the next one follows after its
        // time.
        if sent < 0, sent != -Int(EAGAIN) { fail(Fault(errno: SystemError(code: Int32(sent)))) }
    }

    private mutating func take(_ client: Int) {
        let count = pelmeni_socket_receive(rows[client].socket, buffer, DatagramContent.most + 1)
        guard count >= 0 else {
            if count != -Int(EAGAIN) { fail(Fault(errno: SystemError(code: Int32(count)))) }
            return
        }
        switch content.check(buffer, count: count) {
        case .bad(let fault): fail(fault)
        case .good(let head):
            guard head.kind == .answer else { return fail(.wrongByte) }
            guard Int(head.client) == client else { return fail(.wrongClient) }
            guard count == plan.bytes else { return fail(.wrongLength) }
            switch (rows + client).pointee.take(head.sequence) {
            case .awaited: answered(client, pelmeni_monotonic_nanoseconds())
            case .late: result.late += 1
            case .repeated: fail(.repeated)
            case .unknown: fail(.wrongByte)
            }
        }
    }

    private mutating func answered(_ client: Int, _ now: UInt64) {
        waiting -= 1
        if window.stage == .measuring, now < window.end {
            result.exchanges += 1
            result.bytes += UInt64(2 * plan.bytes)
            result.latency.record(now &- rows[client].since)
        }
        if !rows[client].isTried {
            rows[client].isTried = true
            tried += 1
            if tried == plan.clients, window.stage == .opening {
                tell(.connected)
                window.warm(now)
            }
        }
        if window.stage != .ending { ask(client, now) }
    }

    // MARK: Losses

    private mutating func giveUpLate(_ now: UInt64) {
        for client in 0..<plan.clients
        where rows[client].isWaiting && now > rows[client].since
            && now - rows[client].since > plan.patienceNanoseconds
        {
            result.lost += 1
            if window.stage == .ending {
                (rows + client).pointee.leave()
                waiting -= 1
            } else {
                ask(client, now)
            }
        }
    }

    /// A quick end: questions in flight are neither answered nor lost.
    private mutating func giveUpAll() { waiting = 0 }
}
