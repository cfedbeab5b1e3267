internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The thread of a load of one-way trains: a train is one send that the kernel cuts into datagrams,
/// and each client has a few in flight, by the sink's credit.
struct TrainWorker: ~Copyable {
    private static let sweep: UInt64 = 20_000_000
    /// Requests for the final credit before a sink counts as gone.
    private static let askedMax = 5

    private let sockets: DatagramSockets
    private let content: DatagramContent
    private let rows: UnsafeMutablePointer<TrainClient>
    private let train: UnsafeMutableRawPointer
    private let buffer: UnsafeMutableRawPointer
    private let outgoing: UnsafeMutablePointer<pelmeni_outgoing>
    private let plan: DatagramPlan
    private let count: Int
    private let tell: @Sendable (LoadMark) -> Void
    private var window: LoadWindow
    private var nextSweep: UInt64 = 0
    private var tried = 0
    /// Clients with datagrams that the sink has not reported, at the end.
    private var unknown = 0
    private var receivedBefore: UInt64 = 0
    private(set) var result = LoadResult()

    init(
        _ plan: DatagramPlan, signal: StopSignal, tell: @escaping @Sendable (LoadMark) -> Void
    ) throws(SystemError) {
        sockets = try DatagramSockets(signal: signal)
        content = DatagramContent(number: plan.number)
        rows = .allocate(capacity: plan.clients)
        rows.initialize(repeating: TrainClient(), count: plan.clients)
        count = plan.train ?? 1
        train = .allocate(byteCount: plan.bytes * count, alignment: 64)
        buffer = .allocate(byteCount: DatagramContent.most + 1, alignment: 64)
        outgoing = .allocate(capacity: 1)
        outgoing.initialize(to: pelmeni_outgoing())
        self.plan = plan
        self.tell = tell
        window = LoadWindow(
            warmUp: plan.warmUpNanoseconds, length: plan.nanoseconds,
            limit: plan.timeoutNanoseconds, now: pelmeni_monotonic_nanoseconds())
    }

    deinit {
        for client in 0..<plan.clients where rows[client].socket >= 0 {
            _ = pelmeni_socket_close(rows[client].socket)
        }
        rows.deallocate()
        train.deallocate()
        buffer.deallocate()
        outgoing.deallocate()
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
        for client in 0..<plan.clients { fill(client, now) }
        while window.stage != .ending || unknown > 0 {
            let count = sockets.wait(until: min(nextSweep, window.end), now: now)
            guard count >= 0 else {
                result.failure = SystemError(code: Int32(count))
                return
            }
            now = pelmeni_monotonic_nanoseconds()
            for index in 0..<count {
                let token = sockets.token(index)
                // A quick end: datagrams in flight are neither awaited nor lost.
                if token == DatagramSockets.wake { return end(now) }
                take(Int(token), now)
            }
            now = pelmeni_monotonic_nanoseconds()
            if now >= nextSweep {
                nextSweep = now &+ Self.sweep
                for client in 0..<plan.clients { look(client, now) }
            }
            if now >= window.end { stageEnded(now) }
        }
        result.lost = Int(clamping: sum(\.sent) - sum(\.received))
    }

    private mutating func stageEnded(_ now: UInt64) {
        switch window.stage {
        case .opening:
            result.faults.add(.timeout, plan.clients - tried)
            result.gaveUp = true
            end(now)
        case .warmingUp:
            tell(.measuring)
            receivedBefore = sum(\.received)
            window.begin(pelmeni_monotonic_nanoseconds())
        case .measuring:
            end(now)
            tell(.measured)
        case .holding, .ending: break
        }
    }

    private mutating func end(_ now: UInt64) {
        guard window.stage != .ending else { return }
        if window.stage == .measuring {
            result.exchanges = Int(clamping: sum(\.received) - receivedBefore)
            result.bytes = UInt64(result.exchanges) * UInt64(plan.bytes)
        }
        result.nanoseconds = window.close(now)
        unknown = (0..<plan.clients).count(where: { !rows[$0].isKnown })
    }

    private func sum(_ field: KeyPath<TrainClient, UInt64>) -> UInt64 {
        (0..<plan.clients).reduce(0) { $0 + rows[$1][keyPath: field] }
    }

    private mutating func fail(_ fault: Fault) {
        result.faults.add(fault)
        guard result.faults.total >= plan.faultsMax, window.stage != .ending else { return }
        result.gaveUp = true
        end(pelmeni_monotonic_nanoseconds())
    }

    // MARK: Trains

    /// Sends as many trains as may be in flight; while opening one, until its credit comes.
    /// Otherwise open clients could keep a full buffer full, and lock the last ones out.
    private mutating func fill(_ client: Int, _ now: UInt64) {
        let isOpening = window.stage == .opening
        if isOpening, rows[client].isTried { return }
        let most = UInt64(count * (isOpening ? 1 : plan.trainsInFlight))
        while window.stage != .ending, rows[client].inFlight + UInt64(count) <= most {
            if rows[client].inFlight == 0 { rows[client].heard = now }
            guard send(client) else { return }
        }
    }

    private mutating func send(_ client: Int) -> Bool {
        for index in 0..<count {
            let head = DatagramHead(
                kind: index == count - 1 ? .last : .part, number: plan.number, client: client,
                length: plan.bytes, sequence: rows[client].sent + UInt64(index))
            content.make(train + index * plan.bytes, head)
        }
        let segment = count > 1 ? UInt32(plan.bytes) : 0
        pelmeni_outgoing_set(outgoing, train, plan.bytes * count, segment, nil, 0, nil)
        let sent = pelmeni_datagram_send(rows[client].socket, outgoing)
        guard sent < 0 else {
            (rows + client).pointee.sent += UInt64(count)
            return true
        }
        // The next sweep sends it.
        if sent != -Int(EAGAIN) { fail(Fault(errno: SystemError(code: Int32(sent)))) }
        return false
    }

    private mutating func take(_ client: Int, _ now: UInt64) {
        let length = pelmeni_socket_receive(rows[client].socket, buffer, DatagramContent.most + 1)
        guard length >= 0 else {
            if length != -Int(EAGAIN) { fail(Fault(errno: SystemError(code: Int32(length)))) }
            return
        }
        switch DatagramCredit.read(buffer, count: length, number: plan.number) {
        case .bad(let fault): fail(fault)
        case .good(let credit):
            guard Int(credit.client) == client else { return fail(.wrongClient) }
            let wasTried = rows[client].isTried
            let wasKnown = rows[client].isKnown
            guard (rows + client).pointee.take(credit, now) else { return fail(.wrongByte) }
            if window.stage == .ending {
                if !wasKnown, rows[client].isKnown { unknown -= 1 }
                return
            }
            if !wasTried, rows[client].isTried { tried += 1 }
            if tried == plan.clients, window.stage == .opening {
                tell(.connected)
                window.warm(now)
                for other in 0..<plan.clients { fill(other, now) }
            }
            fill(client, now)
        }
    }

    // MARK: Losses

    private mutating func look(_ client: Int, _ now: UInt64) {
        let isSilent =
            now > rows[client].heard && now - rows[client].heard > plan.patienceNanoseconds
        guard window.stage == .ending else {
            if isSilent { (rows + client).pointee.giveUp() }
            return fill(client, now)
        }
        guard isSilent, !rows[client].isKnown, rows[client].asked <= Self.askedMax else { return }
        rows[client].heard = now
        (rows + client).pointee.asked += 1
        guard rows[client].asked <= Self.askedMax else {
            result.faults.add(.timeout)
            unknown -= 1
            return
        }
        let head = DatagramHead(
            kind: .asks, number: plan.number, client: client, length: DatagramHead.bytes,
            sequence: rows[client].sent)
        content.make(buffer, head)
        _ = pelmeni_socket_send(rows[client].socket, buffer, DatagramHead.bytes)
    }
}
